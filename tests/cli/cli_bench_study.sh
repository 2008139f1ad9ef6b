#!/bin/sh
# "conv4 bench study": kinds of work that add up, failures of the study, signals; and its peer, by a
# stand-in for PyTorch that answers with our own rows, or with others.
# usage: cli_bench_study.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs python3
TMPDIR="$work/temporary folder"
mkdir "$TMPDIR" || stop "no folder"
export TMPDIR

# clean WHAT: nothing was left behind.
clean() {
    [ -z "$(ls "$TMPDIR")" ] || fail "$1: left behind: $(ls "$TMPDIR")"
}

# The peer's protocol, in Python without packages. $STUB says how it behaves.
cat >stub <<'EOF'
#!/usr/bin/env python3
import json, os, sqlite3, sys, time
folder, behaviour = sys.argv[2], os.environ["STUB"]
assert sys.argv[3:] == ["--workers", "1"] and os.environ["OMP_NUM_THREADS"] == "1"
for name in ["data.safetensors", "seed-1.safetensors", "seed-2.safetensors", "protocol.py", "network.py", "pytorch.py"]:
    assert os.path.getsize(f"{folder}/{name}") > 0, name
    if name.endswith(".py"):
        with open(f"{folder}/{name}", encoding="utf-8") as file:
            compile(file.read(), name, "exec")
with open(f"{folder}/data.safetensors", "rb") as file:
    header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
db = sqlite3.connect(f"file:{folder}/study/study.db?mode=ro", uri=True)
for key, kind, data, images, epochs in db.execute("SELECT key, kind, data, images, epochs FROM run"):
    tunes = kind in ("finetune", "scratch")
    assert header[f"drawn.{key}"]["shape"] == header[f"true.{key}"]["shape"] == [images]
    assert header[f"order.{'tune' if tunes else 'train'}.1.{images}.{epochs}"]["shape"] == [epochs, images]
    assert header[f"images.{data}-{'tuning' if tunes else 'train'}"]["shape"][0] >= images
    tests = header[f"images.{data}-{'heldout' if tunes else 'test'}"]["shape"][0]
    assert header[f"evaluation.{key}"]["shape"] == header[f"evaluation_true.{key}"]["shape"] == [tests]

def say(**answer):
    print(json.dumps(answer), flush=True)

if behaviour == "absent":
    say(error="Python has no module torch")
    sys.exit()
say(name="Stub", versions={"stub": "1.0"}, workers=1, algorithm="by the book")
assert sys.stdin.readline() == "study\n"
if behaviour == "dies":
    sys.exit("the end")
if behaviour == "hangs":
    time.sleep(600)
rows = [list(row) for row in db.execute("SELECT run, epoch, quantity, layer, reference, images, statistics, n, value FROM result")]
initial = [row for row in rows if row[0].startswith("pretrain") and row[1] == 0 and row[2].startswith("cka")]
if behaviour == "wrong":
    initial[0][8] += 2e-4
peer = sqlite3.connect(f"{folder}/peer.db")
peer.execute("CREATE TABLE result(run, epoch, quantity, layer, reference, images, statistics, n, value)")
peer.executemany("INSERT INTO result VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
peer.commit()
seconds = {"train": 0.04, "forward": 0.03, "cka": 0.02, "store": 0.01}
if behaviour == "untold":
    del seconds["cka"]
time.sleep(0.2)
say(seconds=0.1, core_seconds=seconds, rows=len(rows))
sys.stdin.readline()
EOF
chmod +x stub

# peer STUB STATUS STATE TEXT [ARGUMENT...]: the status, and the state with TEXT in the JSON and, unless
# the status is 0, on standard error.
peer() {
    STUB=$1 want=$2 state=$3 text=$4
    export STUB
    shift 4
    "$program" bench study --quick --peers --peers-python "$work/stub" --json "$@" >out 2>err
    status=$?
    [ "$status" = "$want" ] || fail "$STUB: status $status, not $want: $(cat err)"
    grep -q "\"state\": \"$state\"" out || fail "$STUB: not $state: $(cat out)"
    grep -qF -- "$text" out || fail "$STUB: no '$text' in the JSON: $(cat out)"
    [ "$want" = 0 ] || grep -qF -- "peer pytorch ($state): $text" err || fail "$STUB: no '$text': $(cat err)"
    clean "$STUB"
}

# Alone, as text: the kinds add up to the whole.
"$program" bench study --quick >alone 2>err || fail "alone: $(cat err)"
grep -q '^study: scale smoke with few images (--quick), seeds 1, .*: [0-9]* runs, [0-9]* rows$' alone || fail "no head: $(cat alone)"
for kind in train forward cka store work report other all; do
    awk -v kind=$kind '$1 == kind && $2 > 0 { found = 1 } END { exit !found }' alone || fail "no $kind: $(cat alone)"
done
awk '$1 ~ /^(train|forward|cka|store)$/ { work += $2 } $1 == "work" { told = $2 } $1 ~ /^(work|report|other)$/ { all += $2 }
    $1 == "all" { whole = $2 } END { exit !((work - told) ^ 2 < .001 && (all - whole) ^ 2 < .001) }' alone ||
    fail "the kinds do not add up: $(cat alone)"
clean alone

# In JSON the same, with the table's own words.
peer right 0 measured '"algorithm": "by the book"'
python3 - out <<'EOF' || fail "wrong numbers: $(cat out)"
import json, sys
o = json.load(open(sys.argv[1]))
mine, theirs = o["core_seconds"], o["peers"][0]
work = ["train", "forward", "cka", "store"]
assert all(seconds > 0 for seconds in mine.values())
assert abs(sum(mine[kind] for kind in work) - mine["work"]) < 1e-9
assert abs(mine["work"] + mine["report"] + mine["other"] - o["seconds"] * o["workers"] * o["threads"]) < 1e-9
assert abs(sum(o["costs"].values()) - mine["work"]) < 1e-9 and "train_phase" not in o["costs"]
assert o["study"]["runs"] == 10 and o["study"]["quick"] and o["study"]["rows"] > 1000
assert abs(theirs["core_seconds"]["work"] - .1) < 1e-9
assert abs(theirs["ratios"]["train"] - .04 / mine["train"]) < 1e-9
groups = theirs["agreement"]["groups"]
assert theirs["agreement"]["missing"] == theirs["agreement"]["added"] == 0
assert len(groups) == 5 and all(g["rows"] > 0 and g["largest"] == 0 for g in groups)
EOF
peer wrong 7 void "CKA of initial networks differ by up to 0.0002"
peer absent 6 absent "Python has no module torch"
peer dies 1 failed "it exited with status 1: the end"
peer hangs 1 failed "it did not answer within 1 s" --peers-patience 1
peer untold 1 failed "it did not say how long each kind of work took"

# The study's own failures are told in its words and with its status.
expect 2 "the study ended with status 2: .*there is no backend 'nonsense'" "$program" bench study --backend nonsense
expect 3 "the study ended with status 3: .*/nowhere" "$program" bench study --data /nowhere
expect 2 "there is no scale 'none'" "$program" bench study --scale none
expect 2 "leave out --scale" "$program" bench study --quick --scale smoke
expect 2 "jax" "$program" bench study --peers=jax
expect 2 "workers" "$program" bench study --workers 0
(ulimit -f 200 && expect 1 "the study ended with status 1: .*file size limit" "$program" bench study --quick) ||
    fail "a full disk"
expect 1 "its folder does not exist" env TMPDIR="$work/none" "$program" bench study --quick
clean "a failure"

# A signal ends the study with all its processes, and its folder.
"$program" bench study >out 2>err &
job=$!
# shellcheck disable=SC2317 # await calls it
begun() { [ -n "$(find "$TMPDIR" -name study.db)" ]; }
await 60 begun || fail "no study: $(cat err)"
kill -TERM $job
wait $job
[ $? = 143 ] || fail "SIGTERM gives another status: $(cat err)"
clean "a signal"
[ ! -s out ] || fail "a part of a study is printed: $(cat out)"

finish
