#!/bin/sh
# conv4 merge as a user sees it: parts of a study that were made apart become the study that would have
# been made in one go, in any order and number of steps; whatever does not belong together is refused,
# before OUT is changed.
# usage: cli_merge.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3

"$program" data synth images --train 256 >/dev/null || stop "no images"
"$program" data synth others --train 256 --seed 2 >/dev/null || stop "no other images"
values=degrees=0,finetune_degrees=0,svhn_degrees=0,pretrain_images=64,pretrain_epochs=3
values=$values,sizes=32,size_epochs=2,finetune_images=32,finetune_epochs=2
values=$values,train_accuracy_images=32,accuracy_images=32,cka_images=40,curve_images=40
values=$values,control_images=20,segment_work=1
best=$(bit_exact | head -n 1)

# study OUT [OPTION...]: a small study.
study() {
    out=$1
    shift
    bare "$program" repro --out "$out" --data images --scale smoke --seeds 1,2 --threads 1 --workers 1 \
        --quiet --set "$values" "$@" >"$out.log" 2>&1 || fail "$out: $(cat "$out.log")"
}

# tables OUT: everything that must not depend on how a study was made.
tables() {
    sqlite3 "$1/study.db" 'SELECT key, kind, data, degree, images, epochs, seed, source, status, rows_sha256
            FROM run ORDER BY 1;
        SELECT run, epoch, quantity, layer, reference, images, statistics, n, measure,
            similarity_version, quote(value), provenance FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
        SELECT * FROM checkpoint ORDER BY 1, 2; SELECT * FROM provenance ORDER BY 1;
        SELECT * FROM setting ORDER BY 1' | sort
}
costs() {
    sqlite3 "$1/study.db" 'SELECT * FROM cost ORDER BY id'
}
rows() {
    sqlite3 "$1/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n,
        quote(value) FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8'
}
# same A B: equal tables, checkpoints and costs.
same() {
    tables "$1" >a.tables
    tables "$2" >b.tables
    cmp -s a.tables b.tables || fail "$1 and $2 differ: $(diff a.tables b.tables | head -n 4)"
    costs "$1" >a.costs
    costs "$2" >b.costs
    cmp -s a.costs b.costs || fail "$1 and $2 differ in costs: $(diff a.costs b.costs | head -n 4)"
    diff -r "$1/checkpoints" "$2/checkpoints" || fail "$1 and $2 differ in checkpoints"
}
# merge STATUS WORDS OUT FOLDER...: expect, of a merge.
merge() {
    want=$1 words=$2
    shift 2
    expect "$want" "$words" bare "$program" merge "$@"
}
# refused STATUS WORDS FOLDER...: a new OUT is not made, and one that is there stays as it is.
refused() {
    want=$1 words=$2
    shift 2
    merge "$want" "$words" new "$@"
    [ ! -e new ] || fail "a merge that was refused made OUT: $*"
    rm -rf there && cp -r "$first" there
    tables there >there.tables
    merge "$want" "$words" there "$@"
    tables there | cmp -s - there.tables || fail "a merge that was refused changed OUT: $*"
}

# --- parts -------------------------------------------------------------------------------------

study whole --backend "$best" &
study wide --backend portable &
avx2=avx2
bit_exact | grep -qx avx2 || { avx2=$best && echo "not tested: a part by avx2 (no such CPU)"; }
study one --backend "$avx2" --figures 1 &
wait
study two --backend ref --figures 3b
# The third has the first one's runs, cut after one epoch, as if killed; and one that failed.
cp -r whole three
sqlite3 three/study.db "DELETE FROM checkpoint WHERE epoch > 1; DELETE FROM result WHERE epoch > 1;
    DELETE FROM cost WHERE epoch > 1 AND run IS NOT NULL;
    UPDATE run SET status = 'running', rows_sha256 = NULL;
    UPDATE run SET status = 'failed' WHERE kind = 'finetune' AND seed = 2"
runs=$(sqlite3 whole/study.db 'SELECT count(*) FROM run')
[ "$runs" -ge 8 ] || stop "only $runs runs"

# --- equal studies by two backends agree -------------------------------------------------------

merge 0 "equal, bit for bit" both whole wide
says "^All $runs runs of the study are done"
count=$(sqlite3 whole/study.db 'SELECT count(*) FROM result')
says "^What several studies hold is equal, bit for bit: $count comparisons of rows and $((2 * runs)) of networks"
rows whole >whole.rows
rows both | cmp - whole.rows || fail "two equal studies give other rows"
[ "$(sqlite3 both/study.db "SELECT count(DISTINCT backend) FROM results")" -eq 1 ] ||
    fail "provenance is not the smallest by content everywhere"
# Networks are equal, but their files name the backend: one of the two stays.
[ -z "$(find both/checkpoints -type f ! -name 'epoch-000[0-9]-????????????.safetensors')" ] ||
    fail "names of files that differ: $(find both/checkpoints)"
merge 0 "equal, bit for bit" htob wide whole
same both htob
merge 0 "equal, bit for bit" both ./whole
same both htob
cp -r whole joined
merge 0 . joined wide
same both joined

# --- parts in any order, twice and in steps ----------------------------------------------------

merge 0 "^Missing: [1-9][0-9]* of the study's $runs runs: " m123 one two three
says '^    conv4 repro --out m123$'
grep -q 'absent' said && fail "a run that is planned is absent: $(cat said)"
merge 0 . m321 three two one
same m123 m321
merge 0 . m123 one two three
same m123 m321
merge 0 . m12 two one
merge 0 . m123steps three m12
same m123 m123steps
merge 0 . m12 three # OUT takes part
same m123 m12
# A run is failed if it failed in all studies that have it.
failed() {
    sqlite3 "$1/study.db" "SELECT count(*) FROM run WHERE status = 'failed'"
}
[ "$(failed m123)" -gt 0 ] || fail "a run that failed in all studies is planned"
cp -r three four
sqlite3 four/study.db "UPDATE run SET status = 'planned'"
merge 0 "(planned)" tried three four
[ "$(failed tried)" -eq 0 ] || fail "a run that failed in one study only has failed in all"
sqlite3 m123/study.db 'PRAGMA foreign_key_check; PRAGMA integrity_check' >said
[ "$(cat said)" = ok ] || fail "the merged database: $(cat said)"

# --- the merged study goes on, and ends as one that was made in one go -------------------------

key=$(sqlite3 whole/study.db "SELECT key FROM run WHERE kind = 'pretrain' AND seed = 1")
touch "m123/checkpoints/$key/epoch-0001-0123456789ab.safetensors" # of a merge that was killed
touch "m123/checkpoints/$key/epoch-0001-mine.safetensors" "m123/checkpoints/$key/epoch-0001-0123.safetensors"
study m123 --backend "$best"
[ ! -e "m123/checkpoints/$key/epoch-0001-0123456789ab.safetensors" ] || fail "what a merge left behind stays"
[ "$(find m123 -name 'epoch-0001-mine.safetensors' -o -name 'epoch-0001-0123.safetensors' | wc -l)" -eq 2 ] ||
    fail "a user's file was removed"
grep -q "missing\|damaged\|goes on from" m123.log && fail "a merged study lacks networks: $(cat m123.log)"
grep -q '^Continuing in the same folder' m123.log || fail "nothing is continued: $(cat m123.log)"
rows m123 | cmp - whole.rows || fail "a merged study that went on has other rows"
sqlite3 whole/study.db 'SELECT key, status, rows_sha256 FROM run ORDER BY 1' >whole.hashes
sqlite3 m123/study.db 'SELECT key, status, rows_sha256 FROM run ORDER BY 1' | cmp - whole.hashes ||
    fail "... and other hashes"
for out in whole both m123; do
    expect 0 report.html bare "$program" report --out $out
done
for table in whole/figures/*.csv; do
    case $table in whole/figures/cost-*) continue ;; esac # times
    for out in both m123; do
        cmp "$table" "$out/figures/${table##*/}" || fail "$out: another ${table##*/}"
    done
done
[ -s whole/figures/fig1.csv ] || fail "no figures"

# --- parts of a study that was planned for more seeds -------------------------------------------

cp -r whole shard
sqlite3 shard/study.db "DELETE FROM result WHERE run GLOB '*seed2'; DELETE FROM cost WHERE run GLOB '*seed2';
    DELETE FROM checkpoint WHERE run GLOB '*seed2'; DELETE FROM run WHERE seed = 2"
merge 0 "^Missing: $((runs / 2)) of the study's $runs runs: .*seed2 (absent)" parts shard
bare "$program" repro --out parts --data images --threads 1 --workers 1 -q --backend "$best" >parts.log 2>&1 ||
    fail "repro does not do the rest: $(cat parts.log)"
rows parts | cmp - whole.rows || fail "a part that went on ends with other rows"

# --- what is missing and damaged ---------------------------------------------------------------

cp -r whole cut
rm "cut/checkpoints/$key/epoch-0003.safetensors"
merge 0 "^cut: 1 of [0-9]* networks are left out, the first because cut/checkpoints/$key/epoch-0003" lost cut
says "^1 finished run is without a last network: 'conv4 report' draws it"
rows lost | cmp - whole.rows || fail "rows are missing with a network"
merge 0 "cut: 1 of" found cut whole
grep -q 'finished run is without' said && fail "a network that another study has is missing: $(cat said)"
merge 0 . alone whole
same found alone
costs whole | cut -d '|' -f 2- | sort >whole.costs
costs alone | cut -d '|' -f 2- | sort | cmp - whole.costs || fail "costs of a single study change"
printf x >>"cut/checkpoints/$key/epoch-0002.safetensors"
merge 0 "^cut: 2 of [0-9]* networks are left out" lost2 cut
# ... and a study without it trains the run again, to the same end.
study lost --backend "$best"
grep -q "run $key: the study has no network of its epoch 3; the run goes on from the checkpoint" lost.log ||
    fail "nothing is said of a network that is missing: $(cat lost.log)"
rows lost | cmp - whole.rows || fail "a run whose network was lost ends with other rows"

# --- refusals ----------------------------------------------------------------------------------

first=whole
refused 3 "^conv4 merge: nowhere: there is no study (there is no such folder)" whole nowhere
mkdir empty
refused 3 "^conv4 merge: empty: there is no study (study.db is missing)" whole empty
refused 2 "one/../one: is the same folder as one; name each folder once" one one/../one
merge 2 "whole/../whole: is OUT itself" whole whole/../whole one
merge 2 "OUT DIR" whole
refused 3 "there is no study (it has no runs)" "$(mkdir -p bare && sqlite3 bare/study.db '' &&
    : >bare/study.db && echo bare)"

cp -r whole changed
sqlite3 changed/study.db "UPDATE result SET value = value + 1e-15 WHERE run = '$key' AND epoch = 2
    AND quantity = 'cka_biased' AND layer = 'pool2' AND reference = 'initialisation'"
refused 7 "run $key, epoch 2, cka_biased of pool2 to initialisation on .*: value is 0\.[0-9]* in [a-z]* and 0\.[0-9]* in changed; " \
    whole changed
grep -o '0\.[0-9]\{14,\}' said | sort -u | wc -l | grep -qx 2 || fail "not both values: $(cat said)"
cp -r whole short
sqlite3 short/study.db "DELETE FROM result WHERE run = '$key' AND epoch = 2 AND layer = 'pool2'"
refused 7 "run $key, epoch 2, .* of pool2 .*: there is a row in [a-z]* and none in short" whole short
merge 7 "there is a row in whole and none in short" new short whole
cp -r whole hashed
sqlite3 hashed/study.db "UPDATE run SET rows_sha256 = 'f' || substr(rows_sha256, 2) || 'x' WHERE key = '$key'"
refused 7 "run $key: its rows are the same, but rows_sha256 is" whole hashed
# Another network: the last byte of a momentum, and the hash that fits to it.
cp -r whole trained
net=checkpoints/$key/epoch-0003.safetensors
size=$(wc -c <"trained/$net")
printf '\001' | dd of="trained/$net" bs=1 seek=$((size - 3)) conv=notrunc 2>/dev/null
cmp -s "whole/$net" "trained/$net" && stop "the network has not changed"
sqlite3 trained/study.db "UPDATE checkpoint SET sha256 = '$(sha256sum "trained/$net" | cut -d ' ' -f 1)'
    WHERE run = '$key' AND epoch = 3"
refused 7 "run $key, epoch 3: the networks in .*/$net and trained/$net differ in 1 values; " whole trained
cp -r whole other
sqlite3 other/study.db "UPDATE run SET curve_images = 41 WHERE key = '$key'"
refused 1 "other: run $key has curve_images = 41, and in [a-z]* 40" whole other
cp -r whole versions
sqlite3 versions/study.db "UPDATE result SET similarity_version = 1 WHERE measure <> ''"
refused 1 "versions: has CKA of version 1 of the similarity, [a-z]* has none of it" whole versions
cp -r whole setting
for change in "seeds=1-3" "sizes=16,32" "lr=0.01" "scale=quick" "matched_scratch=yes"; do
    name=${change%%=*} value=${change#*=}
    sqlite3 setting/study.db "UPDATE setting SET value = '$value' WHERE name = '$name'"
    refused 1 "setting: was made with $name = $value, [a-z]* with " whole setting
    rm -rf setting && cp -r whole setting
done
# A setting on which no row depends is no difference.
sqlite3 setting/study.db "UPDATE setting SET value = '7' WHERE name = 'segment_work'"
merge 0 . segments whole setting
merge 0 . segments2 setting whole
same segments segments2

bare "$program" repro --out data --data others --scale smoke --seeds 1,2 --threads 1 --workers 1 --quiet \
    --figures 1 --set "$values" >data.log 2>&1 || fail "other images: $(cat data.log)"
refused 1 "data: was made with t[a-z]* images' SHA-256 = [0-9a-f]*, [a-z]* with " one data
bare "$program" repro --out seeds --data images --scale smoke --seeds 3 --threads 1 --workers 1 --quiet \
    --figures 1 --set "$values" >seeds.log 2>&1 || fail "other seeds: $(cat seeds.log)"
refused 1 "seeds: was made with seeds = 3, [a-z]* with 1-2; only studies of the same settings" one seeds
if "$program" doctor --backend onednn >/dev/null 2>&1; then
    study onednn --backend onednn --figures 1
    refused 1 "onednn: was made with arithmetic = onednn .*, [a-z]* with canonical, version 1" one onednn
    cp -r onednn again
    merge 0 "bit for bit: [1-9][0-9]* comparisons of rows and [1-9][0-9]* of networks" dnn onednn again
else
    echo "not tested: oneDNN's study (no oneDNN in this build)"
fi
cp -r one program
sqlite3 program/study.db "UPDATE provenance SET code_version = '9.9'; UPDATE cost SET program = '9.9'"
merge 0 "by several versions of conv4: .*, 9.9" programs one program
merge 0 . programs2 program one
same programs programs2

# OUT that cannot be written. Root ignores permissions, so another user tries.
# shellcheck disable=SC2317 # expect calls it
unprivileged() {
    if [ "$(id -u)" -eq 0 ]; then set -- setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; fi
    "$@"
}
own=$program
if [ "$(id -u)" -eq 0 ]; then
    cp "$program" conv4 && own=$work/conv4
    chmod a+rx "$scratch" "$work" conv4
fi
cp -r one locked && mkdir shut && chmod -R a-w locked shut
tables locked >locked.tables
expect 6 "locked/study.db: no permission to write" unprivileged "$own" merge locked two
expect 6 "shut/out: no permission to write" unprivileged "$own" merge shut/out one
tables locked | cmp - locked.tables || fail "OUT without permission has changed"
: >file
merge 1 "file: is a file where a folder is needed" file one

# --- output ------------------------------------------------------------------------------------

bare "$program" merge json one cut --json >out.json 2>err || fail "--json: $(cat err)"
grep -q '"equal_rows": [1-9]' out.json || fail "no rows are compared: $(cat out.json)"
grep -q '"run": "finetune' out.json && fail "finished runs are missing: $(cat out.json)"
grep -q '"left_out": \[$' out.json || fail "nothing is left out: $(cat out.json)"
bare "$program" merge -q quiet one >said 2>&1 || fail "-q: $(cat said)"
[ ! -s said ] || fail "-q says $(cat said)"
merge 0 "and [1-9][0-9]* more\|([a-z]*).$" absent one
expect 0 "does the rest" "$program" merge twice one two
# A shell takes the folder in the commands that come next for one word.
expect 0 "^    conv4 report --out 'it'\\\\''s whole'\$" "$program" merge "it's whole" whole
expect 0 "^    conv4 repro --out=-part\$" "$program" merge -- -part one

finish
