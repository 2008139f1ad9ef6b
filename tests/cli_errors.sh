#!/bin/sh
# Bad input as a user meets it: one clear sentence, the documented exit status, nothing lost.
set -u
conv4=$1
backend=${C4_TEST_BACKEND:-ref} # sanitizers make ref too slow
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failures=0

# expect STATUS TEXT COMMAND...: the status, and TEXT in the single line on standard error (a wrong
# command line is followed by one more, which names the help).
expect() {
	want=$1 text=$2
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	lines=$(grep -vc '^See "' "$tmp/err")
	if [ "$got" != "$want" ] || ! grep -qF -- "$text" "$tmp/err" || [ "$lines" != 1 ]; then
		echo "FAILED: $*"
		echo "  status $got, wanted $want; wanted one line with: $text; standard error was:"
		sed 's/^/    /' "$tmp/err"
		failures=$((failures + 1))
	else
		echo "ok ($got): $(cat "$tmp/err")"
	fi
}

# quick ARGS...: a training of a few images that says nothing unless it fails.
quick() {
	"$conv4" train --quiet --backend "$backend" --threads 1 --images 32 --test-images 32 "$@"
}

"$conv4" data synth "$tmp/made" --train 64 --test 64 >/dev/null || exit 1
batch=$tmp/made/cifar-10-batches-bin/data_batch_1.bin

expect 3 "$tmp/none" quick --data "$tmp/none"
expect 3 "$tmp/none" "$conv4" data info "$tmp/none"
expect 2 "there is no backend 'nonsense'" quick --backend nonsense
expect 2 "9z" "$conv4" repro --figures 9z --out "$tmp/study"
expect 2 "--epoch" quick --epoch 2
expect 2 "relu" quick --order relu
expect 2 "--degree goes with" quick --degree 3

cp "$batch" "$tmp/whole"
head -c 100000 "$tmp/whole" >"$batch"
expect 3 "data_batch_1.bin" quick --data "$tmp/made"
cp "$tmp/whole" "$batch"
printf '\013' | dd of="$batch" bs=1 seek=$((3073 * 5)) conv=notrunc 2>/dev/null
expect 3 "record 5" quick --data "$tmp/made"
cp "$tmp/whole" "$batch"

quick --data "$tmp/made" --checkpoint "$tmp/net" >/dev/null || failures=$((failures + 1))
head -c 5000 "$tmp/net" >"$tmp/cut"
echo nonsense >"$tmp/text"
expect 3 "$tmp/cut" quick --init "$tmp/cut"
expect 3 "$tmp/text" "$conv4" eval --quiet --init "$tmp/text"
expect 3 "$tmp/absent" "$conv4" eval --quiet --init "$tmp/absent"
expect 2 "seed 1, now 2" quick --data "$tmp/made" --checkpoint "$tmp/net" --seed 2
expect 2 "images 32, now 64" quick --checkpoint "$tmp/net" --images 64

# No output takes the place of an input or of another output; only weights may be trained on.
quick --save "$tmp/weights" --backend ref64 >/dev/null || failures=$((failures + 1))
cp "$tmp/weights" "$tmp/same"
for pair in 'init log-json' 'init checkpoint' 'batches save' 'batches log-json' 'save log-json'; do
	a=${pair% *} b=${pair#* }
	expect 2 "--$a and --$b both name $tmp/./same" quick "--$a" "$tmp/same" "--$b" "$tmp/./same"
	expect 2 "--$a and --$b both name $tmp/new" quick "--$a" "$tmp//new" "--$b" "$tmp/new"
done
expect 2 "--init and --features both name $tmp/same" "$conv4" eval --quiet --images 32 \
	--init "$tmp/same" --features "$tmp/same"
if ! cmp "$tmp/weights" "$tmp/same" || [ -e "$tmp/new" ]; then
	echo "FAILED: a file was overwritten"
	failures=$((failures + 1))
fi
quick --backend ref64 --init "$tmp/same" --save "$tmp/same" >/dev/null || failures=$((failures + 1))
(cd "$tmp" && quick --batches 1 --save 1 >/dev/null) || failures=$((failures + 1))

# Weights that no training can begin with: the reason is in them, not in the learning rate.
# put TENSOR OCTAL...: the bytes of its first element.
put() {
	tensor=$1 bytes=$2
	header=$(od -An -tu8 -N8 "$tmp/weights")
	at=$(head -c $((header + 8)) "$tmp/weights" | tail -c +9 |
		sed -n "s/.*\"$tensor\":{[^}]*\"data_offsets\":.\([0-9]*\),.*/\1/p")
	cp "$tmp/weights" "$tmp/put"
	# shellcheck disable=SC2059 # escapes of bytes
	printf "$bytes" | dd of="$tmp/put" bs=1 seek=$((header + 8 + at)) conv=notrunc 2>/dev/null
}
put linear.bias '\234\165\000\210\074\344\067\176' # 1e300
expect 3 "$tmp/put: linear.bias[0] is 1e+300, more than a float holds" quick --init "$tmp/put"
expect 3 "$tmp/put: linear.bias[0] is 1e+300, more than a float holds" "$conv4" eval --quiet \
	--backend "$backend" --images 32 --init "$tmp/put"
"$conv4" eval --quiet --images 32 --init "$tmp/put" --backend ref64 >/dev/null || {
	echo "FAILED: a double holds 1e300"
	failures=$((failures + 1))
}
put bn2.running_var '\000\000\000\000\000\000\360\277' # -1
expect 3 "$tmp/put: bn2.running_var[0] is -1, and a variance is never negative" quick --init "$tmp/put"
put linear.weight '\000\000\000\000\000\000\340\107' # 2^127
expect 1 "before the first update: the weights to begin with are too large" quick --init "$tmp/put"
expect 1 "before the first update: the weights to begin with are too large" quick --batches 1 \
	--init "$tmp/put"

# A loss that is not finite ends the run; the checkpoint before it stays as it was.
quick --data "$tmp/made" --checkpoint "$tmp/wild" --lr 1e10 >/dev/null || failures=$((failures + 1))
before=$(cksum <"$tmp/wild")
expect 1 "not a finite number" quick --data "$tmp/made" --checkpoint "$tmp/wild" --epochs 5 --lr 1e10
[ "$before" = "$(cksum <"$tmp/wild")" ] || {
	echo "FAILED: the checkpoint changed"
	failures=$((failures + 1))
}
expect 1 "disk is full" quick --log-json /dev/full

# What cannot be written at the end is refused before the first epoch, and leaves nothing behind.
# refuse STATUS TEXT COMMAND...: as expect, and nothing was computed.
refuse() {
	expect "$@"
	if [ -s "$tmp/out" ]; then
		echo "FAILED: it worked first, and said: $(cat "$tmp/out")"
		failures=$((failures + 1))
	fi
}
mkdir "$tmp/folder"
# In a subshell: a file may have 51,200 bytes, as on a disk that is nearly full.
limited() (
	ulimit -f 100
	"$@"
)
for option in --save --checkpoint --log-json; do
	refuse 1 "$tmp/no/net: its folder does not exist" quick $option "$tmp/no/net"
	refuse 1 "$tmp/folder: is a folder" quick $option "$tmp/folder"
	refuse 1 "$tmp/text/net: a part of the path is a file" quick $option "$tmp/text/net"
done
refuse 1 "$tmp/folder/net: is larger than the file size limit" limited quick --save "$tmp/folder/net"
refuse 1 "larger than the file size limit" limited quick --checkpoint "$tmp/folder/net"
for features in "$tmp/no/f" "$tmp/folder"; do
	refuse 1 "$features" "$conv4" eval --quiet --images 32 --features "$features"
done
refuse 1 "larger than the file size limit" limited "$conv4" eval --quiet --images 32 \
	--features "$tmp/folder/f"
refuse 1 "$tmp/text: is a file where a folder is needed" "$conv4" repro --quiet --out "$tmp/text"
mkdir "$tmp/blocked" && echo x >"$tmp/blocked/figures"
expect 1 "$tmp/blocked/figures: is a file where" "$conv4" repro --scale smoke --out "$tmp/blocked"
rm "$tmp/blocked/figures" && mkdir "$tmp/blocked/report.html"
expect 1 "$tmp/blocked/report.html: is a folder" "$conv4" repro --scale smoke --out "$tmp/blocked"
left=$(find "$tmp/folder" "$tmp/blocked/report.html" "$tmp/blocked/figures" -mindepth 1)
[ -z "$left" ] || {
	echo "FAILED: something was left behind: $left"
	failures=$((failures + 1))
}

# Without permission. For root there are no permissions, so another user tries.
mkdir "$tmp/locked" && chmod a=rx "$tmp/locked" && chmod a+rx "$tmp"
if [ "$(id -u)" = 0 ]; then
	cp "$conv4" "$tmp/conv4" && chmod a+rx "$tmp/conv4"
	conv4=$tmp/conv4
	unprivileged() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
else
	unprivileged() { "$@"; }
fi
refuse 6 "$tmp/locked/net: permission to write" unprivileged "$conv4" train --quiet --save "$tmp/locked/net"
refuse 6 "$tmp/locked/net: permission to write" unprivileged "$conv4" train --quiet \
	--log-json "$tmp/locked/net"
refuse 6 "$tmp/locked/f: permission to write" unprivileged "$conv4" eval --quiet \
	--features "$tmp/locked/f"
refuse 6 "$tmp/locked/study: permission to write" unprivileged "$conv4" repro --quiet --scale smoke \
	--out "$tmp/locked/study"

# A folder that goes away meanwhile: the last write says so, and a checkpoint still has the network.
# The log is a pipe that the training waits for before its first epoch.
mkdir "$tmp/gone" && mkfifo "$tmp/pipe"
quick --data "$tmp/made" --epochs 8 --save "$tmp/gone/net" --checkpoint "$tmp/kept" \
	--log-json "$tmp/pipe" >"$tmp/out" 2>"$tmp/err" &
trained=$!
exec 3<"$tmp/pipe"
rmdir "$tmp/gone"
cat <&3 >/dev/null
wait $trained
got=$?
sentence="$tmp/gone/net: its folder does not exist; make the folder first; the trained network is in"
if [ $got != 1 ] || ! grep -qF "$sentence $tmp/kept" "$tmp/err" ||
	! "$conv4" eval --quiet --images 32 --init "$tmp/kept" >/dev/null; then
	echo "FAILED: status $got when the folder had gone; standard error was: $(cat "$tmp/err")"
	failures=$((failures + 1))
fi

expect 3 "$tmp/text" "$conv4" cka "$tmp/text" "$tmp/net"
expect 2 "FILE" "$conv4" cka "$tmp/net"
expect 2 "--batches" quick --batches 900
expect 3 "'images' and 'labels'" quick --batches "$tmp/net"

echo "$failures failed"
[ "$failures" = 0 ]
