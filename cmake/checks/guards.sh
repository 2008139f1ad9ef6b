#!/bin/sh
# A header's include guard is its path, without core/: C4_<FOLDERS>_<FILE>_H. Run from the root of the
# project.
set -eu
found=$(mktemp)
trap 'rm -f "$found"' EXIT
find core simd bench repro tests -name '*.h' | while read -r header; do
    guard=C4_$(echo "${header#core/}" | tr 'a-z/.' 'A-Z__')
    grep -q "^#ifndef $guard\$" "$header" && grep -q "^#define $guard\$" "$header" ||
        echo "$header: its guard is not $guard"
done >"$found"
cat "$found"
[ ! -s "$found" ]
