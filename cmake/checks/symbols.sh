#!/bin/sh
# Every symbol that the libraries export begins with c4_, including those that gcc generates for
# named OpenMP critical sections, and for what C++ catches.
# usage: symbols.sh [BUILD_FOLDER], from the root of the project (default: build/release)
set -eu
build=${1:-build/release}
status=0
for library in "$build"/libc4_core.a "$build"/libc4_simd.a; do
    [ -f "$library" ] || {
        echo "$library: not built"
        exit 1
    }
    symbols=$(nm -g --defined-only "$library" | awk 'NF == 3 { print $3 }')
    [ -n "$symbols" ] || {
        echo "$library: exports nothing"
        exit 1
    }
    foreign=$(echo "$symbols" | grep -vE '^((\.gomp_critical_user_)?c4_|DW\.ref\.)' || true)
    [ -z "$foreign" ] || {
        echo "$library: $foreign"
        status=1
    }
done
exit $status
