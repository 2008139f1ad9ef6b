#!/bin/sh
# --out of the longest name that SQLite takes, and of one byte more.
# usage: cli_long_path.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
backend=$(bit_exact | head -n 1)

values=pretrain_images=64,pretrain_epochs=2,train_accuracy_images=32,accuracy_images=32
values=$values,cka_images=40,curve_images=40,control_images=20,segment_work=1
machine="--scale smoke --figures 1 --seeds 1 --backend $backend --threads 1 --quiet --set $values"
repro() {
    out=$1
    shift
    # shellcheck disable=SC2086 # several words
    "$program" repro --out "$out" $machine "$@"
}

# The limit as the program names it, for a path that is certainly longer.
letters=$(printf '%0250d' 0 | tr 0 x)
expect 2 'SQLite opens databases whose full path has at most [0-9]* bytes' \
    repro "$letters/$letters/$letters/$letters/$letters/$letters/$letters/$letters"
limit=$(sed -n 's/.* at most \([0-9]*\) bytes.*/\1/p' said)
[ -n "$limit" ] || stop "no limit is named"
[ ! -e "$letters" ] || fail "a refused path was made"
[ "$limit" -lt 2000 ] || skip "SQLite's limit here is $limit bytes, near the system's own"

here=$(pwd -P)
# fill LENGTH FOLDER: a folder in FOLDER whose full path has this many bytes.
fill() {
    name=$2
    while [ $(($1 - ${#name})) -gt 200 ]; do name=$name/$(printf '%.100s' "$letters"); done
    printf '%s/%s' "$name" "$(printf "%.$(($1 - ${#name} - 1))s" "$letters")"
}
longest=$(fill $((limit - 9)) "$here") # before /study.db
[ ${#longest} -eq $((limit - 9)) ] || stop "a name of ${#longest} bytes"

repro "$longest" >log 2>&1 || fail "the longest name: $(cat log)"
[ -s "$longest/report.html" ] || fail "no report at the longest name"
[ -s "$longest/figures/fig1.csv" ] || fail "no figures at the longest name"
expect 0 'All runs are in' repro "$longest"
expect 0 'report.html' "$program" report --out "$longest"
says "^$longest/report.html"
last=$(tail -n 1 log)
[ -s "$last" ] || fail "the last line is no path of a figure: $last"
expect 0 'The old study is kept in ' repro "$longest" --fresh

# One byte more: refused, and nothing is made or trained.
expect 2 "at most $limit bytes, and this one is longer" repro "${longest}y"
[ "$(wc -l <said)" -le 2 ] || fail "more than a sentence: $(cat said)"
[ ! -e "${longest}y" ] || fail "a refused folder was made"
expect 2 "at most $limit bytes" repro "${longest}y" --dry-run
expect 2 "at most $limit bytes" repro "${longest}y" --fresh
expect 2 "at most $limit bytes" "$program" report --out "${longest}y"

# Relative names count with the working directory, links by what they lead to.
relative=${longest#"$here"/}
expect 0 'All runs are in' repro "$relative"
expect 2 "at most $limit bytes" repro "./${relative}y"
ln -s "$longest" link
expect 0 'All runs are in' repro link
mkdir -p "${longest}y"
ln -s "${longest}y" longer
expect 2 "at most $limit bytes" repro longer
[ -z "$(ls "${longest}y")" ] || fail "in a refused folder is: $(ls "${longest}y")"
mkdir short
ln -s "$here/short" "$(dirname "$longest")/s"
expect 0 'runs to do' repro "$(dirname "$longest")/s"
[ -s short/study.db ] || fail "a link to a short name"
finish
