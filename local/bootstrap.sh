#!/bin/sh
# Finds a Python 3.13 that runs and hands over to local/install.py, which makes .venv and .node.
#
# Looked for, in this order: .venv from last time, PATH, pyenv's versions, uv (which may fetch one; uv itself is fetched with pip where
# there is none). Being on PATH proves nothing, a pyenv shim is there for every version and fails for most: a candidate counts when it
# runs, says 3.13 and can make virtual environments. All output goes to stderr.
set -eu
cd "$(dirname "$0")/.."

usable() {
    [ "$("$1" -c 'import sys, ssl, venv, ensurepip; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = 3.13 ]
}

say() {
    printf '%s\n' "$*" >&2
}

from_path_or_pyenv() {
    for candidate in python3.13 python3 python "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.13*/bin/python; do
        if usable "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    return 1
}

uv_command() {
    for candidate in uv .local/uv/bin/uv; do
        if "$candidate" --version >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    install_uv
}

# Into a folder of its own, moved into place when complete: an interrupted or a second start finds all of it or nothing.
install_uv() {
    mkdir -p .local/logs
    for any in python3 python; do
        "$any" -c 'import pip' 2>/dev/null || continue
        say "setup: uv"
        rm -rf ".local/uv.$$"
        if "$any" -m pip install --quiet --target ".local/uv.$$" uv >.local/logs/setup-uv.log 2>&1; then
            [ -x .local/uv/bin/uv ] || mv ".local/uv.$$" .local/uv 2>/dev/null || true
            rm -rf ".local/uv.$$"
            printf '%s\n' .local/uv/bin/uv
            return
        fi
        rm -rf ".local/uv.$$"
    done
    return 1
}

from_uv() {
    uv=$(uv_command) || return 1
    say "setup: Python 3.13, fetched by uv"
    mkdir -p .local/logs
    "$uv" python install 3.13 >.local/logs/setup-python.log 2>&1 || return 1
    found=$("$uv" python find 3.13 2>>.local/logs/setup-python.log) || return 1
    usable "$found" || return 1
    printf '%s\n' "$found"
}

if usable .venv/bin/python; then
    python=.venv/bin/python
elif ! python=$(from_path_or_pyenv) && ! python=$(from_uv); then
    say "No Python 3.13 was found: not on PATH (python3.13, python3, python), not in pyenv's versions, and uv could not fetch one"
    say "(.local/logs/setup-*.log says why). Any one of these mends it:"
    say "  - install Python 3.13 with your system's packages, its venv package included (Debian: python3.13 python3.13-venv)"
    say "  - pyenv install 3.13"
    say "  - install uv (https://docs.astral.sh/uv/) on a machine that reaches its downloads; setup then fetches Python with it"
    exit 1
fi
exec "$python" -P local/install.py
