#!/bin/sh
# Workers and the store as a user sees them: the same rows for any number of workers, a worker that
# dies twice, a full disk, damaged files, other versions, custom definitions.
# usage: cli_workers.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3

"$program" data synth images --train 512 >/dev/null || stop "no images"

# shellcheck disable=SC2317 # the end calls it
tidy() {
    umount "$work/small" 2>/dev/null
}

backend=$(bit_exact | head -n 1)
# Five very short runs, without pictures. repro OUT [OPTION...]
values=degrees=0,finetune_degrees=0,svhn_degrees=0,pretrain_images=64,pretrain_epochs=2
values=$values,sizes=32,size_epochs=2,finetune_images=32,finetune_epochs=1
values=$values,train_accuracy_images=32,accuracy_images=32,cka_images=40,curve_images=40
values=$values,control_images=20
repro() {
    out=$1
    shift
    bare "$program" repro --out "$out" --data images --scale smoke --seeds 1 --backend "$backend" \
        --quiet --set $values "$@"
}

dump() {
    sqlite3 "$1/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n,
            quote(value), provenance FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
        SELECT * FROM provenance ORDER BY id; SELECT * FROM run ORDER BY key;'
}

same() {
    dump "$1" >"$1.dump"
    dump "$2" >"$2.dump"
    [ "$(wc -l <"$1.dump")" -gt 400 ] || fail "$1 has no rows"
    cmp "$1.dump" "$2.dump" || fail "the rows of $1 and $2 differ"
    diff -r "$1/checkpoints" "$2/checkpoints" || fail "$1 and $2 differ in checkpoints"
}

# Three workers, one worker with two threads, and the runs in two parts: the same rows.
# (In parallel: each start times its workers for a second and a half in any case.)
(repro whole --workers 3 --threads 1 >whole.log 2>&1 || fail "three workers: $(cat whole.log)") &
(repro single --workers 1 --threads 1 >single.log 2>&1 || fail "one worker: $(cat single.log)") &
# --dry-run: the plan, without doing anything.
(
    repro absent --workers 2 --dry-run >absent.log 2>&1 || fail "--dry-run: $(cat absent.log)"
    grep -q '5 runs on 2 places: predicted time' absent.log || fail "--dry-run: $(cat absent.log)"
    [ ! -e absent ] || fail "--dry-run made a folder"
) &
repro narrow --workers 1 --threads 2 --figures 1,3b >log 2>&1 || fail "first figures: $(cat log)"
grep -q '2 of 2 runs to do' log || fail "figures 1 and 3b need two runs here: $(cat log)"
repro narrow --workers 1 --threads 2 >log 2>&1 || fail "the other figures: $(cat log)"
grep -q '3 of 5 runs to do' log || fail "runs are not shared between figures: $(cat log)"
wait
same whole narrow
same whole single
# References are prepared once, whatever the number of workers; every run is compared with them.
references() {
    sqlite3 "$1/study.db" "SELECT count(*) FROM cost WHERE what = 'cka_reference' AND layer = 'pool1' AND run IS NULL;
        SELECT count(*) FROM cost WHERE what = 'reference_features'"
}
[ "$(references single | head -n 1)" -ge 5 ] || fail "few references: $(references single)"
[ "$(references single)" = "$(references whole)" ] ||
    fail "one worker prepares $(references single) references, three $(references whole)"
[ "$(sqlite3 whole/study.db "SELECT count(*) FROM cost WHERE what = 'cka_reference' AND run IS NOT NULL")" -eq 0 ] ||
    fail "a run has references of its own"
expect 0 'All runs are in' repro whole --dry-run
# A dry run changes nothing: neither what is there, nor a folder that has no study.
find whole -type f -exec sha256sum {} + | sort >before
expect 0 'predicted time' bare "$program" repro --out whole --data images --scale smoke --seeds 1-3 \
    --degrees 0,9 --backend "$backend" --quiet --set $values --dry-run
find whole -type f -exec sha256sum {} + | sort >after
cmp before after || fail "--dry-run changed the study"
mkdir blank
expect 0 'predicted time' repro blank --workers 1 --dry-run
[ -z "$(ls blank)" ] || fail "--dry-run made $(ls blank)"
[ "$(sqlite3 whole/study.db "SELECT count(*) FROM result WHERE reference = 'pretrained' AND
    images = 'svhn-heldout' AND epoch = 0")" -eq 30 ] ||
    fail "fine-tuning is not compared with where it started on the digits"

# The folder remembers its options: new figures and resuming need none.
cp -r whole again && rm -r again/figures
expect 0 'report.html' bare "$program" report --out again
diff again/figures whole/figures -x '*.pdf' -x '*.svg' -x '*.png' -x 'cost-*' ||
    fail "report draws others"
# shellcheck disable=SC2317 # expect calls it
without() {
    bare "$program" repro --out again --data images --backend "$backend" --workers 1 --quiet "$@"
}
expect 0 'All runs are in again' without
grep -q 'Taken from the study in again: scale = smoke,.* sizes = 32,' said ||
    fail "what the folder decides is not said: $(cat said)"
repro again >said 2>&1 || fail "all options once more: $(cat said)"
grep -q 'Taken from' said && fail "options that are given count as not given: $(cat said)"
diff again/figures/fig3b.csv whole/figures/fig3b.csv || fail "going on draws others"
expect 1 'made with finetune_images = 32, not 16' without --set finetune_images=16
# Lists grow: repro draws the added runs, report draws everything.
expect 0 'sizes = 16 this time; the study has 32' without --figures 3b --set sizes=16
cut -d, -f1 again/figures/fig3b.csv | sort -u >said
[ "$(grep -c '^k = ' said)" -eq 1 ] || fail "sizes=16 draws: $(cat said)"
bare "$program" report --out again --figures 3b >log 2>&1 || fail "report of both sizes: $(cat log)"
cut -d, -f1 again/figures/fig3b.csv | sort -u >said
[ "$(grep -c '^k = ' said)" -eq 2 ] || fail "report of both sizes draws: $(cat said)"
expect 0 'Taken from the study in again: .*sizes = 16,32' "$program" plan --out again --backend "$backend" --workers 1

# Fine-tuning starts from the end of pre-training: CKA 1 to it before the first epoch.
[ "$(sqlite3 whole/study.db "SELECT count(*) FROM result WHERE reference = 'pretrained' AND
    epoch = 0 AND quantity = 'cka_biased' AND abs(value - 1) > 1e-9")" -eq 0 ] ||
    fail "fine-tuning does not start from the pre-trained network"
# With d=0 and d=9 exchanged, the runs are exchanged, too.
"$program" help >/dev/null
cat >swapped.ini <<INI
[protocol p]
batch = 32
lr = 0.001
momentum = 0.9
order = bn-relu
conv = winograd
statistics = batch
cka_images = 40
curve_images = 40
size_labels = random
shift = seed
synthetic_seed = 1
[scale tiny]
summary = swapped
seeds = 1
degrees = 0,9
finetune_degrees = none
svhn_degrees = none
pretrain_images = 64
pretrain_epochs = 1
sizes = none
size_epochs = 1
finetune_images = 32
finetune_epochs = 1
matched_scratch = no
train_accuracy_images = 32
accuracy_images = 32
control_images = none
segment_work = 1
[run pretrain-d0]
phase = pretrain
data = cifar10
labels = d9
[run pretrain-d9]
phase = pretrain
data = cifar10
labels = d0
[figure 1]
kind = layers-over-epochs
title = Swapped
x_label = epoch
y_label = CKA
runs = pretrain-d0
references = initialisation
width = 4
height = 4
INI
bare "$program" repro --out swapped --data images --study swapped.ini --scale tiny \
    --workers 1 --quiet >log 2>&1 || fail "a study of one's own: $(cat log)"
sqlite3 swapped/study.db "SELECT key FROM run" >keys
grep -q '^pretrain-cifar10-d9-n64-e1-bn-relu-seed1$' keys || fail "the swapped run: $(cat keys)"
sqlite3 swapped/study.db "SELECT CASE WHEN a.value = b.value THEN 'equal' ELSE 'differ' END
    FROM result a JOIN result b USING(epoch, quantity) WHERE quantity = 'loss' AND a.run < b.run
    AND epoch = 1" | grep -q differ || fail "labels of d=0 and d=9 give the same loss"

# A worker is killed twice in one segment: its run fails, the others are done, and a second start
# completes it.
larger=$values,pretrain_images=512,pretrain_epochs=20,segment_work=1000000
launch log "$program" repro --out twice --data images --scale smoke --seeds 1 --quiet \
    --backend "$backend" --workers 1 --threads 1 --set $larger
coordinator=$launched
# computed TICKS: a worker, $worker, has used this much CPU time, or the study has ended.
# shellcheck disable=SC2317 # await calls it
computed() {
    kill -0 "$coordinator" 2>/dev/null || return 0
    worker=$(children "$coordinator" | grep -vxF "$last" | head -n 1)
    used=$(awk '{ print $14 + $15 }' "/proc/${worker:-none}/stat" 2>/dev/null)
    [ "${used:-0}" -gt "$1" ]
}
# shellcheck disable=SC2317 # await calls it
begun() {
    grep -qs 'predicted time' log || ! kill -0 "$coordinator" 2>/dev/null
}
hits=0 last=none
await 300 begun
while [ $hits -lt 2 ]; do
    # A quarter of a second more than startup and the first worker's trial take.
    await 300 computed 0
    await 300 computed $((used + 25))
    kill -KILL "$worker" 2>/dev/null || break
    hits=$((hits + 1)) last=$worker
done
wait $coordinator
status=$?
[ $hits -eq 2 ] || fail "the worker was killed $hits times"
[ $status -eq 1 ] || fail "a run that failed gives status $status: $(cat log)"
grep -q 'goes on from its last checkpoint' log || fail "nothing on the first death: $(cat log)"
grep -q 'was killed by signal 9' log || fail "nothing on how it died: $(cat log)"
grep -q 'runs failed' log || fail "nothing on failed runs: $(cat log)"
[ "$(sqlite3 twice/study.db "SELECT count(*) FROM run WHERE status = 'done'")" -ge 1 ] ||
    fail "the others did not go on"
repro twice --workers 1 --set $larger >log 2>&1 ||
    fail "a second start: $(cat log)"
[ "$(sqlite3 twice/study.db "SELECT count(*) FROM run WHERE status != 'done'")" -eq 0 ] ||
    fail "a second start leaves runs undone"

# Of two workers one has nothing to do any more: the death of either is told, and both are replaced.
launch log "$program" repro --out spare --data images --scale smoke --seeds 1 --figures 1,3b --quiet \
    --backend "$backend" --workers 2 --threads 1 --set $values,pretrain_epochs=128,segment_work=500
coordinator=$launched
# shellcheck disable=SC2317 # await calls it
one_is_done() {
    sqlite3 -readonly spare/study.db "SELECT count(*) FROM run WHERE status = 'done'" 2>/dev/null |
        grep -q '^[1-9]' || ! kill -0 "$coordinator" 2>/dev/null
}
await 300 begun
both=$(children "$coordinator")
# Where memory runs out, a worker is killed and not the coordinator.
# There is nothing above 1000, and what is never to be killed is left so.
own=$(cat "/proc/$coordinator/oom_score_adj")
raised=$((own <= -1000 ? own : own < 500 ? own + 500 : 1000))
for worker in $both; do
    got=$(cat "/proc/$worker/oom_score_adj")
    [ "$got" = $raised ] || fail "a worker has oom_score_adj $got, not $raised; the coordinator has $own"
done
await 300 one_is_done
# Stopped first, or the study could end between the two.
# shellcheck disable=SC2086 # a list of processes
kill -STOP $both || fail "no workers to stop: $(cat log)"
# shellcheck disable=SC2086
kill -KILL $both
wait $coordinator
status=$?
[ $status -eq 0 ] || fail "two killed workers: status $status: $(cat log)"
for number in 1 2; do
    grep "worker $number was killed by signal 9" log |
        grep -q 'goes on from its last checkpoint$\|while it worked on no run; another one takes its place$' ||
        fail "nothing on the death of worker $number: $(cat log)"
done

# A worker is killed while it measures its speed: it is started again; if that goes on, the study
# ends, in one sentence. (By the slowest backend with a large batch: seconds of computing.)
# measuring: a worker, $worker, has started to compute, or the study has ended.
# shellcheck disable=SC2317 # await calls it
measuring() {
    computed 100
}
large=$values,batch=256,pretrain_images=256,pretrain_epochs=1
for kills in 1 3; do
    launch log "$program" repro --out "timed-$kills" --data images --scale smoke --seeds 1,2 --quiet \
        --figures 1 --backend ref --workers 2 --threads 1 --set "$large"
    coordinator=$launched last=none
    for _ in $(seq $kills); do
        await 300 measuring
        kill -0 "$coordinator" || stop "it ended while it measured: $(cat log)"
        grep -q 'predicted time' log && fail "the trial was over before a worker was killed"
        last=$(children "$coordinator") # the next one to kill is the one that takes its place
        kill -KILL "$worker"
    done
    wait $coordinator
    status=$?
    if [ $kills -eq 1 ]; then
        [ $status -eq 0 ] || fail "a worker killed while it measures: status $status: $(cat log)"
        grep -q 'was killed by signal 9 (Killed) while it measured its speed; all measure again' log ||
            fail "nothing on the death of a worker that measures: $(cat log)"
    else
        [ $status -eq 1 ] || fail "a worker killed $kills times: status $status: $(cat log)"
        grep -q '^conv4 repro: worker [12] was killed by signal 9 (Killed), again and again' log ||
            fail "a worker killed $kills times: $(cat log)"
    fi
done

# The network from which fine-tuning starts is damaged: it is trained again.
cp -r whole damaged
printf x >>damaged/checkpoints/pretrain-cifar10-d0-n64-e2-bn-relu-seed1/epoch-0002.safetensors
expect 0 'was changed since it was written' repro damaged --workers 1
same whole damaged

# Another schema.
cp -r whole newer
sqlite3 newer/study.db 'UPDATE schema SET version = 1000'
expect 3 'written by a newer conv4 (schema 1000' repro newer
sqlite3 newer/study.db 'UPDATE schema SET version = 1'
expect 3 'written by an older conv4 (schema 1' repro newer
cmp whole/checkpoints/size-*/epoch-0002.safetensors newer/checkpoints/size-*/epoch-0002.safetensors

# A disk that fills up: one sentence; once there is room, the study continues to the same rows.
mkdir small
if mount -t tmpfs -o size=2500k none small 2>/dev/null; then
    # Said before anything is trained, and done only if somebody insists.
    expect 1 'needs about [0-9.]* MB on a disk with 2\.[0-9] MB free; free some space' \
        repro small/study --workers 2 --figures 1,3b
    [ ! -e small/study/checkpoints ] || [ -z "$(ls small/study/checkpoints)" ] || fail "it began"
    expect 0 'Without --ignore-disk nothing would be done: small/study: ' \
        repro small/study --workers 2 --dry-run
    expect 0 'Without --ignore-disk nothing would be done: small/none/a: ' \
        repro small/none/a --workers 2 --dry-run
    [ ! -e small/none ] || fail "--dry-run made a folder"
    expect 1 'No space left on device\|disk is full' repro small/study --workers 2 --ignore-disk
    says 'on a disk with 2\.[0-9] MB free; it is started all the same'
    mount -o remount,size=100m small
    expect 0 'Continuing in the same folder\|runs to do' repro small/study --workers 1
    cp -r small/study filled
    same whole filled
    # What is done already is not needed once more.
    mount -o remount,size=16m small
    expect 0 'All runs are in' repro small/study --workers 1
    umount small
else
    echo "not tested: a full disk (mounting a tmpfs needs root)"
fi

finish
