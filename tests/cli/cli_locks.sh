#!/bin/sh
# One process writes to a study: starts at the same moment, a holder that was killed, and processes
# that cannot see each other.
# usage: cli_locks.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
backend=$(bit_exact | head -n 1)

# A study of one run that takes longer than what is tried beside it.
values=pretrain_images=512,pretrain_epochs=600,train_accuracy_images=32,accuracy_images=32
values=$values,cka_images=40,curve_images=40,control_images=20,segment_work=1
machine="--scale smoke --figures 1 --seeds 1 --backend $backend --threads 1 --workers 1 --quiet"
machine="$machine --set $values"

# begin LOG OUT [PREFIX...]: starts it in the background, $launched.
begin() {
    log=$1 out=$2
    shift 2
    # shellcheck disable=SC2086 # several words
    launch "$log" "$@" "$program" repro --out "$out" $machine
}
# begun LOG: its run is starting, or it has ended.
# shellcheck disable=SC2317 # await calls it
begun() {
    grep -qs 'predicted time' "$1" || ! kill -0 "$launched" 2>/dev/null
}
# shellcheck disable=SC2317 # expect calls it
again() {
    out=$1
    shift
    # shellcheck disable=SC2086 # several words
    bare "$program" repro --out "$out" $machine "$@"
}

# Ten at once, with a study that is there and with none: one works, the others say whom they found.
# ended: so many of the ten have.
# shellcheck disable=SC2317 # await calls it
ended() {
    [ "$(cat status-* 2>/dev/null | wc -l)" -ge "$1" ]
}
for round in new old; do
    rm -f status-*
    for i in 0 1 2 3 4 5 6 7 8 9; do
        (
            # shellcheck disable=SC2086 # several words
            bare "$program" repro --out crowd $machine >"crowd-$i.log" 2>&1
            echo $? >status-$i
        ) &
    done
    await 300 ended 9 || fail "$round: $(cat status-* | wc -l) of ten have ended"
    [ "$(cat status-* | grep -cx 1)" -eq 9 ] || fail "$round: statuses are $(cat status-* | tr '\n' ' ')"
    grep -l 'has been working on this study since' crowd-?.log | wc -l >said
    [ "$(cat said)" -eq 9 ] || fail "$round: $(cat said) of ten say who works: $(cat crowd-?.log)"
    winner=$(sed -n 's/.*: process \([0-9]*\) has been working.*/\1/p' crowd-?.log | sort -u)
    if ! kill -TERM "$winner"; then
        stop "$round: they name '$winner'"
    fi
    await 300 ended 10
    [ "$(cat status-* | grep -cx 143)" -eq 1 ] || fail "$round: the winner's status: $(cat status-*)"
done

# Killed, and started again at once.
for _ in 1 2 3; do
    begin killed.log killed
    await 300 begun killed.log || fail "no word of a study: $(cat killed.log)"
    kill -KILL "$launched"
done
# ... also while its workers are still there, which do not have the lock.
begin killed.log killed
await 300 begun killed.log || fail "no word of a study: $(cat killed.log)"
stopped=$(children "$launched")
# shellcheck disable=SC2086 # several numbers
kill -STOP $stopped
kill -KILL "$launched"
begin killed.log killed
await 300 begun killed.log
# shellcheck disable=SC2086 # several numbers
kill -KILL $stopped
grep -q 'predicted time' killed.log || stop "after kill -9: $(cat killed.log)"
expect 1 "process $launched has been working on this study since" again killed
# ... and --take-over, which is for other machines, does not change that. A report needs no lock.
expect 1 "process $launched has been working" again killed --take-over
cp -r killed copied
expect 0 'report.html' bare "$program" report --out killed
rm copied/study.lock
expect 0 'report.html' bare "$program" report --out copied
expect 0 'predicted time' again copied --dry-run
[ ! -e copied/study.lock ] || fail "a report or a plan takes the lock"
kill -TERM "$launched"
wait "$launched"
[ -f killed/study.lock ] || fail "there is no study.lock"
[ ! -s killed/study.lock ] || fail "study.lock is not empty"

# Two containers: neither sees the other's processes, and their names are the same.
if unshare --pid --fork --mount-proc true 2>/dev/null; then
    begin inside.log spaces "$(command -v unshare)" --pid --fork --kill-child --mount-proc
    await 300 begun inside.log
    grep -q 'predicted time' inside.log || stop "in a PID namespace: $(cat inside.log)"
    # shellcheck disable=SC2086 # several words
    expect 1 'has been working on this study since' unshare --pid --fork --mount-proc \
        "$program" repro --out spaces $machine
    expect 1 'has been working on this study since' again spaces
    kill -KILL "$launched"
    begin outside.log spaces
    await 300 begun outside.log
    grep -q 'predicted time' outside.log || fail "after a PID namespace: $(cat outside.log)"
    kill -TERM "$launched"
    wait "$launched"
else
    echo "not tested: PID namespaces (unshare needs permission)"
fi

finish
