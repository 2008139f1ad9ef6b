#!/bin/sh
# The README stays one page, and links between pages have a target. Run from the root of the project.
set -eu
found=$(mktemp)
trap 'rm -f "$found"' EXIT
bytes=$(wc -c <README.md)
[ "$bytes" -le 8192 ] || echo "README.md: $bytes bytes, more than 8,192" >"$found"
find . -path './build*' -prune -o -name '*.md' -print | while read -r page; do
    grep -o '](\([^)]*\))' "$page" | sed 's/^](//; s/)$//; s/#.*//' | while read -r link; do
        case $link in '' | http*) continue ;; esac
        [ -e "$(dirname "$page")/$link" ] || echo "$page: there is no $link"
    done
done >>"$found"
cat "$found"
[ ! -s "$found" ]
