#!/bin/sh
# Teams that grow and shrink while a study runs: the rows of one worker, and places as read back.
# usage: cli_teams.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3
[ "$(nproc)" -ge 2 ] || skip "one core"

backend=$(bit_exact | head -n 1)
# Three pre-trainings of one seed, one of them long, in segments of one epoch, and what starts from
# them. repro OUT [OPTION...]
values=degrees=0,finetune_degrees=0,svhn_degrees=0,pretrain_images=64,pretrain_epochs=12
values=$values,sizes=32,size_epochs=3,finetune_images=32,finetune_epochs=2,segment_work=1
values=$values,train_accuracy_images=32,accuracy_images=32,cka_images=40,curve_images=40
values=$values,control_images=20
repro() {
    out=$1
    shift
    bare "$program" repro --out "$out" --scale smoke --seeds 1 --backend "$backend" --quiet \
        --set $values "$@"
}

dump() {
    sqlite3 "$1/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n,
            quote(value), provenance FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
        SELECT * FROM run ORDER BY key;'
}

same() {
    dump "$1" >"$1.dump"
    dump "$2" >"$2.dump"
    [ "$(wc -l <"$1.dump")" -gt 400 ] || fail "$1 has no rows"
    cmp "$1.dump" "$2.dump" || fail "the rows of $1 and $2 differ"
    diff -r "$1/checkpoints" "$2/checkpoints" || fail "$1 and $2 differ in checkpoints"
}

# ask OUT SQL: what the table of costs says.
ask() {
    sqlite3 "$1/study.db" "$2"
}

# Runs that were trained by teams of different sizes.
changed="SELECT count(*) FROM (SELECT run FROM cost WHERE what = 'train'
    GROUP BY run HAVING count(DISTINCT threads) > 1)"

repro single --workers 1 >log 2>&1 || fail "one worker: $(cat log)"
repro teams --workers 2 --team-speeds .9,.8,.7 >log 2>&1 || fail "two workers: $(cat log)"
same single teams
[ "$(ask single 'SELECT max(threads) FROM cost')" -eq 1 ] || fail "one worker has a team"
[ "$(ask teams 'SELECT min(threads) FROM cost')" -eq 1 ] || fail "no run was alone on its place"
[ "$(ask teams 'SELECT max(threads) FROM cost')" -eq 2 ] || fail "no team has grown"
[ "$(ask teams "$changed")" -ge 1 ] || fail "no team changed while its run went on"

# With two cores in all, workers are bound, and rows tell where they were.
if [ "$(nproc)" -eq 2 ]; then
    [ "$(ask teams 'SELECT count(*) FROM cost WHERE place != place_read_back')" -eq 0 ] ||
        fail "places differ from what was read back: $(ask teams \
            'SELECT DISTINCT place, place_read_back FROM cost')"
    [ "$(ask teams "SELECT count(*) FROM cost WHERE (threads = 2) != (place = '0-1')")" -eq 0 ] ||
        fail "teams of two have other places: $(ask teams 'SELECT DISTINCT place FROM cost')"
fi

# A worker that leads a team is killed, and so is one that lends its place: the same rows.
launch log "$program" repro --out killed --scale smoke --seeds 1 --quiet --backend "$backend" \
    --workers 2 --team-speeds .9,.8,.7 --set $values,pretrain_epochs=12
coordinator=$launched
# shellcheck disable=SC2317 # await calls it
teamed() {
    [ "$(ask killed 'SELECT count(*) FROM cost WHERE threads = 2' 2>/dev/null || echo 0)" -ge "$1" ] ||
        ! kill -0 "$coordinator" 2>/dev/null
}
await 300 teamed 1
for worker in $(children "$coordinator"); do kill -KILL "$worker" 2>/dev/null; done
wait $coordinator || fail "workers killed in teams: $(cat log)"
same single killed

# A backend whose bits depend on the team: teams stay as they are.
"$program" doctor --json | grep -q '"onednn": "[^n]' && inexact=onednn
if [ "${inexact:-}" ] && "$program" doctor --backend onednn >/dev/null 2>&1; then
    bare "$program" repro --out inexact --scale smoke --seeds 1 --quiet --backend onednn \
        --workers 2 --set $values --figures 1 >log 2>&1 || fail "onednn: $(cat log)"
    [ "$(ask inexact 'SELECT max(threads) FROM cost')" -eq 1 ] || fail "a team of onednn has grown"
fi

# With --threads the team of a worker stays what it is.
repro fixed --workers 1 --threads 2 --figures 1 >log 2>&1 || fail "--threads 2: $(cat log)"
[ "$(ask fixed 'SELECT group_concat(DISTINCT threads) FROM cost')" = 2 ] || fail "--threads 2 changed"
expect 2 "parts of ideal, at most 1, such as 0.95,0.88,0.75, not '1,2'" repro wrong --team-speeds 1,2

# Somebody moves a worker's threads while a study runs: the next rows say where they were, and so
# does a sentence; afterwards the worker takes its place again.
if [ "$(nproc)" -eq 2 ] && command -v taskset >/dev/null; then
    launch log "$program" repro --out moved --scale smoke --seeds 1 --quiet --backend "$backend" \
        --workers 2 --team-speeds .9,.8,.7 --set $values,pretrain_images=512,pretrain_epochs=60 --figures 1,2
    coordinator=$launched
    # shellcheck disable=SC2317 # await calls it
    trained() {
        [ "$(ask moved 'SELECT count(*) FROM cost' 2>/dev/null || echo 0)" -ge 40 ] ||
            ! kill -0 "$coordinator" 2>/dev/null
    }
    await 300 trained
    # Again and again: between two segments a worker takes its place without a word.
    # shellcheck disable=SC2317 # await calls it
    noticed() {
        for worker in $(children "$coordinator"); do taskset -a -p -c 0 "$worker" >/dev/null 2>&1; done
        grep -q 'not bound to its place' log || ! kill -0 "$coordinator" 2>/dev/null
    }
    await 300 noticed
    kill -INT "$coordinator"
    wait $coordinator
    grep -q 'worker [12] is not bound to its place: ' log || fail "nothing is said: $(cat log)"
    [ "$(ask moved "SELECT count(*) FROM cost WHERE place = '1' AND place_read_back != '1' OR
        place = '0-1' AND place_read_back != '0-1'")" -ge 1 ] ||
        fail "rows do not know: $(ask moved 'SELECT DISTINCT place, place_read_back FROM cost')"
fi

finish
