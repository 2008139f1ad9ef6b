#!/bin/sh
# Threads with small stacks (OMP_STACKSIZE): every backend trains, every op and CKA run in a team.
# usage: cli_stacks.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
# Besides its frames, a thread's stack holds what the system and libraries put there: glibc keeps
# thread-local memory there, and oneDNN's matrix products their buffers.
export OMP_STACKSIZE=128k OMP_DYNAMIC=false
runs=0

run() {
	runs=$((runs + 1))
	status=0
	"$@" >said 2>&1 || status=$?
	[ $status != 0 ] || return 0
	! grep -q libbenchmark-dev said || return 0 # no Google Benchmark in this build
	fail "status $status: $*: $(tail -n 2 said)"
}

backends=$("$program" bench list | sed -n 's/^step //p')
[ -n "$backends" ] || fail "no backends"
for backend in ref64 $backends; do
	for order in bn-relu relu-bn; do
		for conv in winograd direct; do
			run "$program" train --quiet --backend "$backend" --threads 2 --images 8 \
				--test-images 8 --batch 8 --epochs 1 --order $order --conv $conv
		done
	done
	[ "$backend" != ref64 ] || continue # the oracle for the others
	run "$program" bench step --quick --threads 2 --batch 8 --samples 3 --backend "$backend"
	# Slots that need much stack, on separate images in each of two threads.
	run "$program" bench ops --quick --threads 2 --batch 2 --backend "$backend" \
		--filter '^(winograd_weights|stem_|conv_.*/block4|gram_block/logits)'
done
# CKA in both forms. In double only with features of pool2: those of pool1 take sixteen times as long.
# pool2 FILE: writes that layer's features, 4,096 per image, as NPY.
pool2() {
	printf '\223NUMPY\001\000\166\000%-117s\n' \
		"{'descr': '<f4', 'fortran_order': False, 'shape': (150, 4096), }"
	header=$(($(od -An -tu8 -N8 "$1")))
	tail -c +$((8 + header + 1 + 150 * 4 * 16384)) "$1" | head -c $((150 * 4 * 4096))
}
"$program" eval --quiet --images 150 --features plain.safetensors >/dev/null || fail "no features"
"$program" eval --quiet --images 150 --seed 2 --features other.safetensors >/dev/null || fail "no features of seed 2"
run "$program" cka plain.safetensors other.safetensors --threads 2 --method gram
run "$program" cka plain.safetensors other.safetensors --threads 2 --method gram --double
run "$program" cka plain.safetensors other.safetensors --threads 2 --method feature
pool2 plain.safetensors >plain.npy
pool2 other.safetensors >other.npy
run "$program" cka plain.npy other.npy --threads 2 --method feature --double
# Smaller stacks are refused with a message.
refused() {
	status=0
	"$@" >said 2>&1 || status=$?
	[ $status = 6 ] && grep -q 'OMP_STACKSIZE=16k: .* at least 64k' said && return
	fail "status $status: $*: $(tail -n 2 said)"
}
OMP_STACKSIZE=16k
refused "$program" train --quiet --threads 2 --images 8 --test-images 8 --batch 8 --epochs 1
refused "$program" cka plain.safetensors other.safetensors --threads 2
runs=$((runs + 1))
"$program" eval --quiet --threads 1 --images 8 >said 2>&1 ||
	fail "one thread needs no stack of a team: $(cat said)"
echo "$runs runs"
finish
