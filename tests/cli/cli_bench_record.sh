#!/bin/sh
# conv4 bench record as a user types it: in a checkout, of a program, of files, and what it refuses.
# usage: cli_bench_record.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
command -v git >/dev/null || exit 77

# shellcheck disable=SC2317 # expect calls it
record() {
    "$program" bench record --no-exact --backend ref --benchmark ops --filter linear_fwd "$@"
}

# The machine's file of the checkout; HEAD's name and date.
git init -q checkout
cd checkout || stop "no checkout"
expect 2 'this is no git checkout\|name what is recorded by --commit' record
echo 1 >file
git add file
git -c user.name=t -c user.email=t@t commit -q -m one
expect 0 '^1 line of ............ appended to .*/results/history/.*\.ndjson' record --processes 2
file=$(ls results/history/*.ndjson)
grep -q "\"commit\":\"$(git rev-parse HEAD)\"" "$file" || fail "another commit: $(cat "$file")"
grep -q '"row":"linear_fwd/linear/n32/ref","batch":32,"threads":1,"unit":"s","exact":false' "$file" ||
    fail "another row: $(cat "$file")"
[ "$(grep -o '"samples":\[[^]]*' "$file" | tr ',' '\n' | wc -l)" -eq 2 ] || fail "samples: $(cat "$file")"
expect 0 'appended' record --processes 1 --accept 'more classes'
grep -q '"accepted":"more classes"' "$file" || fail "no reason: $(cat "$file")"
echo 2 >file
expect 2 'the checkout has changes that no commit has' record
expect 0 '^1 line of theirs appended to x.ndjson' record --processes 1 --commit theirs --history x.ndjson
cd ..

# Files of processes, and comparing two such files.
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
    echo "{\"context\": {\"num_cpus\": 2}, \"benchmarks\": [{\"name\": \"f\", \"real_time\": $((1000 + i)), \"time_unit\": \"us\"}]}" >"o$i.json"
    echo "{\"context\": {\"num_cpus\": 2}, \"benchmarks\": [{\"name\": \"f\", \"real_time\": $((2000 + i)), \"time_unit\": \"us\"}]}" >"n$i.json"
done
expect 0 '1 line of a appended' "$program" bench record --commit a --history a.ndjson o*.json
expect 0 '1 line of b appended' "$program" bench record --commit b --history b.ndjson n*.json
expect 5 '^f .* slower$' "$program" bench compare a.ndjson b.ndjson

# What cannot be recorded leaves the file as it was.
cp a.ndjson before.ndjson
expect 3 'no results of a benchmark' "$program" bench record --commit a --history a.ndjson o1.json a.ndjson
expect 3 'there is no such program' "$program" bench record --commit a --history a.ndjson ./absent/program
expect 2 'give one program' "$program" bench record --commit a --history a.ndjson "$program" "$program"
expect 2 'only --benchmark ops' "$program" bench record --commit a --history a.ndjson --filter x
printf '{"half' >>a.ndjson
"$program" bench record --commit a --history a.ndjson o1.json >/dev/null || fail "after a killed program's half line"
head -n 1 a.ndjson | cmp -s - before.ndjson || fail "the file was not whole before: $(cat a.ndjson)"
[ "$(wc -l <a.ndjson)" -eq 2 ] || fail "half a line stayed: $(cat a.ndjson)"
finish
