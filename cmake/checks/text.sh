#!/bin/sh
# Text files end with a newline, have no trailing whitespace, and name no folder of the machine they
# were written on. Run from the root of the project.
set -eu
found=$(mktemp)
trap 'rm -f "$found"' EXIT
find . -path './build*' -prune -o -path ./.git -prune -o -path ./tests/reference -prune -o \
    -type f \( -name '*.[ch]' -o -name '*.cc' -o -name '*.sh' -o -name '*.cmake' -o -name '*.txt' \
    -o -name '*.md' -o -name '*.ini' -o -name '*.def' -o -name '*.py' \) -exec sh -c '
    for file; do
        [ -z "$(tail -c 1 "$file")" ] || echo "$file: no newline at its end"
        grep -nHE "[[:blank:]]\$|/(home|root|work)/[a-z]" "$file"
    done' sh {} + >"$found" || true
cat "$found"
[ ! -s "$found" ]
