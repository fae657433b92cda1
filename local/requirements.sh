#!/bin/sh
# write: compiles pyproject.toml into requirements.txt and requirements-dev.txt, for the Python and platform of Azure Functions.
# check: fails where a fresh compilation would differ. Versions already pinned stay unless UPGRADE=1; index addresses never get in.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

compile() { # file, then arguments for uv
    file=$1
    shift
    [ -n "${UPGRADE:-}" ] || cp "$file" "$work/$file"
    .venv/bin/uv pip compile pyproject.toml "$@" --quiet --no-header --no-emit-index-url --no-emit-find-links \
        --python-version 3.13 --python-platform x86_64-manylinux_2_28 --output-file "$work/$file" >/dev/null
    {
        echo "# Compiled from pyproject.toml by \`make requirements\`. Do not edit."
        cat "$work/$file"
    } >"$work/$file.new"
}

compile requirements.txt
compile requirements-dev.txt --group dev --constraints "$work/requirements.txt" --no-annotate

for file in requirements.txt requirements-dev.txt; do
    case "${1:-}" in
    write) cp "$work/$file.new" "$file" ;;
    check)
        if ! diff -u "$file" "$work/$file.new" >&2; then
            echo "$file is not in step with pyproject.toml: make requirements" >&2
            exit 1
        fi
        ;;
    *) echo "usage: requirements.sh write|check" >&2 && exit 2 ;;
    esac
done
