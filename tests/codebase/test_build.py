"""The library as others get it: installed by CMake, found, linked and run; built as a wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from .files import ROOT, written_files


def run(*command: str | Path, **extra: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **extra},
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{output[-8000:]}"
    return output


def test_installed_library_is_found_linked_and_run(tmp_path: Path) -> None:
    build, prefix, consumer = tmp_path / "build", tmp_path / "prefix", tmp_path / "consumer"
    run("cmake", "-S", ROOT, "-B", build, "-DLIBMATCH_DEVELOPER_MODE=OFF")
    run("cmake", "--install", build, "--prefix", prefix)
    run("cmake", "-S", ROOT / "tests/consume", "-B", consumer, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", consumer)
    run(consumer / "consume")
    installed = {p.relative_to(prefix / "include") for p in (prefix / "include").rglob("*.hpp")}
    written = {p.relative_to(ROOT) for p in written_files(".hpp", under="libmatch")}
    assert installed == written


def test_consumer_configures_nothing_but_the_library(tmp_path: Path) -> None:
    run(
        *("cmake", "-S", ROOT, "-B", tmp_path, "-DLIBMATCH_DEVELOPER_MODE=OFF"),
        "-DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON",
        "-DCMAKE_DISABLE_FIND_PACKAGE_benchmark=ON",
    )
    assert not (tmp_path / "tests").exists()
    assert not (tmp_path / "bench").exists()


def test_every_header_compiles_with_clang(tmp_path: Path) -> None:
    """GCC compiles every header alone in the release build; this is the other compiler."""
    clang = shutil.which("clang++") or shutil.which("clang++-14")
    if not clang:
        pytest.skip("clang++ is not installed")
    source = tmp_path / "all.cpp"
    names = [p.relative_to(ROOT).as_posix() for p in written_files(".hpp", under="libmatch")]
    source.write_text("".join(f"#include <{name}>\n" for name in names))
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.22)\nproject(clang LANGUAGES CXX)\n"
        f"add_subdirectory({ROOT} libmatch)\nadd_library(headers OBJECT all.cpp)\n"
        "target_link_libraries(headers PRIVATE libmatch::libmatch)\n"
        "target_compile_options(headers PRIVATE -Wall -Wextra -Wconversion -Wshadow -Werror)\n"
    )
    build = tmp_path / "build"
    run("cmake", "-S", tmp_path, "-B", build, CXX=clang)
    run("cmake", "--build", build)


@pytest.mark.slow
def test_pip_install_needs_only_a_compiler(tmp_path: Path) -> None:
    """CMake, Ninja, Eigen and Boost all come from pip: the PATH has a compiler and nothing else."""
    source, tools = tmp_path / "source", tmp_path / "tools"
    for path in written_files():
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    tools.mkdir()
    for tool in ("c++", "g++", "cc", "gcc", "as", "ld", "ar", "ranlib", "nm", "objcopy", "strip"):
        if found := shutil.which(tool):
            (tools / tool).symlink_to(found)
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env/bin/python"
    # the system's packages must not help: only pip's own prefix may be found
    blind = ("CMAKE_SYSTEM_PATH", "SYSTEM_PACKAGE_REGISTRY", "SYSTEM_ENVIRONMENT_PATH")
    run(
        *(python, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, source),
        PATH=str(tools),
        CXX="c++",  # some builds of Python ask for a compiler by another of its names
        CMAKE_ARGS=" ".join(f"-DCMAKE_FIND_USE_{place}=OFF" for place in blind),
    )
    run(python, "-m", "pip", "install", "-q", *tmp_path.glob("libmatch-*.whl"))
    said = run(python, "-c", "import libmatch; print(libmatch.__name__)")
    assert said.strip() == "libmatch"
