#!/bin/sh
# A user's rows: the reference and every bit-exact backend of this machine, with one or two workers and
# one or two threads, give a study the same rows, bit for bit, in both block orders and by both
# statistics. Accuracy is measured on more images than CKA forwards, and the last batch is partial.
# usage: cli_rows.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3

"$program" data synth images --train 64 >/dev/null || stop "no images"
# CKA forwards two batches, accuracy two and a partial one. Slices of a whole batch have two images.
values=degrees=0,finetune_degrees=0,svhn_degrees=0,batch=12,pretrain_images=18,pretrain_epochs=1
values=$values,sizes=7,size_epochs=1,finetune_images=13,finetune_epochs=1,train_accuracy_images=15
values=$values,accuracy_images=55,cka_images=24,curve_images=15,control_images=8

# rows OUT ORDER STATISTICS OPTION...: the study's rows as text.
rows() {
    out=$1 set=$values,order=$2,statistics=$3
    shift 3
    bare "$program" repro --out "$out" --data images --scale smoke --seeds 1 --quiet --set "$set" "$@" \
        >"$out.log" 2>&1 || fail "$out: $(cat "$out.log")"
    sqlite3 "$out/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n,
        quote(value) FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8' >"$out.rows"
}

# same NAME: its rows equal the reference's in this mode.
same() {
    cmp -s "$1.rows" "ref-$mode.rows" && return
    fail "$1: $(diff "ref-$mode.rows" "$1.rows" | grep -c '^>') rows differ, as $(
        diff "ref-$mode.rows" "$1.rows" | sed -n '2p;/^>/{p;q;}' | tr '\n' ' ')"
}

backends=$(bit_exact | grep -vx ref)
[ -n "$backends" ] || fail "no backend but ref: $("$program" doctor)"
for order in bn-relu relu-bn; do
    for statistics in batch running; do
        mode=$order-$statistics
        # All studies of a mode run in parallel: most of the time is each worker's initial trial of a
        # second or two, which does not take longer if many share a core.
        rows "ref-$mode" $order $statistics --backend ref --workers 1 --threads 1 &
        workers=2 threads=1
        for backend in $backends; do
            rows "$backend-$mode" $order $statistics --backend "$backend" --workers $workers \
                --threads $threads &
            # One worker of two threads, and two of one, in turn.
            workers=$((3 - workers)) threads=$((3 - threads))
        done
        if [ $mode = bn-relu-batch ]; then
            for threads in 1 2; do
                rows "auto-$threads" $order $statistics --workers 1 --threads $threads &
            done
        fi
        wait
        [ "$(wc -l <"ref-$mode.rows")" -gt 300 ] || fail "ref-$mode has no rows"
        [ "$(grep -c 'test_accuracy.*|55|' "ref-$mode.rows")" -eq 20 ] ||
            fail "ref-$mode lacks accuracies"
        for backend in $backends; do same "$backend-$mode"; done
    done
done
mode=bn-relu-batch
for threads in 1 2; do same "auto-$threads"; done
finish
