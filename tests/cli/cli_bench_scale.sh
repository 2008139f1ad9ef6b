#!/bin/sh
# "conv4 bench scale": rows, places, gains and files; a worker that dies, signals, a missing gnuplot. What
# is measured here is too short to mean anything: no test judges speed.
# usage: cli_bench_scale.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs python3
[ -r /proc/self/status ] || skip "there is no /proc"
TMPDIR="$work/temporary folder"
mkdir "$TMPDIR" || stop "no folder"
export TMPDIR

# scale ARGUMENT...: short, and without the plan, which takes seconds.
# shellcheck disable=SC2317 # expect calls it
scale() {
    bare "$program" bench scale --quick --samples 1 --no-plan "$@"
}

# clean WHAT: nothing was left behind.
clean() {
    [ -z "$(ls "$TMPDIR")" ] || fail "$1: left behind: $(ls "$TMPDIR")"
}

# begin ARGUMENT...: the same in the background, with its streams in out and err. $job is the program itself.
begin() {
    (exec env PATH=/nowhere "$program" bench scale --no-plan "$@" >out 2>err) &
    job=$!
}

# trainers PID: its children that train.
trainers() {
    for child in $(children "$1"); do
        tr '\0' ' ' <"/proc/$child/cmdline" 2>/dev/null | grep -q ' train ' && echo "$child"
    done
}

# Six rounds have intervals. Each thread was where it was asked to be, and the file is what was printed.
"$program" bench scale --quick --samples 6 --seconds 0.1 --no-plan --json --out one.json --plot plot >out 2>err ||
    fail "six rounds: $(cat err)"
cmp -s out one.json || fail "--out and --json differ"
grep -q '^bench scale: [0-9]* rows in 6 rounds, about [0-9:]* ' err || fail "no time before the start: $(cat err)"
clean "six rounds"
python3 - one.json <<'EOF' || fail "wrong values in one.json"
import json, os, sys
o = json.load(open(sys.argv[1]))
cores = len(os.sched_getaffinity(0))
rows = o["rows"]
workers = [r["workers"] for r in rows if r["threads"] == 1]
assert o["rounds"] == o["rounds_done"] == 6 and "partial" not in o
assert workers == sorted(set(workers)) and workers[0] == 1 and workers[-1] <= cores, workers
assert all(b <= 2 * a for a, b in zip(workers, workers[1:])), workers
for r in rows:
    name, used = r["name"], [pu for p in r["places"] for pu in p["asked"]]
    assert r["state"] == "measured" and r["reason"] is None and r["elsewhere"] is None, name
    assert len(r["places"]) == r["workers"] and len(set(used)) == len(used) == r["workers"] * r["threads"], name
    for p in r["places"]:
        asked = " ".join(map(str, sorted(p["asked"])))
        assert p["allowed"] == p["last"] == asked, (name, p)
    for key in ("images_per_s", "peak_gflops", "triad_gbytes_per_s", "triad_bytes"):
        assert r[key] > 0, (name, key)
    assert r["images_per_s_low"] <= r["images_per_s"] <= r["images_per_s_high"], name
    for key in ("gain", "peak_gain", "triad_gain", "of_peak_gain"):
        assert 0 < r[key]["low"] <= r[key]["estimate"] <= r[key]["high"], (name, key)
    assert r["planned_images_per_s"] is None and r["of_plan"]["estimate"] is None, name
    for key in ("images_per_s", "peak_gflops", "triad_gbytes_per_s"):
        assert len(r["samples_" + key]) == 6 and min(r["samples_" + key]) == min(r["samples_" + key]), name
    ratios = [b / a for a, b in zip(rows[0]["samples_images_per_s"], r["samples_images_per_s"])]
    assert abs(min(ratios) / r["gain"]["low"] - 1) < 1e-9 and abs(max(ratios) / r["gain"]["high"] - 1) < 1e-9, name
assert rows[0]["gain"] == {"estimate": 1.0, "low": 1.0, "high": 1.0}
EOF
for file in csv gp; do [ -s plot/scale-1.$file ] || fail "no plot/scale-1.$file"; done
if command -v gnuplot >/dev/null; then
    for file in svg png pdf; do [ -s plot/scale-1.$file ] || fail "no plot/scale-1.$file"; done
fi

# The report shows it, and refuses what is none.
expect 0 'rep/bench.html' "$program" bench report one.json --out rep
grep -q '1 worker' rep/bench.html || fail "no row in the page"
[ -s rep/scale-1.csv ] || fail "no picture's table in the report"
sed 's/"workers": 1,/"workers": "one",/' one.json >bad.json
expect 3 'rows\[0\].workers" is not a whole number' "$program" bench report bad.json --out rep

# As text, with the plan, on one core; without gnuplot a sentence says what is missing.
bare "$program" bench scale --quick --samples 1 --max-workers 1 --plot bare >out 2>err || fail "text: $(cat err)"
grep -q 'gnuplot' err || fail "nothing about gnuplot: $(cat err)"
[ -s bare/scale-1.gp ] || fail "no script without gnuplot"
grep -q '^Places: every thread was on the PU that it was given' out || fail "no places: $(cat out)"
awk '/^1 worker/ && NF == 8 && $3 > 0 && $8 > 0 { rate = $3; of = $8 } /^1 worker/ && NF == 7 { plan = $7 }
    END { exit !(rate > 0 && plan > 0 && (rate / plan - of) ^ 2 < 1e-4) }' out || fail "no plan: $(cat out)"
clean text

# Wrong words, and files that cannot or must not be written, before anything is measured.
expect 2 "there is no backend 'nonsense'" scale --backend nonsense
expect 2 "samples" scale --samples 0
expect 2 "seconds" scale --seconds 0
expect 2 "threads" scale --threads 0
expect 2 "--out one.json: it exists; name a new file" scale --out one.json
expect 1 "its folder does not exist" scale --out none/file.json
expect 1 "file" scale --plot one.json
expect 1 "its folder does not exist" env TMPDIR="$work/none" "$program" bench scale --quick --no-plan --samples 1
cmp -s out one.json && fail "one.json was written again"
clean "a refusal"

# kill -9 of a worker makes its row void, and no other.
most=$(python3 -c 'import json; print(min(2, max(r["workers"] for r in json.load(open("one.json"))["rows"])))')
begin --samples 1 --seconds 3 --max-workers "$most" --threads 1 --out dead.json
# shellcheck disable=SC2317 # await calls it
all_train() { [ "$(trainers "$job" | wc -l)" = "$most" ]; }
await 60 all_train || stop "no workers: $(cat err)"
kill -9 "$(trainers "$job" | head -n 1)"
wait "$job"
status=$?
[ $status = 1 ] || fail "a dead worker: status $status: $(cat err)"
grep -q "^conv4 bench scale: $most worker.*: worker [12] of $most was killed by signal 9" err || fail "no sentence: $(cat err)"
grep -q "^$most worker.* void: worker [12] of $most was killed by signal 9$" out || fail "no void row: $(cat out)"
python3 - dead.json "$most" <<'EOF' || fail "wrong values in dead.json"
import json, sys
rows = json.load(open(sys.argv[1]))["rows"]
for r in rows:
    dead = r["workers"] == int(sys.argv[2])
    assert r["state"] == ("void" if dead else "measured")
    assert (r["images_per_s"] is None) == dead and (r["reason"] is not None) == dead
    assert r["peak_gflops"] > 0
EOF
clean "a dead worker"

# A signal ends all processes and keeps what there is, as a part.
begin --seconds 1 --max-workers 1 --threads 1 --out part.json
# shellcheck disable=SC2317 # await calls it
second() {
    now=$(trainers "$job")
    : "${first:=$now}"
    [ -n "$first" ] && [ -n "$now" ] && [ "$now" != "$first" ]
}
first=
await 60 second || stop "no second round: $(cat err)"
trained=$(trainers "$job")
kill -TERM "$job"
wait "$job"
status=$?
[ $status = 143 ] || fail "SIGTERM: status $status: $(cat err)"
grep -q '^Partial: interrupted' out || fail "no part: $(cat out)"
python3 - part.json <<'EOF' || fail "wrong values in part.json"
import json, sys
o = json.load(open(sys.argv[1]))
samples = o["rows"][0]["samples_images_per_s"]
assert o["partial"] is True and 1 <= o["rounds_done"] < o["rounds"] == len(samples) == 9
assert samples[0] > 0 and samples[-1] is None and o["rows"][0]["images_per_s"] > 0
EOF
for process in $trained; do
    [ ! -e "/proc/$process" ] || fail "SIGTERM: process $process is still there"
done
expect 3 'part.json is of a benchmark that was interrupted' "$program" bench report part.json --out rep
clean SIGTERM

# Killed itself, it leaves no worker behind (but its folder).
begin --seconds 3 --max-workers 1 --threads 1
# shellcheck disable=SC2317 # await calls it
trains() { [ -n "$(trainers "$job")" ]; }
await 60 trains || stop "no worker: $(cat err)"
orphan=$(trainers "$job")
kill -9 "$job"
wait "$job" 2>/dev/null
# shellcheck disable=SC2317 # await calls it
gone() { [ ! -e "/proc/$orphan" ] || grep -s -q '^State:[[:space:]]*Z' "/proc/$orphan/status"; }
await 10 gone || fail "a worker outlives its benchmark"

finish
