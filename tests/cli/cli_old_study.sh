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
        PRAGMA integrity_check; SELECT count(*) FROM sqlite_master WHERE name GLOB "old_*"')" = "4
ok
0" ] || fail "$1: $(sqlite3 "$1/study.db" 'SELECT version FROM schema; PRAGMA foreign_key_check;
        PRAGMA integrity_check')"
}

cp -r "$old/resume" resumed || stop "no fixture"
cp -r "$old/redo" redone || stop "no fixture"
chmod -R u+w resumed redone

# Reading changes nothing.
expect 0 'The study is not finished: 0 of 1[0-9]* runs are' bare "$program" report --out resumed
expect 0 'rows of 1 run are suspect' bare "$program" report --out redone
# shellcheck disable=SC2086 # lists of words
expect 0 'predicted time' bare "$program" plan --out resumed $resume
cmp resumed/study.db "$old/resume/study.db" || fail "report or plan changed a study"
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
bare "$program" repro --out fresh $resume >log 2>&1 || fail "a fresh study: $(cat log)"
is_sound resumed
rows resumed >resumed.rows && rows fresh >fresh.rows
cmp fresh.rows resumed.rows || fail "a resumed study has other rows"
[ "$(wc -l <resumed.rows)" -ge 80 ] || fail "only $(wc -l <resumed.rows) rows"
[ -n "$(hashes resumed)" ] || fail "a finished run has no hash"
[ "$(hashes resumed)" = "$(hashes fresh)" ] || fail "other hashes"
[ "$(sqlite3 resumed/study.db "SELECT group_concat(DISTINCT code_version) FROM results")" != 0.1.0 ] ||
    fail "nothing was trained"
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

finish
