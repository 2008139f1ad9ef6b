#!/bin/sh
# What a study is called, and how many seeds it has, is the user's affair: everything is stored whole and
# shown so that it acts on nothing.
# usage: cli_any_name.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3

small="--figures 1 --scale smoke --workers 1 --threads 1 --set pretrain_epochs=1,pretrain_images=32"

# A thousand seeds of 13 digits are planned in one transaction and stored whole.
seeds=$(awk 'BEGIN { for (i = 0; i < 1000; i++) printf "%s1%012d", i ? "," : "", 7 * i }')
runs() {
    [ "$(sqlite3 many/study.db 'SELECT count(*) FROM run' 2>/dev/null)" = "$1" ]
}
# shellcheck disable=SC2086 # a list of words
launch many.log "$program" repro --out many $small --seeds "$seeds" --quiet
await 60 runs 1000 || stop "$(sqlite3 many/study.db 'SELECT count(*) FROM run') runs: $(cat many.log)"
kill -KILL $launched
wait $launched 2>/dev/null
[ "$(sqlite3 many/study.db "SELECT value FROM setting WHERE name = 'seeds'")" = "$seeds" ] ||
    fail "other seeds are stored"
sqlite3 many/study.db 'SELECT seed FROM run ORDER BY seed' >stored
echo "$seeds" | tr , '\n' | cmp - stored || fail "runs of other seeds"
[ "$(sqlite3 many/study.db "SELECT count(*) FROM run WHERE kind = 'pretrain' AND data = 'cifar10' AND
    label_rule = 'true' AND degree = 0 AND images = 32 AND epochs = 1 AND block_order = 'bn-relu'")" = 1000 ] ||
    fail "runs are not what was asked for"
# What is not given is taken from the folder: the same thousand, no more.
# shellcheck disable=SC2086
launch again.log "$program" repro --out many --figures 1 --workers 1 --threads 1 --quiet
# shellcheck disable=SC2317 # await calls it
begun() {
    [ "$(sqlite3 many/study.db "SELECT count(*) > 1 FROM run WHERE status = 'done'" 2>/dev/null)" = 1 ]
}
await 120 begun || fail "it does not go on: $(cat again.log)"
kill -KILL $launched
wait $launched 2>/dev/null
runs 1000 || fail "a seed that nobody asked for joined"
[ "$(sqlite3 many/study.db "SELECT value FROM setting WHERE name = 'seeds'")" = "$seeds" ] ||
    fail "the seeds have changed"
expect 0 'The study is not finished' "$program" report --out many
grep -q '1000 seeds from 1000000000000 to 1000000006993' many/report.html ||
    fail "report.html shows the whole list, or none"
[ "$(tr -d ' \n' <many/report.json | grep -o '"scale_values":{.*' | grep -o '"seeds":"[0-9,]*"')" = \
    "\"seeds\":\"$seeds\"" ] || fail "report.json does not have every seed"
# shellcheck disable=SC2086
expect 2 'names more than 1024 seeds' "$program" repro --out other $small --seeds 1-1025

# A folder's name may hold anything but NUL and a slash.
# shellcheck disable=SC2016 # nothing is to expand
name=$(printf 'a "quoted" %%s%%n <b>\n\342\200\256 it'"'"'s \377\033[31m $HOME `id`')
# shellcheck disable=SC2086
"$program" repro --out "$name" $small --json --quiet >summary.json 2>log || fail "an odd folder: $(cat log)"
for file in study.db report.html figures/fig1.csv; do
    [ -s "$name/$file" ] || fail "$file is missing: $(ls "$name")"
done
iconv -f UTF-8 -t UTF-8 summary.json >/dev/null || fail "the summary is not UTF-8"
"$program" report --out "$name" --quiet >paths || fail "no report of it"
[ "$(cat paths)" = "$name/report.html" ] || fail "another path: $(cat paths)"
"$program" report --out "$name/none" >log 2>&1 && fail "a study that is not there"
[ "$(wc -l <log)" -eq 1 ] || fail "more than one line: $(cat log)"
tr -d '\040-\176\n' <log | grep -q . && fail "the error acts on the terminal: $(od -c log)"

finish
