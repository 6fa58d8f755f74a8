"""The Python package is fully typed, and the stub of the built module tells the truth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .files import ROOT


def run(*command: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_mypy_strict() -> None:
    status, output = run("mypy")
    assert status == 0, output


def test_a_wrong_type_is_seen(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text('def one() -> int:\n    return "1"\n')
    status, output = run("mypy", "--config-file", "", "--strict", str(wrong))
    assert status == 1
    assert "return-value" in output


def test_stub_agrees_with_the_module() -> None:
    # stubtest passes over a private module that has no stub, so look first
    assert (ROOT / "python/libmatch/_core.pyi").exists()
    status, output = run("mypy.stubtest", "libmatch._core", "--mypy-config-file", "pyproject.toml")
    assert status == 0, output
