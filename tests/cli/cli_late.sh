#!/bin/sh
# A folder that workers share as clients of a network file system do: what one of them has renamed to
# its place the others see a second later, and only when they look at the folder again. The rows are
# those of a study without that.
# usage: cli_late.sh PROGRAM; C4_TEST_LATE_RENAME names the library that is preloaded
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3
[ -n "${C4_TEST_LATE_RENAME-}" ] || skip "nothing can be preloaded in this build"

backend=$(bit_exact | head -n 1)
# One pre-training, in segments of one epoch, and four runs that start from it on two workers.
values=degrees=0,finetune_degrees=0,9,svhn_degrees=0,9,pretrain_images=64,pretrain_epochs=2
values=$values,finetune_images=32,finetune_epochs=2,segment_work=1
values=$values,train_accuracy_images=32,accuracy_images=32,cka_images=40,curve_images=40
values=$values,control_images=20
repro() {
    out=$1
    shift
    "$@" "$program" repro --out "$out" --scale smoke --figures 4a,4b --seeds 1 --backend "$backend" \
        --workers 2 --threads 1 --quiet --set $values
}

dump() {
    sqlite3 "$1/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n,
            quote(value), provenance FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
        SELECT * FROM checkpoint ORDER BY run, epoch; SELECT * FROM run ORDER BY key;'
}

repro plain env PATH=/nowhere >log 2>&1 || fail "without the library: $(cat log)"
: >missed
repro late env PATH=/nowhere LD_PRELOAD="$C4_TEST_LATE_RENAME" C4_TEST_LATE_LOG="$work/missed" \
    >log 2>&1 || fail "names that are seen late: $(cat log)"
if [ ! -s missed ]; then
    # Was there nobody to miss a file, or does this system not preload for the program?
    LD_DEBUG=libs LD_PRELOAD="$C4_TEST_LATE_RENAME" "$program" --version 2>&1 |
        grep -q late_rename || skip "the system does not preload for this program"
    fail "no worker has missed a checkpoint"
fi
grep -q 'checkpoints/.*\.safetensors' missed || fail "other files were missed: $(cat missed)"
dump plain >plain.dump
dump late >late.dump
[ "$(wc -l <plain.dump)" -gt 300 ] || fail "plain has no rows: $(wc -l <plain.dump)"
cmp plain.dump late.dump || fail "the rows differ"
diff -r plain/checkpoints late/checkpoints || fail "the checkpoints differ"
finish
