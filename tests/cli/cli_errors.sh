#!/bin/sh
# Bad input as a user meets it: one clear sentence, the documented exit status, nothing lost.
# usage: cli_errors.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"

# expect STATUS TEXT COMMAND...: checks the status, and TEXT in the single line on standard error
# (after a wrong command line, a second line names the help).
expect() {
	want=$1 text=$2
	shift 2
	"$@" >"$work/out" 2>"$work/err"
	got=$?
	lines=$(grep -vc '^See "' "$work/err")
	if [ "$got" != "$want" ] || ! grep -qF -- "$text" "$work/err" || [ "$lines" != 1 ]; then
		fail "$*: status $got, wanted $want; wanted one line with: $text; standard error was:
$(sed 's/^/    /' "$work/err")"
	else
		echo "ok ($got): $(cat "$work/err")"
	fi
}

# quick ARGS...: a training of a few images, silent unless it fails.
quick() {
	"$program" train --quiet --threads 1 --images 32 --test-images 32 "$@"
}

"$program" data synth "$work/made" --train 64 --test 64 >/dev/null || stop "no images"
batch=$work/made/cifar-10-batches-bin/data_batch_1.bin

expect 3 "$work/none" quick --data "$work/none"
expect 3 "$work/none" "$program" data info "$work/none"
expect 2 "there is no backend 'nonsense'" quick --backend nonsense
expect 2 "9z" "$program" repro --figures 9z --out "$work/study"
expect 2 "--epoch" quick --epoch 2
expect 2 "relu" quick --order relu
expect 2 "--degree needs" quick --degree 3

cp "$batch" "$work/whole"
head -c 100000 "$work/whole" >"$batch"
expect 3 "data_batch_1.bin" quick --data "$work/made"
cp "$work/whole" "$batch"
printf '\013' | dd of="$batch" bs=1 seek=$((3073 * 5)) conv=notrunc 2>/dev/null
expect 3 "record 5" quick --data "$work/made"
cp "$work/whole" "$batch"

quick --data "$work/made" --checkpoint "$work/net" >/dev/null || fail "a training with a checkpoint"
head -c 5000 "$work/net" >"$work/cut"
echo nonsense >"$work/text"
expect 3 "$work/cut" quick --init "$work/cut"
expect 3 "$work/text" "$program" eval --quiet --init "$work/text"
expect 3 "$work/absent" "$program" eval --quiet --init "$work/absent"
expect 2 "seed 1, now 2" quick --data "$work/made" --checkpoint "$work/net" --seed 2
expect 2 "images 32, now 64" quick --checkpoint "$work/net" --images 64

# No output may overwrite an input or another output; only weights may be trained in place.
quick --save "$work/weights" --backend ref64 >/dev/null || fail "a training that saves"
cp "$work/weights" "$work/same"
for pair in 'init log-json' 'init checkpoint' 'batches save' 'batches log-json' 'save log-json' 'save progress' 'log-json progress'; do
	a=${pair% *} b=${pair#* }
	expect 2 "--$a and --$b both name $work/./same" quick "--$a" "$work/same" "--$b" "$work/./same"
	expect 2 "--$a and --$b both name $work/new" quick "--$a" "$work//new" "--$b" "$work/new"
done
expect 2 "--init and --features both name $work/same" "$program" eval --quiet --images 32 \
	--init "$work/same" --features "$work/same"
if ! cmp "$work/weights" "$work/same" || [ -e "$work/new" ]; then
	fail "a file was overwritten"
fi
quick --backend ref64 --init "$work/same" --save "$work/same" >/dev/null ||
	fail "weights may take the place of those that it began with"
quick --batches 1 --save 1 >/dev/null || fail "a file may be named 1"

# Weights from which no training can start: the error names them, not the learning rate.
# put TENSOR OCTAL...: replaces the bytes of its first element.
put() {
	tensor=$1 bytes=$2
	header=$(od -An -tu8 -N8 "$work/weights")
	at=$(head -c $((header + 8)) "$work/weights" | tail -c +9 |
		sed -n "s/.*\"$tensor\":{[^}]*\"data_offsets\":.\([0-9]*\),.*/\1/p")
	cp "$work/weights" "$work/put"
	# shellcheck disable=SC2059 # escapes of bytes
	printf "$bytes" | dd of="$work/put" bs=1 seek=$((header + 8 + at)) conv=notrunc 2>/dev/null
}
put linear.bias '\234\165\000\210\074\344\067\176' # 1e300
expect 3 "$work/put: linear.bias[0] is 1e+300, beyond the range of a float" quick --init "$work/put"
expect 3 "$work/put: linear.bias[0] is 1e+300, beyond the range of a float" "$program" eval --quiet \
	--images 32 --init "$work/put"
"$program" eval --quiet --images 32 --init "$work/put" --backend ref64 >/dev/null || fail "a double holds 1e300"
put bn2.running_var '\000\000\000\000\000\000\360\277' # -1
expect 3 "$work/put: bn2.running_var[0] is -1, and a variance is never negative" quick --init "$work/put"
put linear.weight '\000\000\000\000\000\000\340\107' # 2^127
expect 1 "before the first update: the initial weights are too large" quick --init "$work/put"
expect 1 "before the first update: the initial weights are too large" quick --batches 1 \
	--init "$work/put"

# A loss that is not finite ends the run; the checkpoint before it stays as it was.
quick --data "$work/made" --checkpoint "$work/wild" --lr 1e10 >/dev/null || fail "one wild epoch"
before=$(cksum <"$work/wild")
expect 1 "not a finite number" quick --data "$work/made" --checkpoint "$work/wild" --epochs 5 --lr 1e10
[ "$before" = "$(cksum <"$work/wild")" ] || fail "the checkpoint changed"
expect 1 "disk is full" quick --log-json /dev/full
expect 1 "disk is full" quick --progress /dev/full
expect 2 "cannot be combined with --progress" quick --batches 1 --progress "$work/new"

# An output that cannot be written is refused before the first epoch, and leaves nothing behind.
# refuse STATUS TEXT COMMAND...: as expect, and nothing was computed.
refuse() {
	expect "$@"
	if [ -s "$work/out" ]; then
		fail "it worked first, and said: $(cat "$work/out")"
	fi
}
mkdir "$work/folder"
# In a subshell: files may have at most 51,200 bytes, as on a nearly full disk.
# shellcheck disable=SC2317 # refuse calls it
limited() (
	ulimit -f 100
	"$@"
)
for option in --save --checkpoint --log-json --progress; do
	refuse 1 "$work/no/net: its folder does not exist" quick $option "$work/no/net"
	refuse 1 "$work/folder: is a folder" quick $option "$work/folder"
	refuse 1 "$work/text/net: a part of the path is a file" quick $option "$work/text/net"
done
refuse 1 "$work/folder/net: is larger than the file size limit" limited quick --save "$work/folder/net"
refuse 1 "larger than the file size limit" limited quick --checkpoint "$work/folder/net"
for features in "$work/no/f" "$work/folder"; do
	refuse 1 "$features" "$program" eval --quiet --images 32 --features "$features"
done
refuse 1 "larger than the file size limit" limited "$program" eval --quiet --images 32 \
	--features "$work/folder/f"
refuse 1 "$work/text: is a file where a folder is needed" "$program" repro --quiet --out "$work/text"
mkdir "$work/blocked" && echo x >"$work/blocked/figures"
expect 1 "$work/blocked/figures: is a file where" "$program" repro --scale smoke --out "$work/blocked"
rm "$work/blocked/figures" && mkdir "$work/blocked/report.html"
expect 1 "$work/blocked/report.html: is a folder" "$program" repro --scale smoke --out "$work/blocked"
left=$(find "$work/folder" "$work/blocked/report.html" "$work/blocked/figures" -mindepth 1)
[ -z "$left" ] || fail "something was left behind: $left"

# Without permission. Root ignores permissions, so another user tries.
mkdir "$work/locked" && chmod a=rx "$work/locked" && chmod a+rx "$scratch" "$work"
if [ "$(id -u)" = 0 ]; then
	cp "$program" "$work/conv4" && chmod a+rx "$work/conv4"
	program=$work/conv4
	# shellcheck disable=SC2317 # refuse calls it
	unprivileged() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
else
	# shellcheck disable=SC2317 # refuse calls it
	unprivileged() { "$@"; }
fi
refuse 6 "$work/locked/net: no permission to write" unprivileged "$program" train --quiet --save "$work/locked/net"
refuse 6 "$work/locked/net: no permission to write" unprivileged "$program" train --quiet \
	--log-json "$work/locked/net"
refuse 6 "$work/locked/f: no permission to write" unprivileged "$program" eval --quiet \
	--features "$work/locked/f"
refuse 6 "$work/locked/study: no permission to write" unprivileged "$program" repro --quiet --scale smoke \
	--out "$work/locked/study"

# A folder removed meanwhile: the last write fails, and a checkpoint still has the network. The log is
# a pipe for which the training waits before its first epoch.
mkdir "$work/gone" && mkfifo "$work/pipe"
quick --data "$work/made" --epochs 8 --save "$work/gone/net" --checkpoint "$work/kept" \
	--log-json "$work/pipe" >"$work/out" 2>"$work/err" &
trained=$!
exec 3<"$work/pipe"
rmdir "$work/gone"
cat <&3 >/dev/null
wait $trained
got=$?
sentence="$work/gone/net: its folder does not exist; make the folder first; the trained network is in"
if [ $got != 1 ] || ! grep -qF "$sentence $work/kept" "$work/err" ||
	! "$program" eval --quiet --images 32 --init "$work/kept" >/dev/null; then
	fail "status $got when the folder had gone; standard error was: $(cat "$work/err")"
fi

expect 3 "$work/text" "$program" cka "$work/text" "$work/net"
expect 2 "FILE" "$program" cka "$work/net"
expect 2 "--batches" quick --batches 900
expect 3 "'images' or 'labels'" quick --batches "$work/net"

# Without standard input, pipes to workers are still pipes.
"$program" plan --scale smoke --figures 1 --workers 1 <&- >plan.out 2>plan.err ||
    fail "plan without standard input: $(cat plan.err)"

finish
