#!/bin/sh
# Includes point one way and are written from the root of the project.
# Run from there; each line of output is a violation.
set -eu
found=$(mktemp)
trap 'rm -f "$found"' EXIT

# forbid FOLDERS PATTERN: no file of these folders includes a header that matches.
forbid() {
    for folder in $1; do
        [ -d "$folder" ] || continue
        grep -rnE --include='*.[ch]' --include='*.cc' --include='*.inc' \
            "^ *# *include *\"($2)" "$folder" >>"$found" || true
    done
}

forbid core '(simd|bench|repro|tests)/'
forbid simd '(bench|repro|tests)/'
forbid simd 'core/([^bo]|b[^a]|o[^p])'
forbid bench '(repro|tests)/'
forbid repro 'tests/'
forbid 'bench repro' 'simd/([^d]|d[^i]|dispatch[^.])'
forbid 'core simd bench repro tests' '\.\./'
# Only the program's table of commands may include bench.
if [ -d repro ]; then
    grep -rnE --include='*.[ch]' '^ *# *include *"bench/' repro | grep -v '^repro/main\.c:' >>"$found" || true
fi
# room FOLDER [FOLDER...]: the folders under its own top folder that the first may include.
room() {
    top=${1%%/*} own=$1
    shift
    allowed="$own/"
    for other; do allowed="$allowed|$top/$other/"; done
    grep -rnE --include='*.[ch]' --include='*.cc' "^ *# *include *\"$top/" "$own" |
        grep -vE "include *\"($allowed)" >>"$found" || true
}
# Inside core, repro and bench: from the room that uses to those that it uses.
room core/base
room core/stats base
room core/op base
room core/file base
room core/host base file
room core/cost base op
room core/similarity base host op cost
room core/data base file op
room core/fetch base file data
room core/net base file host op data similarity
room core/cli base file
room core/report base file host
room repro/study
room repro/store study
room repro/merge study store
room repro/results study store
room repro/run study store
room repro/planning study store run
room repro/workers study store run planning
room repro/ranks study store run planning workers
room repro/coordinator study store run planning workers ranks
room repro/session study store results run planning workers ranks coordinator
room repro/figures study store results
room repro/claims study results
room repro/report study store results figures claims
room bench/measure
room bench/ops measure
room bench/peers measure
room bench/step measure peers
room bench/study measure peers
room bench/scale measure
room bench/cka measure peers
room bench/results measure
room bench/ci
room bench/exact measure
room bench/history measure results
room bench/compare measure exact history results
room bench/record measure exact history results compare
# Every folder with sources is one of these, or the one of the commands, which may use all others.
for folder in core/* repro/* bench/*; do
    [ -n "$(find "$folder" -mindepth 1 -name '*.[ch]' -type f)" ] || continue
    [ "${folder#*/}" = commands ] || grep -q "^room $folder\b" "$0" ||
        echo "$folder: not in $0" >>"$found"
done
# A quoted include without a folder is not written from the root.
for folder in core simd bench repro tests; do
    [ -d "$folder" ] || continue
    grep -rnE --include='*.[ch]' --include='*.cc' '^ *# *include *"[^/"]+"' "$folder" |
        grep -v '"backends_built.def"' >>"$found" || true
done
cat "$found"
[ ! -s "$found" ]
