#!/bin/sh
# What benchmarks write as JSON is as their schemas say, which refuse what lacks a member. Exit status 77
# without python3-jsonschema.
# usage: cli_bench_schemas.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs python3
# Debian's module is Debian's Python's, which need not be the first on PATH.
for python in python3 /usr/bin/python3 ''; do
    [ -z "$python" ] || ! "$python" -c 'from jsonschema import Draft202012Validator' 2>/dev/null || break
done
[ -n "$python" ] || skip "python3-jsonschema is missing"
root=$here/..

# valid SCHEMA FILE
valid() {
    expect 0 '^valid, [1-9][0-9]* required members$' "$python" "$here/harness/schema.py" "$root/bench/$1.schema.json" "$2"
}

"$program" bench step --backend auto --batch 2 --quick --samples 3 --json >step.json 2>err || fail "step: $(cat err)"
valid results/step step.json
"$program" bench step --backend auto --batch 2 --quick --samples 3 --peers=jax --peers-python /nowhere --json >peers.json 2>err
valid results/step peers.json
grep -q '"absent"' peers.json || fail "no absent peer"
"$program" bench step --backend auto --batch 2 --quick --samples 3 --evaluate --json >evaluate.json 2>err || fail "step: $(cat err)"
valid results/step evaluate.json
grep -q '"mode": "evaluate"' evaluate.json || fail "no mode"
grep -q '"statistics": "batch"' evaluate.json || fail "no statistics"
"$program" bench table evaluate.json >shown 2>err || fail "table: $(cat err)"
grep -q 'Evaluations by batch statistics, images/s' shown || fail "table: $(cat shown)"
grep -q '"mode": "train"' step.json || fail "no mode of steps"
if "$program" bench ops --backend auto --batch 1 --quick --filter linear_fwd --json >ops.json 2>err; then
    valid results/ops ops.json
    "$program" bench compare "$program" "$program" --aa --benchmark ops --filter linear_fwd --batch 1 --mode turns \
        --max-time 1 --no-exact --json >compare.json 2>err || fail "compare: $(cat err)"
else
    grep -q 'Google Benchmark' err || fail "ops: $(cat err)"
    "$program" bench compare "$program" "$program" --aa --batch 2 --mode turns --max-time 1 --no-exact --json >compare.json 2>err ||
        fail "compare: $(cat err)"
fi
valid compare/compare compare.json
"$program" bench compare "$program" "$program" --json >identical.json 2>err || fail "identical: $(cat err)"
valid compare/compare identical.json
"$program" bench calibrate --aa 14 --json >aa.json 2>err || fail "--aa: $(cat err)"
valid compare/calibrate_aa aa.json
"$program" bench cka --backend auto --quick --layers logits,pool4,product --samples 1 --json >cka.json 2>err || fail "cka: $(cat err)"
valid results/cka cka.json
"$program" bench cka --backend auto --quick --threads 1 --layers logits --samples 1 --peers --peers-python /nowhere --json >cka.json 2>err
valid results/cka cka.json
grep -q '"absent"' cka.json || fail "no absent peer of CKA"
"$program" bench cka --backend auto --quick --layers logits --samples 1 --from-files --json >cka.json 2>err || fail "cka of files: $(cat err)"
valid results/cka cka.json
"$program" bench study --quick --peers --peers-python /nowhere --json >study.json 2>err
valid results/study study.json
grep -q '"absent"' study.json || fail "no absent peer: $(cat err)"
"$program" bench scale --quick --samples 1 --json >scale.json 2>err || fail "scale: $(cat err)"
valid results/scale scale.json
sed 's/"state": "measured"/"state": "void"/' scale.json >less.json
expect 1 'is not of type' "$python" "$here/harness/schema.py" "$root/bench/results/scale.schema.json" less.json
"$program" bench calibrate --samples 3 --json >calibrate.json 2>err || fail "calibrate: $(cat err)"
valid results/calibrate calibrate.json

# A history of two lines, and its report with a change point.
for commit in 1 2; do
    printf '{"schema": "conv4-history", "version": 1, "commit": "c%d", "committed_utc": "2026-01-0%dT00:00:00Z", ' \
        $commit $commit
    printf '"recorded_utc": "2026-01-03T00:00:00Z", "benchmark": "program", "row": "size", "batch": null, '
    printf '"threads": null, "unit": "bytes", "exact": true, "median": %d, "low": %d, "high": %d, "samples": [%d], ' \
        $commit $commit $commit $commit
    printf '"environment": {"key": "0123456789ab", "text": "a machine"}}\n'
done >history.ndjson
head -n 1 history.ndjson >line.json
valid history/history line.json
"$program" bench history history.ndjson --json >history.json 2>err || fail "history: $(cat err)"
valid history/history_report history.json
grep -q '"commit_before": "c1"' history.json || fail "no change point: $(cat history.json)"

# What is really recorded, and a comparison of it.
"$program" bench record --commit c1 --history recorded.ndjson --processes 1 --no-exact --backend ref --batch 2 >/dev/null 2>err ||
    fail "record: $(cat err)"
valid history/history recorded.ndjson
cp line.json one.ndjson
"$program" bench compare one.ndjson one.ndjson --json >recorded.json 2>err || fail "compare recorded: $(cat err)"
valid compare/compare recorded.json

# The validator notices what it is here for.
sed 's/"unit": "bytes", //' line.json >less.json
expect 1 "'unit' is a required property" "$python" "$here/harness/schema.py" "$root/bench/history/history.schema.json" less.json
sed 's/"statistics": "batch", //; s/"statistics": "batch"/"s": 1/' evaluate.json >less.json
expect 1 "'statistics' is a required property" "$python" "$here/harness/schema.py" \
    "$root/bench/results/step.schema.json" less.json
sed 's/"images_per_s": /"images_per_min": /' step.json >less.json
expect 1 "'images_per_s' is a required property" "$python" "$here/harness/schema.py" \
    "$root/bench/results/step.schema.json" less.json
finish
