#!/bin/sh
# Image files that are damaged, incomplete or not the official ones, as a user meets them: the output
# of data info and data import, and of a study made from them.
# usage: cli_data.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3

# blacken FILE FIRST COUNT: makes images of a record file black; they keep their labels.
blacken() {
    i=$2
    while [ "$i" -lt $(($2 + $3)) ]; do
        head -c 3072 /dev/zero |
            dd of="$1" bs=1 seek=$((3073 * i + 1)) conv=notrunc 2>/dev/null
        i=$((i + 1))
    done
}

# Synthetic images passed off as real, in the sizes of the official files that a small study reads.
"$program" data synth images --train 10000 >/dev/null || stop "no images"
rm images/*/SYNTHETIC
tests=images/cifar-10-batches-bin/test_batch.bin

# Labels other than published: read and reported, however few of the images are read.
expect 3 'NOT THE OFFICIAL FILE: it has other numbers of images per label than published' \
    "$program" data info images # four train files are missing
says 'data_batch_2.bin: cannot read'
says 'a part: 10000 of 73257 images'
expect 0 'images .*loss' "$program" eval --data images --images 33
says 'CIFAR-10 test: NOT THE OFFICIAL FILE: test_batch.bin has other numbers of images per label'

study="--scale smoke --figures 1 --workers 1 --set pretrain_epochs=1,pretrain_images=64"
study="$study,accuracy_images=32,train_accuracy_images=32,cka_images=40,curve_images=40"
study="$study,control_images=20"
# shellcheck disable=SC2086,SC2317 # several words; expect calls it
repro() {
    bare "$program" repro $study --data images --out study "$@"
}
expect 0 'CIFAR-10 test: NOT THE OFFICIAL FILE: test_batch.bin has other numbers' repro --seeds 1
says 'Note: Not the official images: CIFAR-10 test'
grep -q 'Not the official images: CIFAR-10 test (not the official file: test_batch.bin' \
    study/report.html || fail "report.html does not tell"
grep -q '"unofficial": *true' study/report.json || fail "report.json does not tell"
grep -q '"evaluation": *"CIFAR-10 test (not the official file: test_batch.bin has other' \
    study/report.json || fail "report.json does not tell of which rows"
stored=$(sqlite3 study/study.db 'SELECT DISTINCT data, evaluation FROM results')
case $stored in
'CIFAR-10 train '*'|CIFAR-10 test (not the official file: test_batch.bin has '*')') ;;
*) fail "the rows' origin is $stored" ;;
esac

# It continues with the same images, even if its rows lack the note, as in older versions.
sqlite3 study/study.db "UPDATE provenance SET id = 'older', evaluation = 'CIFAR-10 test';
UPDATE result SET provenance = 'older'" || fail "study.db cannot be made older"
expect 0 'NOT THE OFFICIAL FILE' repro --seeds 1,2
count=$(sqlite3 study/study.db 'SELECT count(DISTINCT evaluation) FROM results')
[ "$count" -eq 2 ] || fail "$count origins instead of an older and a newer one"

# Black images with labels may be intended.
blacken $tests 0 20
expect 0 'per label than published and 20 black images from image 0 on' \
    "$program" eval --data images --images 33
expect 0 'Not the official images' bare "$program" report --out study

# With labels of 0 they are a hole in the file.
dd if=/dev/zero of=$tests bs=3073 seek=5000 count=5000 conv=notrunc 2>/dev/null
for command in 'data info images' 'eval --data images'; do
    # shellcheck disable=SC2086 # several words
    expect 3 'records 5000 to 9999 (from offset 15365000 on) are zero bytes' "$program" $command
done
mkdir hole
cp images/svhn/* hole
dd if=/dev/zero of=hole/svhn_train.bin bs=3073 seek=9984 count=16 conv=notrunc 2>/dev/null
expect 3 'records 9984 to 9999 (from offset 30680832 on) are zero bytes' \
    "$program" data import hole copy
[ -e copy/svhn/svhn_train.bin ] && fail "a damaged file was imported"

# A copy records what it was made from; digits need no other set.
mkdir digits
cp images/svhn/* digits
blacken digits/svhn_train.bin 300 16
expect 0 'svhn_train.bin: NOT THE OFFICIAL FILE: it has 16 black images from image 300 on' \
    "$program" data import digits copied
says '2 files written'
expect 3 'it has 16 black images from image 300 on; get the file again' "$program" data verify digits
expect 0 'NOT THE OFFICIAL FILE: it has 16 black images' "$program" data info copied

# What only the original's hash shows is reported for its copy, too, and for a copy of the copy.
python=$(command -v python3)
if [ -n "$python" ]; then
    mkdir -p py/cifar-10-batches-py
    "$python" - py/cifar-10-batches-py <<'EOF' || fail "pickles cannot be made"
import random, struct, sys

# Protocol 3, as numpy's arrays are pickled: images of noise, and a thousand of each label.
def text(word):
    return b"X" + struct.pack("<I", len(word)) + word.encode()

def batch(seed):
    random.seed(seed)
    data = random.randbytes(10000 * 3072)
    labels = b"".join(b"K" + bytes([i % 10]) for i in range(10000))
    array = (b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\1b\x87R"
             b"(K\1M" + struct.pack("<H", 10000) + b"M" + struct.pack("<H", 3072) + b"\x86"
             b"cnumpy\ndtype\n" + text("u1") + b"K\0K\1\x87R(K\3" + text("|") +
             b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
             b"B" + struct.pack("<I", len(data)) + data + b"tb")
    return b"\x80\3}(" + text("labels") + b"](" + labels + b"e" + text("data") + array + b"u."

for name in ["data_batch_%d" % i for i in range(1, 6)] + ["test_batch"]:
    with open(sys.argv[1] + "/" + name, "wb") as file:
        file.write(batch(name))
EOF
    expect 0 'test_batch: NOT THE OFFICIAL FILE: it has another MD5' "$program" data import py pyto
    expect 0 'IAL FILE: it was imported from test_batch, which has another MD5' \
        "$program" data info pyto
    expect 0 'test_batch.bin: NOT THE OFFICIAL FILE: it was imported from test_batch, which' \
        "$program" data import pyto pycopy
    expect 3 'it was imported from test_batch, which has another MD5' "$program" data verify pycopy
    grep -q UNOFFICIAL said && fail "verify takes the mark for data: $(cat said)"
    expect 0 'CIFAR-10 test: NOT THE OFFICIAL FILE: test_batch.bin was imported from test_batch' \
        "$program" eval --data pycopy --images 20
    rm -r py pyto pycopy/cifar-10-batches-bin/*.bin
    head -n 2 pycopy/cifar-10-batches-bin/UNOFFICIAL >mark
    cp images/cifar-10-batches-bin/*.bin pycopy/cifar-10-batches-bin
    sed 's/files/data/' mark >pycopy/cifar-10-batches-bin/UNOFFICIAL
    expect 3 'UNOFFICIAL: not a list of unofficial files written by this program' \
        "$program" eval --data pycopy --images 20
else
    echo "not tried, python3 is missing: pickles"
fi

# Complete digits beside incomplete ones: the latter are passed over, with a message.
mkdir digits/svhn
cp images/svhn/svhn_train.bin digits/svhn
expect 0 'digits/svhn_test.bin' "$program" data info digits
head -c 100 images/svhn/svhn_test.bin >digits/svhn/svhn_test.bin
expect 0 'skipped, not complete: digits/svhn/svhn_test.bin' "$program" data info digits
says '^digits/svhn_train.bin'

# Nothing is cut from what is said of a file with a long path.
level=$(printf '%0200d' 0)
long=$PWD/$level/$level/$level/$level/$level/$level
mkdir -p "$long"
cp -r digits "$long"
expect 0 "skipped, not complete: $long/digits/svhn/svhn_test.bin: .*truncated or of another kind\$" \
    "$program" data info "$long/digits"
rm "$long/digits/svhn_train.bin" "$long/digits/svhn_test.bin"
expect 3 "$long/digits/svhn/svhn_test.bin: .*truncated or of another kind" \
    "$program" data info "$long/digits"
expect 3 "truncated or of another kind" "$program" data verify "$long/digits"

# A folder whose name is not UTF-8: JSON has U+FFFD instead of the byte.
bytes=$(printf 'digits\377')
replaced=$(printf 'digits\357\277\275')
cp -r digits "$bytes"
expect 0 "\"path\": *\"$replaced/svhn_test.bin\"" "$program" data info "$bytes" --json
expect 3 "\"path\": *\"[^\"]*svhn_test.bin\"" "$program" data verify "$bytes" --json

finish
