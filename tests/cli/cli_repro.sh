#!/bin/sh
# conv4 repro as a user types it: Figure 1, stopping, killing and resuming, refusals, exit statuses.
# usage: cli_repro.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
backend=$(bit_exact | head -n 1)

# A very short study. drawn OUT [OPTION...] starts it as a user does, repro with one worker and
# without pictures.
images=pretrain_images=64,train_accuracy_images=32,accuracy_images=32,cka_images=40
images=$images,curve_images=40,control_images=20,segment_work=1
machine="--scale smoke --backend $backend --threads 1 --quiet --figures 1"
tiny="$machine --set $images,pretrain_epochs=2"
drawn() {
    out=$1
    shift
    # shellcheck disable=SC2086 # several words
    "$program" repro --out "$out" $tiny "$@"
}
repro() {
    out=$1
    shift
    # shellcheck disable=SC2086 # several words
    bare "$program" repro --out "$out" $tiny --workers 1 "$@"
}

# same A B: the figures' numbers and the checkpoints agree byte for byte, and so do all rows of
# results if sqlite3 is installed.
same() {
    cmp "$1/figures/fig1.csv" "$2/figures/fig1.csv" || fail "$1 and $2 differ in fig1.csv"
    diff -r "$1/checkpoints" "$2/checkpoints" || fail "$1 and $2 differ in checkpoints"
    command -v sqlite3 >/dev/null || return
    for study in "$1" "$2"; do
        sqlite3 "$study/study.db" \
            'SELECT run, epoch, quantity, layer, reference, images, statistics, n, quote(value),
             provenance FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
             SELECT * FROM provenance ORDER BY id; SELECT * FROM checkpoint ORDER BY run, epoch;
             SELECT * FROM run ORDER BY key' >"$study.dump"
    done
    [ -s "$1.dump" ] || fail "$1 has no rows"
    cmp "$1.dump" "$2.dump" || fail "the rows of $1 and $2 differ"
}

# One complete study.
drawn whole >log 2>err || fail "repro: $(cat err)"
[ ! -s err ] || fail "--quiet writes to standard error: $(cat err)"
last=$(tail -n 1 log)
case $last in
*/figures/fig1.png | */figures/fig1.csv) [ -s "$last" ] || fail "$last is not there" ;;
*) fail "the last line is not Figure 1's path: $last" ;;
esac
grep -q 'predicted time' log || fail "no predicted time"
grep -q 'synthetic data' log || fail "synthetic data are not marked"
grep -q '^pool1 > pool2 > pool3 > pool4 > logits: ' log || fail "no word on the order"
[ "$(grep -c ",[0-2]," whole/figures/fig1.csv)" -ge 30 ] || fail "fig1.csv is not 2 x 5 layers x 3 epochs"
# Epoch 0 is the initialisation itself; later the logits have changed.
grep -q '^pool1,0,1,0,2,1,1$' whole/figures/fig1.csv || fail "CKA is not 1 at epoch 0"
grep -q '^logits,2,1,' whole/figures/fig1.csv && fail "the logits never moved"

# The same command again: nothing to do, nothing changes.
cp whole/study.db before.db
expect 0 'All runs are in' repro whole
if command -v sqlite3 >/dev/null; then
    [ "$(sqlite3 before.db .dump | grep -v 'INTO writer')" = \
        "$(sqlite3 whole/study.db .dump | grep -v 'INTO writer')" ] ||
        fail "a second start changed the rows"
fi

# Seed 2 joins a study of seed 1; the number of threads changes nothing.
# (In parallel with what follows: each start times its workers for a second and a half in any case.)
(
    repro grown --seeds 1 >grown.log 2>&1 || fail "one seed: $(cat grown.log)"
    repro grown --seeds 1-2 --threads 2 >grown.log 2>&1 ||
        fail "a second seed, by two threads: $(cat grown.log)"
) &
grown=$!

# A diverged training ends with status 1 and keeps its rows.
(
    repro diverged --seeds 1 --set "$images,control_images=none,lr=1000,momentum=1" >diverged.log 2>&1
    [ $? -eq 1 ] || fail "a diverged training: $(cat diverged.log)"
    grep -q 'is not a finite number' diverged.log ||
        fail "a diverged training does not say so: $(cat diverged.log)"
) &
diverged=$!

# Killed at any moment, it resumes and ends with the same numbers: while it starts up, while it times
# its workers, and after more and more checkpoints; the last start is left alone.
# written COUNT: this many checkpoints exist, or the study has ended.
# shellcheck disable=SC2317 # await calls it
written() {
    [ "$(find killed/checkpoints -name 'epoch-*.safetensors' 2>/dev/null | wc -l)" -ge "$1" ] ||
        ! kill -0 "$child" 2>/dev/null
}
kills=0
for moment in 0.1 0.7 1 2 3; do
    # shellcheck disable=SC2086 # several words
    launch killed.log "$program" repro --out killed $tiny --workers 1
    child=$launched
    case $moment in
    0.*) sleep $moment ;;
    *) await 300 written $moment || fail "no $moment checkpoints: $(cat killed.log)" ;;
    esac
    kill -KILL $child 2>/dev/null && kills=$((kills + 1))
    wait $child 2>/dev/null
done
[ $kills -gt 2 ] || fail "$kills kills"
repro killed >log 2>&1 || fail "going on after $kills kills: $(cat log)"
same whole killed
wait $grown
same whole grown
wait $diverged

# A damaged and a missing checkpoint: the run resumes from the one before, or from the beginning.
run=pretrain-cifar10-d0-n64-e2-bn-relu-seed
cp -r whole damaged
printf 'x' >>damaged/checkpoints/${run}1/epoch-0002.safetensors
rm damaged/checkpoints/${run}2/epoch-000?.safetensors
mine="epoch-0001.safetensors.mine epoch-1.safetensors epoch-0001.safetensor"
for name in $mine; do echo mine >"damaged/checkpoints/${run}1/$name"; done
expect 0 'goes on from the checkpoint before it' repro damaged
grep -q 'goes on from its beginning' said || fail "a missing checkpoint is not mentioned"
for name in $mine; do
    rm "damaged/checkpoints/${run}1/$name" || fail "the user's $name is gone"
done
same whole damaged

# One that cannot be read now may be sound: nothing is given up for it.
cp -r whole unread
mv unread/checkpoints/${run}1/epoch-0002.safetensors sound
ln -s epoch-0002.safetensors unread/checkpoints/${run}1/epoch-0002.safetensors
expect 1 'epoch-0002.safetensors: cannot be read' repro unread
mv sound unread/checkpoints/${run}1/epoch-0002.safetensors
expect 0 'All runs are in unread already' repro unread
same whole unread

# A folder whose name is no text: its bytes are replaced in JSON, and nothing is lost.
odd=$(printf 'odd\377')
cp -r whole "$odd"
expect 0 '"report": "\./odd' repro "./$odd" --json
rm -r "$odd"

# Other settings are refused; --fresh keeps the old study aside and touches nothing else.
cp -r whole other
echo mine >other/notes.txt
expect 1 'made with statistics = batch, not running' repro other --statistics running
expect 1 'made with pretrain_epochs = 2, not 3' \
    repro other --set "$images,pretrain_epochs=3"
expect 1 'made with scale = smoke, not quick' repro other --scale quick
same whole other
# The other block order has its own runs, which may share the folder.
cp -r whole both
expect 0 '2 of 2 runs to do' repro both --order relu-bn
[ -d both/checkpoints/pretrain-cifar10-d0-n64-e2-relu-bn-seed1 ] || fail "no runs of relu-bn"
expect 0 'All runs are in' repro both
expect 0 'The old study is kept in other/previous-' repro other --fresh --seeds 1
same whole other/previous-*
[ "$(cat other/notes.txt)" = mine ] || fail "--fresh touched a file that is not the study's"

# A second process is refused. Ctrl-C and kill give a sentence and the signal's status.
# (A shell without job control makes background jobs ignore SIGINT; env can undo that.)
signals=TERM:143
with_signal="env"
if env --default-signal=INT true 2>/dev/null; then
    with_signal='env --default-signal=INT'
    signals="INT:130 $signals"
fi
# begun: its runs are starting, or it has ended.
# shellcheck disable=SC2317 # await calls it
begun() {
    grep -qs 'predicted time' log || ! kill -0 "$child" 2>/dev/null
}
for signal in $signals; do
    rm -f log
    $with_signal PATH=/nowhere "$program" repro --out stopped --scale smoke --backend "$backend" \
        --threads 1 --workers 1 --quiet --figures 1 --set cka_images=40 >log 2>&1 &
    child=$!
    await 300 begun || fail "no word of a study: $(cat log)"
    expect 1 "process $child has been working on this study" repro stopped
    kill -"${signal%:*}" $child
    wait $child
    status=$?
    [ $status -eq "${signal#*:}" ] || fail "SIG${signal%:*} gives status $status: $(cat log)"
    grep -q 'the same command goes on' log || fail "SIG${signal%:*}: $(cat log)"
done

# JSON for programs: one object and nothing else on standard output.
drawn whole --json >summary.json 2>/dev/null || fail "--json"
head -c 1 summary.json | grep -q '{' || fail "--json writes something before the object"
for key in biased debiased places images_per_s order_holds synthetic png; do
    grep -q "\"$key\"" summary.json || [ $key = png ] || fail "--json has no key $key"
done

# Without gnuplot: the table, the script, and how to get the picture.
mkdir empty
(PATH=$work/empty drawn whole >log 2>&1) || fail "no gnuplot: $(cat log)"
tail -n 1 log | grep -q 'fig1.csv$' || fail "no gnuplot: the last line is $(tail -n 1 log)"
grep -qi 'gnuplot' log || fail "no gnuplot: nothing says so"
[ -s whole/figures/fig1.gp ] || fail "no gnuplot: no script"

true >empty.ini
# Wrong usage is 2, missing data 3, a folder that cannot be written 6.
expect 2 "no figure '9z'; these exist: 1" repro a --figures 9z
expect 2 "no scale 'huge'; these exist: smoke, quick, paper" "$program" repro --out a --scale huge
expect 2 "is not a list of seeds" repro a --seeds 3-1
expect 2 "there is no key 'colour'" "$program" repro --out a --set colour=red
expect 2 "no backend 'fast'" "$program" repro --out a --backend fast
expect 2 'a study needs' "$program" repro --out a --study empty.ini
printf '[protocol p]\nbatch = many\n' >bad.ini
expect 2 "bad.ini, line 2: batch: 'many' is not an integer" "$program" repro --out a --study bad.ini
expect 3 'no-such-folder' repro a --data no-such-folder
[ ! -e a ] || fail "a refused command made its folder"
mkdir readonly
chmod 555 readonly
if [ "$(id -u)" -eq 0 ]; then
    expect 6 'read-only file system\|permission' repro /sys/conv4-study
else
    expect 6 'permission' repro readonly/study
fi
finish
