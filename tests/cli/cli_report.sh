#!/bin/sh
# conv4 report as a user types it: new figures and report from the rows, also beside a running study;
# claims that fail; refusals.
# usage: cli_report.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"

images=pretrain_images=64,train_accuracy_images=64,accuracy_images=64,cka_images=40,curve_images=40,control_images=40
# repro OPTION...: by one worker and, except for the first study, without pictures.
repro() {
    bare "$program" repro --scale smoke --quiet --workers 1 "$@"
}
report() {
    bare "$program" report "$@"
}

# A study of seconds, which then loses everything but its rows.
"$program" repro --scale smoke --quiet --out study --figures 1,2a \
    --set "$images,pretrain_epochs=2" >log 2>&1 || fail "repro: $(cat log)"
for file in report.html report.json figures/fig1.csv figures/fig1-debiased.csv figures/fig2a.csv; do
    [ -s "study/$file" ] || fail "repro leaves no $file"
done
grep -q '^study/report.html$' log || fail "repro does not name the report: $(cat log)"
cp -r study again
rm -r again/figures again/report.html again/report.json
expect 0 '^again/report.html$' "$program" report --out again --figures 1,2a
tail -n 1 said | grep -q '^again/figures/fig1\.' || fail "the last line is $(tail -n 1 said)"
diff study/figures/fig1.csv again/figures/fig1.csv || fail "fig1.csv differs"
diff study/figures/fig2a.csv again/figures/fig2a.csv || fail "fig2a.csv differs"
cmp study/study.db again/study.db || fail "report changed the database"
grep -q 'Synthetic data' again/report.html || fail "synthetic data are not marked"
expect 0 '"claims"' report --out again --figures 1 --json
head -c 1 said | grep -q '{' || fail "--json writes something before the object"
expect 0 '^again/report.html$' report --out again --figures 1 --quiet
[ "$(wc -l <said)" -eq 1 ] || fail "--quiet says more than the path"
report --out again --figures 1 --seeds 2 >log 2>&1 || fail "--seeds: $(cat log)"
grep -q '^series,x,mean,standard_error,n,seed_2$' again/figures/fig1.csv ||
    fail "--seeds 2 draws others"

# Runs of both block orders in one folder: the paper's unless the authors' are requested.
repro --out study --figures 1 --order relu-bn --set "$images,pretrain_epochs=2" >log 2>&1 ||
    fail "relu-bn in the same folder: $(cat log)"
report --out study --figures 1 >log 2>&1 || fail "report of both: $(cat log)"
grep -q 'block order bn-relu' study/report.html || fail "the paper's order is not the first"
report --out study --figures 1 --protocol authors --set curve_images=40 >log 2>&1 ||
    fail "report of the authors' order: $(cat log)"
grep -q 'block order relu-bn' study/report.html || fail "--protocol authors draws bn-relu"

# While another process works on the study, which takes minutes, with epochs of a second.
launch log "$program" repro --scale smoke --quiet --workers 1 --out busy --figures 1 \
    --set "$images,pretrain_epochs=300,accuracy_images=5000,segment_work=1"
child=$launched
# shellcheck disable=SC2317 # await calls it
reported() {
    report --out busy --figures 1 >said 2>&1
}
await 300 reported || fail "no report beside a running study: $(cat said log)"
grep -q 'The study is not finished' said || fail "beside a running study: $(cat said)"
kill -TERM $child
wait $child
[ $? -eq 143 ] || fail "the report disturbed the study: $(cat log)"

# With true and random labels exchanged claims fail, which is an error only on request.
sed '/^\[run pretrain-d0\]/,/^labels/s/^labels = d0/labels = d9/
     /^\[run pretrain-d9\]/,/^labels/s/^labels = d9/labels = d0/' "$here/../repro/study/paper.ini" >swapped.ini
small="$images,pretrain_images=128,batch=2,pretrain_epochs=8"
expect 4 "claims\{0,1\} of the paper fails\{0,1\} here: 2" repro --out swapped --study swapped.ini \
    --figures 2a --seeds 1-3 --set "$small" --strict-claims
[ -s swapped/report.html ] || fail "a failed claim leaves no report"
expect 0 'claim 2 *fails' report --out swapped --study swapped.ini --figures 2a
expect 4 'here: 2' report --out swapped --study swapped.ini --figures 2a --strict-claims
expect 0 ", 0 fail, " repro --out right --figures 2a --seeds 1-3 --set "$small" --strict-claims

# Refusals.
expect 3 'there is no study' report --out nowhere
[ ! -e nowhere ] || fail "a refused report made its folder"
expect 2 "no figure '9z'" report --out again --figures 9z
expect 2 'is not a list of seeds' report --out again --seeds x
mkdir other
echo text >other/study.db
expect 3 'study.db' report --out other
if [ "$(id -u)" -ne 0 ]; then
    chmod -R a-w again
    expect 6 'permission' report --out again --figures 1
fi

finish
