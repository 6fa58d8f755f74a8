"""Every example runs: the README's Python blocks, and the docstrings of the package."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import libmatch

README = Path(__file__).resolve().parents[2] / "README.md"
MODULES = [
    "libmatch",
    *(f"libmatch.{m}" for m in ["_arrays", "_io", "_judge", "_market", "_plan", "_quotas"]),
]


def test_readme_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "readme"}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples_run(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried > 0
    assert not failed


def test_every_public_name_is_documented() -> None:
    bare = [
        name
        for name in libmatch.__all__
        if not (name.startswith("__") or (getattr(libmatch, name).__doc__ or "").strip())
    ]
    assert not bare
