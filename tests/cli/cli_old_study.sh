#!/bin/sh
# Studies made by version 0.1.0 (tests/reference/study-0.1.0): report and plan read them and change
# nothing; repro migrates them in one transaction, resumes them, and ends with the rows of a fresh study,
# after --redo where rows are suspect.
# usage: cli_old_study.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3

old=$C4_TEST_REFERENCE/study-0.1.0
native=$(bit_exact | grep -vx ref | head -n 1)
resume="--scale smoke --figures 1 --seeds 1 --workers 1 --threads 1 --backend $native
    --set pretrain_epochs=3,pretrain_images=4096,segment_work=1"
redo="--scale smoke --figures 1 --seeds 1 --workers 1 --threads 1 --backend $native
    --set pretrain_epochs=1,pretrain_images=64,accuracy_images=600,train_accuracy_images=64"

rows() {
    sqlite3 "$1/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n, measure,
        similarity_version, quote(value) FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8'
}

# hashes OUT: those of the rows of each run that is done.
hashes() {
    sqlite3 "$1/study.db" "SELECT key, rows_sha256 FROM run WHERE status = 'done' ORDER BY 1"
}

# is_sound OUT: of this version's tables, and whole.
is_sound() {
    [ "$(sqlite3 "$1/study.db" 'SELECT version FROM schema; PRAGMA foreign_key_check;
        PRAGMA integrity_check; SELECT count(*) FROM sqlite_master WHERE name GLOB "old_*"')" = "6
ok
0" ] || fail "$1: $(sqlite3 "$1/study.db" 'SELECT version FROM schema; PRAGMA foreign_key_check;
        PRAGMA integrity_check')"
}

interrupted=pretrain-cifar10-d0-n4096-e3-bn-relu-seed1
cp -r "$old/resume" resumed || stop "no fixture"
cp -r "$old/redo" redone || stop "no fixture"
chmod -R u+w resumed redone

# similarity OUT: the versions of its rows.
similarity() {
    sqlite3 "$1/study.db" 'SELECT group_concat(DISTINCT similarity_version) FROM result'
}

# Reading changes nothing.
expect 0 'The study is not finished: 0 of 1[0-9]* runs are' bare "$program" report --out resumed
expect 0 'rows of 1 run are suspect' bare "$program" report --out redone
# shellcheck disable=SC2086 # lists of words
expect 0 'predicted time' bare "$program" plan --out resumed $resume
# shellcheck disable=SC2086
expect 0 "run $interrupted starts over: its CKA is of version 1 of the similarity, this conv4 measures by version 2" \
    bare "$program" repro --out resumed $resume --dry-run
cmp resumed/study.db "$old/resume/study.db" || fail "report, plan or --dry-run changed a study"
diff -r resumed/checkpoints "$old/resume/checkpoints" || fail "report, plan or --dry-run changed networks"
cmp redone/study.db "$old/redo/study.db" || fail "report changed a study"
[ -s resumed/figures/fig1.csv ] || fail "no figure of an old study"

# A study that cannot be understood stays as it is.
cp -r "$old/redo" odd && chmod -R u+w odd
sqlite3 odd/study.db "UPDATE run SET spec = 'phase=pretrain labels=d7x'"
cp odd/study.db odd.db
# shellcheck disable=SC2086
expect 3 "described as 'phase=pretrain labels=d7x', which cannot be understood; --fresh keeps" \
    bare "$program" repro --out odd $redo
cmp odd/study.db odd.db || fail "a study that was refused has changed"

# shellcheck disable=SC2086
expect 0 '1 of 1 runs to do' bare "$program" repro --out resumed --take-over $resume
# shellcheck disable=SC2086
grep -q "run $interrupted starts over" said || fail "nothing on a run that starts over: $(cat said)"
grep -q 'Continuing' said && fail "a run that starts over counts as begun: $(cat said)"
# shellcheck disable=SC2086
bare "$program" repro --out fresh $resume >log 2>&1 || fail "a fresh study: $(cat log)"
[ "$(similarity resumed)" = "$(similarity fresh)" ] || fail "a run mixes versions: $(similarity resumed)"
is_sound resumed
rows resumed >resumed.rows && rows fresh >fresh.rows
cmp fresh.rows resumed.rows || fail "a resumed study has other rows"
[ "$(wc -l <resumed.rows)" -ge 80 ] || fail "only $(wc -l <resumed.rows) rows"
[ -n "$(hashes resumed)" ] || fail "a finished run has no hash"
[ "$(hashes resumed)" = "$(hashes fresh)" ] || fail "other hashes"
[ "$(sqlite3 resumed/study.db "SELECT count(*) FROM provenance WHERE code_version = '0.1.0'")" -eq 0 ] ||
    fail "a row of 0.1.0 is left"
cmp resumed/checkpoints/*/epoch-0003.safetensors fresh/checkpoints/*/epoch-0003.safetensors ||
    fail "other checkpoints"
cmp resumed/figures/fig1.csv fresh/figures/fig1.csv || fail "another figure"

# shellcheck disable=SC2086
expect 3 '--redo trains these runs again' bare "$program" repro --out redone $redo
# shellcheck disable=SC2086
expect 0 'To be trained again: 1 run with suspect rows' bare "$program" repro --out redone --redo $redo
# shellcheck disable=SC2086
bare "$program" repro --out right $redo >log 2>&1 || fail "a study: $(cat log)"
is_sound redone
rows redone >redone.rows && rows right >right.rows
cmp right.rows redone.rows || fail "rows that were redone differ"
[ "$(hashes redone)" = "$(hashes right)" ] || fail "hashes of what was redone differ"
grep -q suspect redone/report.html && fail "a suspect row is left"
# Versions 1 and 2 of the similarity differ, by less than reports say.
sqlite3 right/study.db "ATTACH '$old/redo/study.db' AS old;
    SELECT count(*), sum(a.value <> b.value) > 0, max(abs(a.value - b.value)) < 1e-6
    FROM result a JOIN old.result b USING(run, epoch, quantity, layer, reference, images, statistics, n)
    WHERE quantity GLOB 'cka_*'" >said
grep -q '^[1-9][0-9]*|1|1$' said || fail "values of versions differ otherwise than reports say: $(cat said)"

# A finished run keeps its rows, whatever joins; reports tell versions that mix, and --redo ends that.
cp -r fresh mixed
sqlite3 mixed/study.db "UPDATE result SET similarity_version = 1, value = value - 1e-7 WHERE measure <> ''"
cp -r mixed broken
rows mixed >mixed.rows && hashes mixed >mixed.hashes
both=$(echo "$resume" | sed 's/--seeds 1 /--seeds 1,2 /')
# shellcheck disable=SC2086
expect 0 '1 of 2 runs to do' bare "$program" repro --out mixed $both
told='CKA of 1 run is of version 1 of the similarity, of 1 run of version 2'
grep -q "$told" said || fail "the end of repro says nothing of versions: $(cat said)"
grep -q "$told" mixed/report.html || fail "report.html says nothing of versions"
rows mixed | grep -v seed2 | cmp - mixed.rows || fail "a finished run has other rows"
hashes mixed | grep -v seed2 | cmp - mixed.hashes || fail "a finished run has another hash"
second=$(echo "$resume" | sed 's/--seeds 1 /--seeds 2 /')
# shellcheck disable=SC2086
expect 0 'To be trained again: 0 runs whose CKA is of another version' \
    bare "$program" repro --out mixed --redo $second
grep -q '1 more such run is not requested this time and stays unchanged' said ||
    fail "runs that are not asked for: $(cat said)"
# shellcheck disable=SC2086
expect 0 'To be trained again: 1 run whose CKA is of another version of the similarity' \
    bare "$program" repro --out mixed --redo $resume
grep -q 'of the similarity, of' said mixed/report.html && fail "--redo leaves versions that mix"
[ "$(similarity mixed)" = "$(similarity fresh)" ] || fail "--redo leaves versions $(similarity mixed)"
rows mixed | grep -v seed2 | cmp - fresh.rows || fail "--redo ends with other rows"
hashes mixed | grep -v seed2 >said
hashes fresh | cmp - said || fail "--redo ends with another hash"
# shellcheck disable=SC2086
expect 0 'nothing is trained again' bare "$program" repro --out mixed --redo $both
# A finished run whose last network is damaged is not finished any more.
printf x >>broken/checkpoints/$interrupted/epoch-0003.safetensors
# shellcheck disable=SC2086
expect 0 "run $interrupted starts over" bare "$program" repro --out broken $resume
rows broken | cmp - fresh.rows || fail "a run with a damaged network ends with other rows"

finish
