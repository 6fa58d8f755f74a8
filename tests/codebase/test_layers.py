"""Layering, silence and self-containment of the headers: rules of docs/architecture.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .files import ROOT, written_files

# The one table of layers. An include may only point to the same layer or to one before it.
LAYERS = ["core", "model", "score", "check", "retrieve", "assign", "pool", "fund", "plan"]
# The judge shares no code with what it judges: nothing but these, and itself, may reach it.
JUDGE_MAY_SEE = {"core", "model", "score", "check"}
UMBRELLA = "libmatch/libmatch.hpp"

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
NOISE = re.compile(
    r"#\s*include\s*<(iostream|cstdio|stdio\.h|print|syncstream)>"
    r"|\bstd::(cout|cerr|clog|printf|puts|fputs|print|println)\b"
    r"|(?<![\w:])(printf|fprintf|puts|fputs|putchar)\s*\("
)


def layer_faults(path: str, text: str) -> list[str]:
    """Includes in the header `path` (from the repository's root) that its layer does not allow."""
    if path == UMBRELLA:
        return []
    layer = path.split("/")[1]
    if layer not in LAYERS:
        return [f"{path}: folder {layer!r} is no layer; the layers are {', '.join(LAYERS)}"]
    faults = []
    for target in INCLUDE.findall(text):
        if not target.startswith("libmatch/"):
            if (ROOT / Path(path).parent / target).exists():
                faults.append(f"{path}: write {target} from the root, as <libmatch/...>")
            continue
        if target == UMBRELLA:
            faults.append(f"{path}: includes the umbrella header")
            continue
        other = target.split("/")[1]
        if other not in LAYERS or LAYERS.index(other) > LAYERS.index(layer):
            faults.append(f"{path}: layer {layer} may not include {target}")
        elif layer == "check" and other not in JUDGE_MAY_SEE:
            faults.append(f"{path}: the judge may not include {target}")
    return faults


def noise(text: str) -> list[str]:
    """What prints, outside comments."""
    return [found.group(0) for found in NOISE.finditer(COMMENT.sub("", text))]


def headers() -> list[Path]:
    return list(written_files(".hpp", under="libmatch"))


def test_includes_only_point_left() -> None:
    assert headers()
    faults = [
        fault
        for header in headers()
        for fault in layer_faults(header.relative_to(ROOT).as_posix(), header.read_text())
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("libmatch/core/x.hpp", "#include <libmatch/model/market.hpp>"),
        ("libmatch/check/x.hpp", "#include <libmatch/assign/auction.hpp>"),
        ("libmatch/check/x.hpp", '#include "libmatch/retrieve/source.hpp"'),
        ("libmatch/plan/x.hpp", "#include <libmatch/libmatch.hpp>"),
        ("libmatch/odd/x.hpp", ""),
    ],
)
def test_a_wrong_include_is_seen(path: str, line: str) -> None:
    assert len(layer_faults(path, line)) == 1


def test_the_library_prints_nothing() -> None:
    faults = [
        f"{header.relative_to(ROOT)}: {found}"
        for header in headers()
        for found in noise(header.read_text())
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "text", ["#include <iostream>", "std::cerr << 1;", 'printf("x");', 'std::fputs("x", stderr);']
)
def test_printing_is_seen(text: str) -> None:
    assert noise(text)


def test_every_header_is_guarded() -> None:
    bare = [
        str(header.relative_to(ROOT))
        for header in headers()
        if "#pragma once" not in header.read_text()
    ]
    assert not bare


def test_umbrella_holds_every_public_header() -> None:
    umbrella = ROOT / UMBRELLA
    assert umbrella.exists(), f"{UMBRELLA} is missing"
    text = umbrella.read_text()
    reached = set(INCLUDE.findall(text))
    todo = list(reached)
    while todo:
        target = ROOT / todo.pop()
        if target.is_file():
            new = set(INCLUDE.findall(target.read_text())) - reached
            reached |= new
            todo += new
    missing = [
        name
        for header in headers()
        if (name := header.relative_to(ROOT).as_posix()) != UMBRELLA and name not in reached
    ]
    assert not missing, f"not reached from {UMBRELLA}: {missing}"
