#!/bin/sh
# A study whose coordinator and workers are killed at random moments ends with the same rows and
# checkpoints, bit for bit, as an undisturbed one. C4_TEST_FULL=1: five times as many kills.
# usage: cli_kill.sh PROGRAM [SEED [KILLS]]
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3
seed=${2:-$(date +%s)}
kills_wanted=${3:-20}
[ "${C4_TEST_FULL-}" != 1 ] || kills_wanted=${3:-100}
echo "random moments from seed $seed"

"$program" data synth images --train 256 >/dev/null || stop "no images"
backend=$(bit_exact | head -n 1)

# Ten very short runs, in segments of one epoch: most of the time something is being written.
values=degrees=0,finetune_degrees=0,svhn_degrees=0,pretrain_images=64,pretrain_epochs=3
values=$values,sizes=32,size_epochs=3,finetune_images=32,finetune_epochs=2
values=$values,train_accuracy_images=32,accuracy_images=32,cka_images=40,curve_images=40
values=$values,control_images=20,segment_work=1
machine="--data images --scale smoke --backend $backend --threads 1 --quiet --set $values"

# begin OUT WORKERS: starts a study in the background, $coordinator, with its output in OUT.log.
begin() {
    # shellcheck disable=SC2086 # several words
    launch "$1.log" "$program" repro --out "$1" $machine --workers "$2"
    coordinator=$launched
}

# begun OUT: its workers have been timed and their runs are starting, or it has ended.
# shellcheck disable=SC2317 # await calls it
begun() {
    grep -qs 'predicted time' "$1.log" || ! kill -0 "$coordinator" 2>/dev/null
}

# Everything in a study that must not depend on interruptions.
dump() {
    sqlite3 "$1/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n,
            quote(value), provenance FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
        SELECT * FROM provenance ORDER BY id; SELECT * FROM checkpoint ORDER BY run, epoch;
        SELECT * FROM run ORDER BY key; SELECT * FROM setting ORDER BY name;' >"$1.dump"
}

# same OUT: it equals the undisturbed study.
same() {
    dump "$1"
    cmp whole.dump "$1.dump" || fail "the rows of whole and $1 differ"
    diff -r whole/checkpoints "$1/checkpoints" || fail "whole and $1 differ in checkpoints"
}

# workers COORDINATOR: the worker processes that it started, not gnuplot.
workers() {
    children "$1" | while read -r child; do
        { words=$(tr '\0' ' ' <"/proc/$child/cmdline"); } 2>/dev/null
        [ "$words" != "conv4 worker " ] || echo "$child"
    done
}

now() {
    cut -d ' ' -f 1 /proc/uptime
}

begin whole 1
await 300 begun whole || fail "no word of the undisturbed study: $(cat whole.log)"
began=$(now)
wait "$coordinator" || fail "undisturbed: $(cat whole.log)"
length=$(echo "$began $(now)" | awk '{ print $2 - $1 }')
dump whole
[ "$(wc -l <whole.dump)" -gt 1000 ] || fail "whole has no rows"

# Sets $x to the next random number from 0 to 1.
draw() {
    draws=$((draws + 1))
    x=$(sed -n "${draws}p" "numbers-$1")
}

# below LIMIT: whether the next random number is below LIMIT.
below() {
    draw "$1"
    awk -v x="$x" -v limit="$2" 'BEGIN { exit !(x < limit) }'
}

# disturb WORKERS: kills until enough kills have hit, in as many studies as that takes.
disturb() {
    kills=0 of_workers=0 starts=0 study=1 draws=0
    awk -v seed="$((seed + $1))" 'BEGIN { srand(seed); for (i = 0; i < 20000; i++) print rand() }' \
        >"numbers-$1"
    while [ $kills -lt "$kills_wanted" ] && [ $starts -lt $((20 * kills_wanted)) ]; do
        starts=$((starts + 1))
        out=killed-$1-$study
        begin "$out" "$1"
        # Starting up and timing the workers takes longer than all runs: one in five kills hits there.
        below "$1" 0.2 || await 300 begun "$out" || fail "no word of $out: $(cat "$out.log")"
        while [ $kills -lt "$kills_wanted" ]; do
            draw "$1"
            sleep "$(awk -v x="$x" -v span="$length" 'BEGIN { print x * span / 2 }')" || exit 1
            victim=$coordinator
            # One in two kills hits a worker, and the study continues.
            if below "$1" 0.5; then
                victim=$(workers $coordinator | head -n 1)
                [ -n "$victim" ] || victim=$coordinator
            fi
            kill -0 $coordinator 2>/dev/null || break
            kill -KILL "$victim" 2>/dev/null || continue
            kills=$((kills + 1))
            [ "$victim" != $coordinator ] || break
            of_workers=$((of_workers + 1))
        done
        wait $coordinator
        status=$?
        # 137: killed. 1: a worker was killed twice in one segment; its run failed and can be resumed.
        case $status in
        0)
            same "$out"
            study=$((study + 1))
            ;;
        1)
            grep -q 'runs failed\|again and again' "$out.log" ||
                fail "status 1: $(cat "$out.log")"
            ;;
        137) ;;
        *) fail "status $status: $(cat "$out.log")" ;;
        esac
    done
    [ $of_workers -gt 0 ] || fail "no worker was killed"
    [ $kills -ge "$kills_wanted" ] || fail "only $kills kills in $starts starts"
    out=killed-$1-$study
    # shellcheck disable=SC2086 # several words
    bare "$program" repro --out "$out" $machine --workers "$1" >"$out.log" 2>&1 ||
        fail "going on after the last kill: $(cat "$out.log")"
    same "$out"
    echo "$1 worker(s): $kills kills, $of_workers of them of workers, in $starts starts of $study studies"
}

# In parallel, so that the other's load varies the moments of the kills.
disturb 1 &
disturb 2 &
wait
[ "$(cat killed-[12]-1.dump | wc -l)" -gt 2000 ] || fail "not both were disturbed to an end"
[ -z "$(find . -name '*.tmp*')" ] || fail "temporary files are left: $(find . -name '*.tmp*')"
finish
