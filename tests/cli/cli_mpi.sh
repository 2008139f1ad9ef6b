#!/bin/sh
# A study over several MPI ranks: the rows of one process, a killed rank, refusals, signals.
# usage: cli_mpi.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3

backend=$(bit_exact | head -n 1)
# Four short runs of many segments, without pictures. study OUT: the options.
values=degrees=0,finetune_degrees=0,svhn_degrees=0,pretrain_images=128,pretrain_epochs=24,sizes=128
values=$values,size_epochs=24,train_accuracy_images=32,accuracy_images=32,cka_images=40
values=$values,curve_images=40,control_images=20,segment_work=800
study() {
    echo repro --out "$1" --scale smoke --seeds 1,2 --figures 1,3b --backend "$backend" --quiet --set $values
}

# Without the plug-in ranks would fight for the folder.
mkdir alone && cp "$program" alone/conv4
# shellcheck disable=SC2046 # a list of words
expect 6 'one of 2 ranks.*conv4_mpi.so.*libopenmpi-dev.*--shard' env OMPI_COMM_WORLD_SIZE=2 \
    OMPI_COMM_WORLD_RANK=0 alone/conv4 $(study none)
[ ! -e none ] || fail "a refused rank made a folder"
expect 0 'no studies over several MPI ranks: there is no .*conv4_mpi.so' alone/conv4 doctor
# One rank is a process as any other; plans are rank 0's alone.
# shellcheck disable=SC2046
expect 0 'All runs are in\|figures' env OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0 PATH=/nowhere \
    "$PWD/alone/conv4" $(study one) --workers 1
# shellcheck disable=SC2046
expect 0 '4 runs on . place' env OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0 alone/conv4 $(study none) --dry-run
# shellcheck disable=SC2046
env OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=1 alone/conv4 $(study none) --dry-run >said 2>&1 ||
    fail "a plan of rank 1: $(cat said)"
[ ! -s said ] || fail "rank 1 plans, too: $(cat said)"
[ -z "$(env OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=1 alone/conv4 plan --scale smoke)" ] ||
    fail "rank 1 prints a plan, too"

needs mpirun
mpirun=$(command -v mpirun)
expect 0 . "$program" doctor
grep -q '^studies over several MPI ranks' said || skip "this build has no plug-in for MPI"
# ranks ARGUMENT...: mpirun; its segments have the form -n N program... : -n N program...
# shellcheck disable=SC2317 # expect calls it
ranks() {
    "$mpirun" --allow-run-as-root --oversubscribe "$@"
}
bare_program="env PATH=/nowhere $program"

dump() {
    sqlite3 "$1/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n,
            quote(value) FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
        SELECT key, status, rows_sha256 FROM run ORDER BY key'
}
# same OUT: it has the rows of one process.
dump one >one.dump
[ "$(wc -l <one.dump)" -gt 400 ] || fail "one process leaves few rows"
same() {
    dump "$1" >"$1.dump"
    cmp one.dump "$1.dump" || fail "the rows of $1 are not those of one process"
    diff -r one/checkpoints "$1/checkpoints" || fail "the checkpoints of $1 are not those of one process"
}

# Four ranks: the same rows; only rank 0 speaks, and its mark in the folder is gone.
# shellcheck disable=SC2046,SC2086 # lists of words
expect 0 '^4 ranks on 1 host: [0-9]*, [0-9]*, [0-9]* and [0-9]* workers' \
    ranks -n 4 $bare_program $(study four)
[ "$(grep -c 'predicted time' said)" -eq 1 ] || fail "several ranks speak: $(cat said)"
[ ! -e four/study.ranks ] || fail "the mark of the ranks is left in the folder"
same four
[ "$(sqlite3 four/study.db 'SELECT DISTINCT backend FROM provenance')" = "$backend" ] ||
    fail "rows name another backend: $(sqlite3 four/study.db 'SELECT DISTINCT backend FROM provenance')"
[ "$(sqlite3 four/study.db 'SELECT DISTINCT host FROM cost WHERE run IS NOT NULL')" = "$(hostname)" ] ||
    fail "rows name another host: $(sqlite3 four/study.db 'SELECT DISTINCT host FROM cost')"

# rank N: its process among the children of $launched.
rank() {
    for child in $(children "$launched"); do
        tr '\0' '\n' <"/proc/$child/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$1" && echo "$child"
    done
}
# look: the ranks as $rank_0, $rank_1, $rank_2, and their workers as $workers.
look() {
    rank_0=$(rank 0) rank_1=$(rank 1) rank_2=$(rank 2) workers=
    for parent in $rank_0 $rank_1 $rank_2; do workers="$workers $(children "$parent")"; done
}
# shellcheck disable=SC2317 # await calls it
all_there() {
    kill -0 "$launched" 2>/dev/null || return 0
    look
    # shellcheck disable=SC2086 # a list of words
    [ "$(echo $workers | wc -w)" -eq 3 ]
}
# shellcheck disable=SC2317 # await calls it
under_way() {
    kill -0 "$launched" 2>/dev/null || return 0
    [ "$(sqlite3 -readonly "$out/study.db" 'SELECT count(*) FROM result' 2>/dev/null || echo 0)" -gt 0 ]
}
# start OUT: three ranks in the background, each with a worker; rows are stored, and the workers are
# stopped, so that the study does not end before the test has done its part.
start() {
    out=$1
    rm -f log
    # Not by launch: mpirun itself needs its PATH.
    # shellcheck disable=SC2046,SC2086
    (
        exec >log 2>&1
        exec "$mpirun" --allow-run-as-root --oversubscribe -n 3 $bare_program $(study "$out") --workers 1
    ) &
    launched=$!
    await 300 all_there || stop "three ranks have the workers $workers: $(cat log)"
    await 300 under_way || stop "it does not begin: $(cat log)"
    # shellcheck disable=SC2086
    kill -STOP $workers || stop "it has ended: $(cat log)"
}
# shellcheck disable=SC2317 # await calls it
all_gone() {
    for worker in $workers; do
        ! kill -0 "$worker" 2>/dev/null || return 1
    done
}
# ended STATUS: mpirun ends with it, and no worker is left.
ended() {
    wait "$launched"
    got=$?
    [ $got -eq "$1" ] || fail "status $got instead of $1: $(cat log)"
    await 60 all_gone || fail "workers are left: $workers"
}

# A rank that is killed ends all; two ranks go on and end with the same rows.
start killed
kill -KILL "$rank_1"
# shellcheck disable=SC2086 # a list of words; those that are gone already do not matter
kill -CONT $workers 2>/dev/null
ended 137
# shellcheck disable=SC2046,SC2086
expect 0 'Continuing in the same folder' ranks -n 2 $bare_program $(study killed)
same killed

# A signal to any rank ends all in order; a worker of another rank is started again.
start stopped
kill -KILL "$(children "$rank_1")"
# shellcheck disable=SC2317 # await calls it
replaced() {
    grep -q 'worker 2 (rank 1 on .*) was killed by signal 9' log && [ -n "$(children "$rank_1")" ]
}
await 60 replaced || fail "a worker of rank 1 that died: $(cat log)"
look
kill -TERM "$rank_2"
# shellcheck disable=SC2086 # a list of words
kill -CONT $workers
ended 143
grep -q 'stopped; every finished segment of epochs is in stopped' log || fail "nothing on the end: $(cat log)"
# shellcheck disable=SC2046,SC2086
expect 0 'Continuing in the same folder' ranks -n 2 $bare_program $(study stopped)
same stopped

# SIGUSR1 while MPI starts, which waits for the slowest rank: an early end as at any other time.
# shellcheck disable=SC2046,SC2086
(
    exec >log 2>&1
    exec "$mpirun" --allow-run-as-root --oversubscribe -n 1 $bare_program $(study early) : \
        -n 1 sh -c 'sleep 3; exec "$@"' - $bare_program $(study early)
) &
launched=$!
# shellcheck disable=SC2317 # await calls it
joining() {
    first=$(rank 0)
    [ -n "$first" ] && grep -q conv4_mpi.so "/proc/$first/maps"
}
await 60 joining || stop "rank 0 does not begin: $(cat log)"
kill -USR1 "$first"
workers=
ended 75
grep -q 'ended early, as SIGUSR1 asked for; 0 of 4 runs are done' log || fail "SIGUSR1 is lost: $(cat log)"

# Ranks that would do another study are refused.
"$program" data synth images --train 512 --seed 7 >/dev/null || stop "no images"
# refused STATUS WORDS OPTION...: rank 1 with these options.
# shellcheck disable=SC2046,SC2086
refused() {
    want=$1 words=$2
    shift 2
    rm -rf refused
    expect "$want" "conv4 repro: rank 1 on host .*: $words" ranks -n 1 $bare_program $(study refused) : \
        -n 1 $bare_program repro --backend "$backend" --quiet "$@"
    [ "$(grep -c 'conv4 repro: ' said)" -eq 1 ] || fail "more than one rank speaks: $(cat said)"
}
refused 3 'the images of .* are not those of rank 0' --out refused --figures 1,3b --data images
refused 6 'elsewhere is not the study.s folder that rank 0 has' --out elsewhere --figures 1,3b
[ ! -e elsewhere ] || fail "another rank makes a folder"
refused 1 'other settings than rank 0: batch = 16' --out refused --figures 1,3b --set batch=16
refused 1 'other runs than rank 0.*--figures.*--shard' --out refused --figures 1
refused 1 'other runs than rank 0' --out refused --figures 1,3b --shard 1/2
# A part of the study: places are those of all ranks.
# shellcheck disable=SC2046,SC2086
expect 0 '"places": 2,' ranks -n 2 $bare_program $(study shard) --shard 1/2 --workers 1 --json
refused 1 '--scale quick, and rank 0 has smoke' --out refused --scale quick
# What is not given is rank 0's.
# shellcheck disable=SC2046,SC2086
expect 0 '^2 ranks on 1 host' ranks -n 1 $bare_program $(study taken) : -n 1 $bare_program repro --out taken \
    --figures 1,3b --backend "$backend"
same taken
# Bits that depend on the machine.
if "$program" doctor | grep '^  onednn ' | grep -vq 'not available'; then
    # shellcheck disable=SC2086
    expect 2 'backend onednn: its results depend on the machine' ranks -n 2 $bare_program repro \
        --out never --scale smoke --quiet --backend onednn
fi
# Ranks that share CPUs cannot be bound to places.
# shellcheck disable=SC2046,SC2086
expect 2 'conv4 repro: --places: 4 ranks share the CPUs' ranks -n 4 $bare_program $(study never) --places core
finish
