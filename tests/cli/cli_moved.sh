#!/bin/sh
# A study whose folder is renamed, removed or replaced while it runs: one sentence, status 6, nothing
# at the old path, and the same rows when it goes on at the new one.
# usage: cli_moved.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3
backend=$(bit_exact | head -n 1)

values=pretrain_images=128,train_accuracy_images=32,accuracy_images=32,cka_images=40
values=$values,curve_images=40,control_images=20,segment_work=1,pretrain_epochs=60
machine="--scale smoke --figures 1 --seeds 1,2 --backend $backend --threads 1 --quiet --set $values"

# same A B: the rows and the checkpoints agree.
same() {
    for study in "$1" "$2"; do
        sqlite3 "$study/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics,
            n, quote(value), provenance FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
            SELECT * FROM checkpoint ORDER BY run, epoch; SELECT * FROM run ORDER BY key' >dump
        [ -e first ] && { cmp first dump || fail "the rows of $1 and $2 differ"; }
        mv dump first
    done
    [ "$(wc -l <first)" -gt 1000 ] || fail "$1 has no rows"
    rm first
    diff -r "$1/checkpoints" "$2/checkpoints" || fail "$1 and $2 differ in checkpoints"
}

# written OUT: there are some checkpoints, or the study has ended.
# shellcheck disable=SC2317 # await calls it
written() {
    [ "$(find "$1/checkpoints" -name 'epoch-000[3-9].safetensors' 2>/dev/null | wc -l)" -ge 1 ] ||
        ! kill -0 "$launched" 2>/dev/null
}
# begin OUT: starts a study in the background and waits for its first rows.
begin() {
    # shellcheck disable=SC2086 # several words
    launch log "$program" repro --out "$1" $machine --workers 2
    await 300 written "$1"
    kill -0 "$launched" || stop "no study: $(cat log)"
}
# ends PATH: the study in the background says what happened to its folder.
ends() {
    wait "$launched"
    status=$?
    [ $status -eq 6 ] || fail "$1: status $status: $(cat log)"
    grep -q "$1: the study's folder was moved or removed while it ran" log || fail "$1: $(cat log)"
    [ "$(grep -c '^conv4 repro: ' log)" -eq 1 ] || fail "$1: not one sentence: $(cat log)"
    if grep -q 'worker [0-9]\|failed' log; then fail "$1: it blames others: $(cat log)"; fi
}

# shellcheck disable=SC2086 # several words
(bare "$program" repro --out whole $machine --workers 1 >whole.log 2>&1 || fail "$(cat whole.log)") &
whole=$!

begin study
mv study renamed
ends study
[ ! -e study ] || fail "at the old path is: $(find study)"

# Another folder takes its place, and stays as it is.
begin other
mv other elsewhere && mkdir other && echo mine >other/notes.txt
ends other
[ "$(find other)" = 'other
other/notes.txt' ] || fail "in the folder at the old path is: $(find other)"

# A folder above it is renamed; it is removed.
mkdir -p above/it
begin "$work/above/it/study"
mv above beyond
ends "$work/above/it/study"
[ ! -e above ] || fail "at the old path is: $(find above)"
begin removed
mv removed trash && rm -r trash
ends removed
[ ! -e removed ] || fail "at the old path is: $(find removed)"

wait $whole
for moved in renamed elsewhere beyond/it/study; do
    # shellcheck disable=SC2086 # several words
    expect 0 'Continuing in the same folder' bare "$program" repro --out $moved $machine --workers 2
    same whole $moved
done
finish
