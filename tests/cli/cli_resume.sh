#!/bin/sh
# train --checkpoint as a user sees it: the same experiment resumes with the same bits, another one is
# refused with the values that differ, and the checkpoint always stays intact.
# usage: cli_resume.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"

backend=$(bit_exact | head -n 1)

# train OPTION...: trains on a few images of the built-in set; output in out and err.
train() {
    "$program" train --quiet --backend "$backend" --threads 1 --images 48 --test-images 32 \
        --labels random --degree 3 "$@" >out 2>err
}
# expect STATUS COMMAND...: the command exits with this status.
expect() {
    want=$1
    shift
    "$@"
    got=$?
    [ $got -eq "$want" ] || fail "status $got instead of $want: $* ($(cat err))"
}
# says TEXT: it is on standard error.
says() {
    grep -qF -e "$1" err || fail "'$1' is missing in: $(cat err)"
}
# refused STATUS TEXT... -- OPTION...: resuming is refused with these words in one line (and one more
# on the help), before anything is trained, and run.ck is not changed.
refused() {
    want=$1
    shift
    : >words
    while [ "$1" != -- ]; do
        echo "$1" >>words
        shift
    done
    shift
    before=$(cksum <run.ck)
    train --checkpoint run.ck "$@"
    got=$?
    [ $got -eq "$want" ] || fail "status $got instead of $want: $* ($(cat err))"
    while read -r text; do says "$text"; done <words
    [ "$(grep -vc '^See "' err)" = 1 ] || fail "not one line: $(cat err)"
    [ ! -s out ] || fail "it trained first: $(cat out)"
    [ "$before" = "$(cksum <run.ck)" ] || fail "the checkpoint changed: $*"
}

expect 0 train --epochs 3 --save whole
expect 0 train --epochs 1 --checkpoint run.ck
grep -q '^epoch 1 ' out || fail "no epoch: $(cat out)"

# Each value alone, with both values in the sentence.
refused 2 'run.ck, which belongs to another experiment: lr 0.001, now 0.1;' \
    'give the same values, or another --checkpoint' -- --epochs 2 --lr 0.1
refused 2 'batch 32, now 8' -- --epochs 2 --batch 8
refused 2 'momentum 0.9, now 0.5' -- --epochs 2 --momentum 0.5
refused 2 'degree 3, now 9' -- --epochs 2 --degree 9
refused 2 'seed 1, now 2' -- --epochs 2 --seed 2
refused 2 'order bn-relu, now relu-bn' -- --epochs 2 --order relu-bn
refused 2 'conv winograd, now direct' -- --epochs 2 --conv direct
refused 2 'images 48, now 40' 'data synthetic objects train' -- --epochs 2 --images 40
refused 2 'data synthetic objects train' 'now synthetic digits train' -- --epochs 2 --dataset svhn
refused 2 'backend any bit-exact one, now ref64' -- --epochs 2 --backend ref64
expect 0 "$program" train --quiet --backend "$backend" --threads 1 --images 32 --test-images 32 \
    --seed 7 --save other >out 2>err
refused 2 "init the seed's, now weights" -- --epochs 2 --init other
for rule in true shifted; do
    expect 2 "$program" train --quiet --backend "$backend" --images 48 --test-images 32 --epochs 2 \
        --labels $rule --checkpoint run.ck 2>err
    says "labels random, now $rule; degree 3, now 0"
done
says 'shift 0, now 1'
refused 2 'lr 0.001, now 0.1' 'batch 32, now 8' 'degree 3, now 9' -- --epochs 2 --lr 0.1 --batch 8 \
    --degree 9
refused 2 '--save and --checkpoint both name run.ck' -- --epochs 2 --save ./run.ck
refused 2 '--log-json and --checkpoint both name run.ck' -- --epochs 2 --log-json run.ck

# A file that does not exist yet can also have several names.
mkdir -p inside
ln -s . folder
ln -s new.ck pointer
for name in "$PWD/new.ck" ./new.ck .//new.ck inside/../new.ck folder/new.ck folder/folder/new.ck \
    pointer "folder/../${PWD##*/}/new.ck"; do
    expect 2 train --checkpoint new.ck --save "$name"
    says '--save and --checkpoint both name new.ck'
    expect 2 train --checkpoint "$name" --log-json new.ck
    says '--log-json and --checkpoint both name'
    [ ! -s out ] || fail "it trained first: $(cat out)"
done
ln run.ck twin.ck
refused 2 '--save and --checkpoint both name run.ck' -- --epochs 2 --save twin.ck
rm twin.ck
[ ! -e new.ck ] || fail "new.ck was written"
# (the same name in another folder is another file)
expect 0 train --checkpoint new.ck --save inside/new.ck

# Options that do not change the bits may change: epochs, threads, a bit-exact backend, files.
[ "$backend" = ref ] && other_backend=portable || other_backend=ref
expect 0 train --epochs 2 --checkpoint run.ck --backend "$other_backend" --threads 2 --log-json log
[ ! -s err ] || fail "it says: $(cat err)"
grep -q '^epoch 2 ' out || fail "no epoch 2: $(cat out)"
expect 0 train --epochs 3 --checkpoint run.ck --save resumed
cmp whole resumed || fail "going on gives other weights"
expect 0 train --epochs 3 --checkpoint run.ck --save again
[ ! -s out ] || fail "it trained beyond its epochs: $(cat out)"
cmp whole again || fail "a training that is done gives other weights"
refused 2 'run.ck has 3 epochs already, more than --epochs 2' -- --epochs 2 --save fewer
[ ! -e fewer ] || fail "a network of 3 epochs was saved as one of 2"

# Initial weights belong to the experiment, but not their file's name.
expect 0 train --epochs 1 --init other --checkpoint tuned.ck
cp other same
expect 0 train --epochs 2 --init same --checkpoint tuned.ck
[ ! -s err ] || fail "it says: $(cat err)"
expect 2 train --epochs 3 --checkpoint tuned.ck
says "now the seed's"

# Damage is found wherever it is, and the file is not overwritten.
cp run.ck sound
size=$(($(wc -c <run.ck)))
for at in 3 20 700 2500 $((size / 4)) $((size / 2)) $((size - 5)); do
    cp sound run.ck
    byte=$(od -An -tu1 -j $at -N 1 run.ck)
    # shellcheck disable=SC2059 # an escape of one byte
    printf "\\$(printf %o $((byte ^ 1)))" | dd of=run.ck bs=1 seek=$at conv=notrunc 2>/dev/null
    cmp -s sound run.ck && fail "byte $at was not changed"
    refused 3 'run.ck' -- --epochs 4
done
# (the last one is in a weight: commands that only read the network report it)
expect 0 "$program" eval --quiet --threads 1 --images 32 --init run.ck >out 2>err
says 'run.ck: was changed or damaged since conv4 wrote it'
expect 0 "$program" eval --quiet --threads 1 --images 32 --init sound >out 2>err
[ ! -s err ] || fail "it says: $(cat err)"
for keep in 0 7 1000 $((size / 2)) $((size - 1)); do
    head -c $keep sound >run.ck
    refused 3 'run.ck' -- --epochs 4
done
echo 'a letter, not a network' >run.ck
refused 3 'run.ck: looks like text' -- --epochs 4
cp other run.ck
refused 2 'run.ck: it holds no momentum' -- --epochs 4

# The log continues with the checkpoint: every epoch once, in order, after one header.
# numbers LOG: its lines without times.
numbers() {
    sed 's/,"seconds".*/}/' "$1"
}
# shellcheck disable=SC2317 # expect calls it
log() {
    train --checkpoint log.ck --log-json log.jsonl "$@"
}
expect 0 train --epochs 4 --checkpoint at-once.ck --log-json at-once.jsonl
numbers at-once.jsonl >wanted
[ "$(wc -l <wanted)" = 5 ] || fail "not a header and 4 epochs: $(cat wanted)"
# logged WHEN: the log equals that of an uninterrupted training.
logged() {
    numbers log.jsonl | cmp - wanted || fail "$1: the log is $(cat log.jsonl)"
}
expect 0 log --epochs 2
cp log.ck two.ck
cp log.jsonl two.jsonl
head -n 3 wanted >first
numbers two.jsonl | cmp - first || fail "after 2 epochs the log is $(cat two.jsonl)"
expect 0 log --epochs 4
logged 'after 2 and 2 epochs'
expect 0 log --epochs 4
logged 'after a training that is done already'
# Killed between the log's line and the checkpoint, in the middle of a line, in the header.
for cut in 0 1 25 200; do
    cp two.ck log.ck
    size=$(($(wc -c <at-once.jsonl)))
    head -c $((size - cut)) at-once.jsonl >log.jsonl
    expect 0 log --epochs 4
    logged "$cut bytes less"
done
cp two.ck log.ck
head -c 30 at-once.jsonl >log.jsonl
expect 0 log --epochs 4
{ head -n 1 wanted && tail -n 2 wanted; } >later
numbers log.jsonl | cmp - later || fail "after a cut header the log is $(cat log.jsonl)"
# Another training's log, or a file that is not a log, is not changed.
expect 0 train --seed 2 --log-json other.jsonl
expect 0 train --lr 0.01 --log-json rate.jsonl
echo 'dear diary' >diary
for file in other.jsonl rate.jsonl diary; do
    cp two.ck log.ck
    cp $file kept
    expect 2 train --epochs 4 --checkpoint log.ck --log-json $file
    says "$file is not the log of the training to resume"
    cmp $file kept || fail "$file was changed"
    cmp two.ck log.ck || fail "it trained first"
done
# A new training begins its log anew.
rm log.ck
echo 'dear diary' >log.jsonl
expect 0 log --epochs 4
logged 'after a new training'
# Killed by SIGKILL, at any point.
rm log.ck log.jsonl
"$program" train --quiet --backend "$backend" --threads 1 --images 48 --test-images 32 --labels random \
    --degree 3 --checkpoint log.ck --log-json log.jsonl --epochs 100000 >out 2>err &
killed=$!
while kill -0 $killed 2>/dev/null && ! grep -q '"epoch":3' log.jsonl 2>/dev/null; do sleep 0.01; done
kill -9 $killed
wait $killed 2>/dev/null
epochs=$(($(grep -c '^{"epoch"' log.jsonl) + 2))
expect 0 log --epochs $epochs
sed -n 's/^{"epoch":\([0-9]*\),.*/\1/p' log.jsonl >got
seq $epochs | cmp - got || fail "after kill -9 the log is $(cat log.jsonl)"
[ "$(grep -c '"conv4"' log.jsonl)" = 1 ] || fail "not one header: $(cat log.jsonl)"

# A killed training's temporary files are removed; everything else stays.
sh -c : &
dead=$!
wait $dead
mkdir -p left
ln -s left/kw.ck to-kw.ck
mark=.tmp.$dead.0123abcd
for name in kw.ck$mark kw.st$mark kw.ck.tmp.$$.0123abcd kw.ck.tmp.0$dead.0123abcd kw.ck$mark.bak \
    kw.ck.tmp.$dead kw.ck.tmp.x kw.ck.tmp other.ck$mark akw.ck$mark; do
    echo mine >"left/$name"
done
mkdir left/kw.st.tmp.1$dead.0123abcd
expect 0 train --checkpoint left/kw.ck --save left/kw.st
[ ! -e left/kw.ck$mark ] || fail "a dead process's temporary of the checkpoint stays"
[ ! -e left/kw.st$mark ] || fail "a dead process's temporary of the weights stays"
[ "$(find left -mindepth 1 | wc -l)" = 11 ] || fail "left are: $(ls left)"
echo mine >left/kw.ck$mark
expect 0 train --epochs 2 --checkpoint to-kw.ck
[ ! -e left/kw.ck$mark ] || fail "it stays beside the file that a link leads to"
[ "$(find left -mindepth 1 | wc -l)" = 11 ] || fail "left are: $(ls left)"

finish
