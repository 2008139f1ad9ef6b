#!/bin/sh
# Rows that version 0.1.0 may have measured wrong: report marks them and changes nothing, repro refuses
# to continue with them, and --redo retrains those runs, giving the rows of a study without the fault.
# usage: cli_suspects.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3

native=$(bit_exact | grep -vx ref | head -n 1)
"$program" data synth images --train 64 >/dev/null || stop "no images"
"$program" data synth others --seed 2 --train 64 >/dev/null || stop "no images"
values=degrees=0,finetune_degrees=0,svhn_degrees=none,pretrain_images=48,pretrain_epochs=1
values=$values,sizes=20,size_epochs=1,finetune_images=33,finetune_epochs=1,train_accuracy_images=40
values=$values,cka_images=64,curve_images=40,control_images=20

# study OUT ACCURACY_IMAGES OPTION...
study() {
    out=$1 images=$2
    shift 2
    bare "$program" repro --out "$out" --data images --scale smoke --seeds 1 --quiet \
        --workers 1 --threads 1 --set "$values,accuracy_images=$images" "$@"
}

rows() {
    sqlite3 "$1/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n,
        quote(value) FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8'
}

# age OUT: makes it look like a study by 0.1.0, with that version's values for the larger part.
age() {
    sqlite3 "$1/study.db" "UPDATE provenance SET code_version = '0.1.0', id = 'old' || id;
        UPDATE result SET provenance = 'old' || provenance;
        UPDATE result SET value = 0.125 WHERE quantity GLOB 'test_accuracy*'"
}

study right 140 --backend "$native" >log 2>&1 || fail "a study: $(cat log)"
rows right >right.rows
cp -r right old && age old && cp -r old before
runs=$(sqlite3 old/study.db 'SELECT count(*) FROM run')
suspect=$(sqlite3 old/study.db "SELECT count(*) FROM result WHERE quantity GLOB 'test_accuracy*'")
[ "$runs" -ge 3 ] || fail "only $runs runs"
[ "$suspect" -eq $((4 * runs)) ] || fail "$suspect rows of $runs runs"

expect 0 "$suspect rows of $runs runs are suspect" bare "$program" report --out old
cmp -s old/study.db before/study.db || fail "report changes the study"
grep -q "$suspect rows of $runs runs are suspect" old/report.html || fail "report.html says nothing"
grep -q 'suspect</td>' old/report.html || fail "the table of accuracies has no mark"
grep -q "\"suspect_rows\": $suspect," old/report.json || fail "report.json counts none"
grep -q 'suspect rows' old/figures/fig2c.gp || fail "figure 2c has no mark"
grep -q 'suspect' old/figures/fig2a.gp old/figures/fig1.gp && fail "figures of right rows have marks"

expect 3 '--redo trains these runs again' study old 140 --backend "$native"
expect 3 "$suspect rows of $runs runs are suspect" study old 140 --backend "$native" --seeds 2
expect 0 'Without --redo nothing would be done' study old 140 --backend ref --dry-run
expect 2 'dry-run changes nothing; it cannot be combined with --redo' study old 140 --redo --dry-run
expect 2 'fresh starts everything over; it cannot be combined with --redo' study old 140 --redo --fresh
# Marks go by what the rows were made with, not by what is asked for now.
# (Figures of CKA over more images than there are find nothing, which is an error of its own.)
for value in cka_images=500 batch=500 curve_images=500; do
    bare "$program" report --out old --set $value >said 2>&1
    grep -q "$suspect rows of $runs runs are suspect" said || fail "--set $value: $(cat said)"
    grep -q 'suspect rows' old/figures/fig2c.gp || fail "--set $value takes the mark away"
done
# A refused command changes no rows.
expect 1 'made with' study old 140 --redo --statistics running
expect 1 'made with' bare "$program" repro --out old --data others --redo --quiet
mv old/report.html kept && mkdir old/report.html
expect 1 'report.html' study old 140 --redo
rmdir old/report.html && mv kept old/report.html
rows old >old.rows
rows before | cmp -s - old.rows || fail "refusing changes rows"
expect 0 "$runs of $runs runs to do" study old 140 --backend "$native" --redo
grep -q "To be trained again: $runs runs" said || fail "what is done again is not said: $(cat said)"
[ "$(sqlite3 old/study.db 'SELECT group_concat(DISTINCT code_version) FROM provenance')" = "$(
    sqlite3 right/study.db 'SELECT group_concat(DISTINCT code_version) FROM provenance')" ] ||
    fail "the old version is still an origin"
rows old | cmp -s - right.rows || fail "the rows after --redo are not those of a new study"
diff -r old/checkpoints right/checkpoints || fail "--redo ends with other networks"
grep -q suspect old/report.html && fail "right rows are still called suspect"
expect 0 'There are no suspect rows' study old 140 --backend "$native" --redo
expect 0 'All runs are in' study old 140 --backend "$native"

# Only suspect runs are redone: here one that was added later.
cp -r right part
sqlite3 part/study.db "UPDATE provenance SET code_version = '0.1.0', id = 'old' || id WHERE id IN
    (SELECT provenance FROM result WHERE run GLOB 'finetune-*');
    UPDATE result SET provenance = 'old' || provenance WHERE run GLOB 'finetune-*'"
left=$(sqlite3 part/study.db "SELECT count(*) FROM run WHERE key GLOB 'finetune-*'")
cp -r part other
expect 0 'To be trained again: 0 runs' study other 140 --backend "$native" --redo --figures 1
grep -q 'more such run' said || fail "nothing on suspect runs that are not asked for: $(cat said)"
rm -r other
expect 0 "$left of $runs runs to do" study part 140 --backend "$native" --redo
rows part | cmp -s - right.rows || fail "a part that is done again differs"

# All other results of 0.1.0 are right: by the reference, over no more images than CKA forwards, in the
# other block order, by running statistics.
# (In parallel: each start times its worker for a second and a half in any case.)
(study slow 140 --backend ref >slow.log 2>&1 || fail "by ref: $(cat slow.log)") &
(study few 64 --backend "$native" >few.log 2>&1 || fail "few images: $(cat few.log)") &
(
    bare "$program" repro --out other --data images --scale smoke --seeds 1 --quiet --workers 1 \
        --threads 1 --backend "$native" --order relu-bn --set "$values,accuracy_images=140" \
        >other.log 2>&1 || fail "relu-bn: $(cat other.log)"
) &
(
    study running 140 --backend "$native" --statistics running >running.log 2>&1 ||
        fail "running statistics: $(cat running.log)"
) &
wait
for folder in slow few other running; do
    age $folder
    expect 0 'figures in' bare "$program" report --out $folder
    grep -q suspect said $folder/report.html && fail "right rows of $folder are called suspect"
done
expect 0 'All runs are in' study few 64 --backend "$native"

finish
