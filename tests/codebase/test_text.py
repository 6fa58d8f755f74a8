"""Format, lint and what no file may hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .files import ROOT, written_files

TOOLS = Path(sys.executable).parent
# the folders where people's own files live, which mean nothing on another machine
MACHINE_PATH = re.compile(r"(?<![\w./~$}-])/(?:root|home|Users|work)/[\w.]")
CPP = [
    str(path)
    for folder in ("libmatch", "bindings", "tests", "bench")
    for path in written_files(".hpp", ".cpp", under=folder)
]


def run(*command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, input=text, capture_output=True, text=True, check=False
    )


def test_cpp_is_formatted() -> None:
    done = run(str(TOOLS / "clang-format"), "--dry-run", "-Werror", *CPP)
    faults = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "error:" in line})
    assert done.returncode == 0, "run `make format`; not formatted:\n" + "\n".join(faults)


def test_bad_cpp_format_is_seen() -> None:
    done = run(
        *(str(TOOLS / "clang-format"), "--dry-run", "-Werror", "--assume-filename=x.cpp"),
        text="int  f( ) {return 1 ;}\n",
    )
    assert done.returncode != 0


@pytest.mark.parametrize("command", [("format", "--check"), ("check",)])
def test_python_is_formatted_and_linted(command: tuple[str, ...]) -> None:
    done = run(str(TOOLS / "ruff"), *command, "--no-cache", ".")
    assert done.returncode == 0, "run `make format`\n" + done.stdout + done.stderr


@pytest.mark.parametrize("command", [("format", "--check"), ("check",)])
def test_bad_python_is_seen(command: tuple[str, ...]) -> None:
    name = ("--stdin-filename", "python/libmatch/x.py")
    done = run(str(TOOLS / "ruff"), *command, "--no-cache", *name, "-", text="import os\nx  = 1\n")
    assert done.returncode != 0


def test_no_file_names_a_place_on_one_machine() -> None:
    faults = []
    for path in written_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # binary data
        faults += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
            for number, line in enumerate(lines, 1)
            if MACHINE_PATH.search(line) and path != Path(__file__)
        ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("line", ["open('/home/ann/x')", "cd /root/x", "see /Users/ann"])
def test_a_machine_path_is_seen(line: str) -> None:
    assert MACHINE_PATH.search(line)


@pytest.mark.parametrize("line", ["https://example.org/home/ann", "$HOME/work/x", "../work/x"])
def test_other_paths_are_left_alone(line: str) -> None:
    assert not MACHINE_PATH.search(line)
