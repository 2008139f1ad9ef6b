#!/bin/sh
# A study whose coordinator and workers are killed at random moments ends with the same rows and the
# same checkpoints, bit for bit, as one that nobody disturbed.
# usage: cli_kill.sh PROGRAM [SEED [KILLS]]
set -u
program=$1
seed=${2:-$(date +%s)}
kills_wanted=${3:-20}
command -v sqlite3 >/dev/null || {
    echo "skipped: sqlite3 is missing"
    exit 77
}
work=$(mktemp -d "${TMPDIR:-/tmp}/conv4-kill.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
echo "random moments from seed $seed"

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

"$program" data synth images --train 256 >/dev/null || exit 1

# Ten runs of seconds, in segments of one epoch. repro OUT [OPTION...]
values=degrees=0,finetune_degrees=0,svhn_degrees=0,pretrain_images=64,pretrain_epochs=3
values=$values,sizes=32,size_epochs=3,finetune_images=32,finetune_epochs=2
values=$values,train_accuracy_images=32,accuracy_images=32,cka_images=40,curve_images=40
values=$values,control_images=20,segment_work=1
machine='--data images --scale smoke --backend ref --threads 1 --quiet'
repro() {
    out=$1
    shift
    # shellcheck disable=SC2086
    "$program" repro --out "$out" $machine --set $values "$@"
}

# Everything in a study that may not depend on what happened to it.
dump() {
    sqlite3 "$1/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n,
            quote(value), provenance FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
        SELECT * FROM provenance ORDER BY id; SELECT * FROM checkpoint ORDER BY run, epoch;
        SELECT * FROM run ORDER BY key; SELECT * FROM setting ORDER BY name;'
}

same() {
    dump "$1" >"$1.dump"
    dump "$2" >"$2.dump"
    [ "$(wc -l <"$1.dump")" -gt 1000 ] || fail "$1 has no rows"
    cmp "$1.dump" "$2.dump" || fail "the rows of $1 and $2 differ"
    diff -r "$1/checkpoints" "$2/checkpoints" || fail "$1 and $2 differ in checkpoints"
}

# workers COORDINATOR: the worker processes that it started; gnuplot is none.
workers() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '$4 == parent { print $1 }' |
        while read -r child; do
            { words=$(tr '\0' ' ' <"/proc/$child/cmdline"); } 2>/dev/null
            [ "$words" != "conv4 worker " ] || echo "$child"
        done
}

# Sets $x to the next random number from 0 to 1.
awk -v seed="$seed" 'BEGIN { srand(seed); for (i = 0; i < 5000; i++) print rand() }' >numbers
draws=0
draw() {
    draws=$((draws + 1))
    x=$(sed -n "${draws}p" numbers)
}

began=$(date +%s)
repro whole --workers 1 >log 2>&1 || fail "undisturbed: $(cat log)"
length=$(($(date +%s) - began + 1))

# disturb WORKERS: kills until enough have hit, in as many studies as that takes.
disturb() {
    kills=0 of_workers=0 starts=0 study=1
    while [ $kills -lt "$kills_wanted" ] && [ $starts -lt 400 ]; do
        starts=$((starts + 1))
        out=killed-$1-$study
        # Not by the function: the coordinator itself is to be the background process.
        # shellcheck disable=SC2086
        "$program" repro --out "$out" $machine --set $values --workers "$1" >log 2>&1 &
        coordinator=$!
        while [ $kills -lt "$kills_wanted" ]; do
            draw
            sleep "$(awk -v x="$x" -v span="$length" 'BEGIN { print x * span / 3 }')" || exit 1
            victim=$coordinator
            # One in two hits a worker, and the study goes on.
            draw
            if awk -v x="$x" 'BEGIN { exit !(x < 0.5) }'; then
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
        # 137: killed. 1: a run whose worker was killed twice at one place, said so, and can go on.
        case $status in
        0)
            same whole "$out"
            study=$((study + 1))
            ;;
        1) grep -q 'runs failed\|again and again\|died while' log || fail "status 1: $(cat log)" ;;
        137) ;;
        *) fail "status $status: $(cat log)" ;;
        esac
    done
    [ $of_workers -gt 0 ] || fail "no worker was killed"
    [ $kills -ge "$kills_wanted" ] || fail "only $kills kills in $starts starts"
    out=killed-$1-$study
    repro "$out" --workers "$1" >log 2>&1 || fail "going on after the last kill: $(cat log)"
    same whole "$out"
    echo "$1 worker(s): $kills kills, $of_workers of them of workers, in $starts starts of $study studies"
}

disturb 1
disturb 2
[ -z "$(find . -name '*.tmp*')" ] || fail "temporary files are left: $(find . -name '*.tmp*')"
[ $failures -eq 0 ] || exit 1
