#!/usr/bin/env bash
# Set up what one of the Makefile's commands needs: scripts/bootstrap.sh demo|test|bench
#
# System packages come from apt-get (as root or through sudo; otherwise the command to run is printed),
# Python packages go to .venv, and the project itself is built into .venv when its sources changed.
# What is already there is left alone, so that the second run takes about a second.
set -euo pipefail
cd "$(dirname "$0")/.."
goal=${1:-demo}
case $goal in demo | test | bench) ;; *)
    echo "usage: scripts/bootstrap.sh demo|test|bench" >&2
    exit 2
    ;;
esac
say() { printf '[set-up] %s\n' "$*"; }

# --- system packages -------------------------------------------------------------------------------
python=${PYTHON:-python3}
missing=()
has() { command -v "$1" >/dev/null 2>&1; }
has c++ || missing+=(g++)
if ! has "$python"; then
    missing+=(python3 python3-venv python3-dev)
else
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "[set-up] $python is $("$python" --version 2>&1); libmatch needs Python 3.11 or later." \
            "Install one and run again with PYTHON=/path/to/python3 in front." >&2
        exit 1
    }
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
        missing+=(python3-dev)
fi
deb() { for package; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done; }
if [ "$goal" != demo ] && has dpkg-query; then
    has cmake || missing+=(cmake)
    has ninja || missing+=(ninja-build)
    deb libeigen3-dev libboost-dev libgtest-dev libbenchmark-dev
    if [ "$goal" = bench ]; then deb liblemon-dev; fi
    if [ "$goal" = test ] && ! { { has chromium || has google-chrome; } && has chromedriver; }; then
        if grep -q '^ID=ubuntu' /etc/os-release; then
            say "NOTE: this Ubuntu has Chromium only as a snap, so the browser test will be SKIPPED." \
                "Install Chrome and chromedriver to run it."
        else
            missing+=(chromium chromium-driver)
        fi
    fi
fi
if [ ${#missing[@]} -gt 0 ]; then
    install="apt-get install -y --no-install-recommends ${missing[*]}"
    if ! has apt-get; then
        echo "[set-up] Missing: ${missing[*]} (names of Debian packages). Install them and run again." >&2
        exit 1
    elif [ "$(id -u)" = 0 ]; then
        as_root=()
    elif has sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        as_root=(sudo)
    else
        {
            echo "[set-up] These packages are missing: ${missing[*]}"
            echo "[set-up] Neither root nor sudo is at hand. Ask an administrator to run:"
            echo "    sudo apt-get update && sudo $install"
        } >&2
        exit 1
    fi
    say "installing ${missing[*]}"
    log=$(mktemp)
    # shellcheck disable=SC2086  # the package names are words of their own
    ${as_root[@]+"${as_root[@]}"} apt-get update >"$log" 2>&1 &&
        ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive $install >>"$log" 2>&1 || {
        tail -20 "$log" >&2
        echo "[set-up] apt-get could not install ${missing[*]}; its whole output is in $log" >&2
        exit 1
    }
    rm -f "$log"
fi

# --- Python packages -------------------------------------------------------------------------------
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    say "making .venv"
    rm -rf .venv
    "$python" -m venv .venv
fi
extra=()
if [ "$goal" != demo ]; then extra=("$goal"); fi
requirements=$(.venv/bin/python - ${extra[@]+"${extra[@]}"} <<'PY'
import sys, tomllib
project = tomllib.load(open("pyproject.toml", "rb"))
wanted = project["build-system"]["requires"] + project["project"]["dependencies"]
for extra in sys.argv[1:]:
    wanted += project["project"]["optional-dependencies"][extra]
print("\n".join(wanted))
PY
)
stamp=.venv/installed-$goal
if [ "$(cat "$stamp" 2>/dev/null)" != "$requirements" ]; then
    say "installing Python packages for $goal (downloads on the first run)"
    printf '%s\n' "$requirements" >.venv/requirements.txt
    .venv/bin/python -m pip install --quiet -r .venv/requirements.txt
    printf '%s\n' "$requirements" >"$stamp"
fi

# --- libmatch itself -------------------------------------------------------------------------------
# Built without isolation against the packages above, in build/python, so that a rebuild is incremental.
sources=$(find README.md CMakeLists.txt pyproject.toml cmake libmatch bindings python -type f \
    ! -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
if [ "$(cat .venv/installed-libmatch 2>/dev/null)" != "$sources" ]; then
    say "building libmatch"
    PATH="$PWD/.venv/bin:$PATH" .venv/bin/python -m pip install --quiet --no-build-isolation --no-deps \
        --force-reinstall .
    printf '%s\n' "$sources" >.venv/installed-libmatch
fi
say "ready for $goal"
