"""What the code-base tests share: where the repository is and which files it holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = {".git", ".venv", "build", "dist", "demo-output", "__pycache__"}


def written_files(*suffixes: str, under: str = ".") -> Iterator[Path]:
    """Files people wrote (not what the build made), by suffix; every file without one."""
    for folder, folders, names in os.walk(ROOT / under):
        folders[:] = sorted(f for f in folders if f not in MADE and not f.endswith("_cache"))
        for name in sorted(names):
            if not suffixes or name.endswith(suffixes):
                yield Path(folder, name)
