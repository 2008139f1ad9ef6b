#!/bin/sh
# Rows as a user gets them: a study by the reference and by every bit-exact backend of this machine, by
# one worker and two, with one thread and two, has the same rows, bit for bit, in both block orders and
# by both statistics. Accuracy is measured on more images than CKA forwards, and batches are not even.
# usage: cli_rows.sh PROGRAM
set -u
program=$1
command -v sqlite3 >/dev/null || {
    echo "skipped: sqlite3 is missing"
    exit 77
}
work=$(mktemp -d "${TMPDIR:-/tmp}/conv4-rows.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

"$program" data synth images --train 64 >/dev/null || exit 1
values=degrees=0,finetune_degrees=0,svhn_degrees=0,pretrain_images=48,pretrain_epochs=1
values=$values,sizes=20,size_epochs=1,finetune_images=33,finetune_epochs=1,train_accuracy_images=40
values=$values,accuracy_images=140,cka_images=64,curve_images=40,control_images=20

# rows OUT ORDER STATISTICS OPTION...: the study's rows as text.
rows() {
    out=$1 set=$values,order=$2,statistics=$3
    shift 3
    # No pictures: rows are what counts here.
    PATH=/nowhere "$program" repro --out "$out" --data images --scale smoke --seeds 1 --quiet --set "$set" "$@" \
        >"$out.log" 2>&1 || fail "$out: $(cat "$out.log")"
    sqlite3 "$out/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n,
        quote(value) FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8' >"$out.rows"
}

# same NAME: its rows are those of the reference in this mode.
same() {
    cmp -s "$1.rows" "ref-$mode.rows" && return
    fail "$1: $(diff "ref-$mode.rows" "$1.rows" | grep -c '^>') rows differ, as $(
        diff "ref-$mode.rows" "$1.rows" | sed -n '2p;/^>/{p;q;}' | tr '\n' ' ')"
}

backends=$("$program" doctor | sed -n 's/^  \([a-z0-9]*\) .*; bit-exact$/\1/p' | grep -vx ref)
[ -n "$backends" ] || fail "no backend but ref: $("$program" doctor)"
for order in bn-relu relu-bn; do
    for statistics in batch running; do
        mode=$order-$statistics
        rows "ref-$mode" $order $statistics --backend ref --workers 1 --threads 1
        [ "$(wc -l <"ref-$mode.rows")" -gt 300 ] || fail "ref-$mode has no rows"
        [ "$(grep -c 'test_accuracy.*|140|' "ref-$mode.rows")" -eq 20 ] ||
            fail "ref-$mode lacks accuracies"
        workers=2 threads=1
        for backend in $backends; do
            rows "$backend-$mode" $order $statistics --backend "$backend" --workers $workers \
                --threads $threads
            same "$backend-$mode"
            # One worker of two threads, and two of one, in turn.
            workers=$((3 - workers)) threads=$((3 - threads))
        done
    done
done
mode=bn-relu-batch
for threads in 1 2; do
    rows "auto-$threads" bn-relu batch --workers 1 --threads $threads
    same "auto-$threads"
done

[ $failures -eq 0 ] || exit 1
