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
expect 2 "its seed differs" quick --data "$tmp/made" --checkpoint "$tmp/net" --seed 2
expect 2 "its training images differ" quick --checkpoint "$tmp/net" --images 64

# A loss that is not finite ends the run; the checkpoint before it stays as it was.
before=$(cksum <"$tmp/net")
expect 1 "not a finite number" quick --data "$tmp/made" --checkpoint "$tmp/net" --epochs 5 --lr 1e30
[ "$before" = "$(cksum <"$tmp/net")" ] || {
	echo "FAILED: the checkpoint changed"
	failures=$((failures + 1))
}
expect 1 "disk is full" quick --log-json /dev/full
expect 1 "$tmp/no/net" quick --save "$tmp/no/net"
if [ "$(id -u)" != 0 ]; then
	mkdir "$tmp/locked" && chmod a-w "$tmp/locked"
	expect 6 "$tmp/locked" quick --save "$tmp/locked/net"
fi

expect 3 "$tmp/text" "$conv4" cka "$tmp/text" "$tmp/net"
expect 2 "FILE" "$conv4" cka "$tmp/net"
expect 2 "--batches" quick --batches 900
expect 3 "'images' and 'labels'" quick --batches "$tmp/net"

echo "$failures failed"
[ "$failures" = 0 ]
