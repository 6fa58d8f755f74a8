"""The C++ program in the README compiles with all warnings and says what it must."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .files import ROOT


def eigen() -> str | None:
    """Where Eigen's headers lie when they are not on the compiler's own path."""
    return next((p for p in ("/usr/include/eigen3",) if Path(p).is_dir()), None)


def test_readme_program_compiles_and_runs(tmp_path: Path) -> None:
    compiler = shutil.which("c++")
    include = eigen()
    if compiler is None or include is None:
        pytest.skip("a C++ compiler or Eigen is not installed")
    blocks = re.findall(r"```cpp\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 1
    source, program = tmp_path / "readme.cpp", tmp_path / "readme"
    source.write_text(blocks[0])
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}", "-isystem", include]
    built = subprocess.run(
        [compiler, *flags, str(source), "-o", str(program), "-pthread"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    said = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout
    assert said == "1.60 of at most 1.60\n"
