#!/bin/sh
# No source file has more than 500 lines, unless one of its first lines gives a reason after
# "Length:". Run from the root of the project.
set -eu
found=$(mktemp)
trap 'rm -f "$found"' EXIT
for folder in core simd bench repro tests cmake; do
    [ ! -d "$folder" ] || find "$folder" \( -name '*.[ch]' -o -name '*.cc' -o -name '*.inc' \
        -o -name '*.sh' -o -name '*.cmake' -o -name CMakeLists.txt -o -name up -o -name '*.py' \) \
        -exec awk 'FNR <= 12 && /Length:/ { reason[FILENAME] = 1 }
            FNR == 501 && !reason[FILENAME] { print FILENAME ": over 500 lines" }' {} +
done >"$found"
cat "$found"
[ ! -s "$found" ]
