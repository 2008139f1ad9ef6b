#!/bin/sh
# Threads with small stacks (OMP_STACKSIZE): every backend trains, every op and CKA run in a team.
# usage: cli_stacks.sh PROGRAM
set -u
program=$1
# What a thread of a team needs beside its frames is the system's and the libraries' affair: glibc
# keeps thread-local memory there, and oneDNN's matrix products have buffers of their own.
export OMP_STACKSIZE=128k OMP_DYNAMIC=false
work=$(mktemp -d "${TMPDIR:-/tmp}/conv4-stacks.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0 runs=0

run() {
	runs=$((runs + 1))
	status=0
	"$@" >said 2>&1 || status=$?
	[ $status != 0 ] || return 0
	! grep -q libbenchmark-dev said || return 0 # no Google Benchmark in this build
	echo "FAILED: status $status: $*: $(tail -n 2 said)"
	failures=$((failures + 1))
}

backends=$("$program" bench list | sed -n 's/^step //p')
[ -n "$backends" ] || failures=1
for backend in ref64 $backends; do
	for order in bn-relu relu-bn; do
		for conv in winograd direct; do
			run "$program" train --quiet --backend "$backend" --threads 2 --images 8 \
				--test-images 8 --batch 8 --epochs 1 --order $order --conv $conv
		done
	done
	[ "$backend" != ref64 ] || continue # the judge of the others
	run "$program" bench step --quick --threads 2 --batch 8 --samples 3 --backend "$backend"
	# Slots that need room, on images of their own in each of two threads.
	run "$program" bench ops --quick --threads 2 --batch 2 --backend "$backend" \
		--filter '^(winograd_weights|stem_|conv_.*/block4|gram_block/logits)'
done
# CKA in both forms.
"$program" eval --quiet --images 150 --features plain.safetensors >/dev/null || failures=1
"$program" eval --quiet --images 150 --seed 2 --features other.safetensors >/dev/null || failures=1
for method in gram feature; do
	for double in '' --double; do
		# shellcheck disable=SC2086 # one word or none
		run "$program" cka plain.safetensors other.safetensors --threads 2 --method $method $double
	done
done
# Less than that is told, not tried.
refused() {
	status=0
	"$@" >said 2>&1 || status=$?
	[ $status = 6 ] && grep -q 'OMP_STACKSIZE=16k: .* at least 64k' said && return
	echo "FAILED: status $status: $*: $(tail -n 2 said)"
	failures=$((failures + 1))
}
OMP_STACKSIZE=16k
refused "$program" train --quiet --threads 2 --images 8 --test-images 8 --batch 8 --epochs 1
refused "$program" cka plain.safetensors other.safetensors --threads 2
runs=$((runs + 1))
"$program" eval --quiet --threads 1 --images 8 >said 2>&1 || {
	echo "FAILED: one thread needs no stack of a team: $(cat said)"
	failures=$((failures + 1))
}
echo "$runs runs, $failures failures"
[ $failures = 0 ]
