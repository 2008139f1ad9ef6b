#!/bin/sh
# The program on CPUs without AVX, under QEMU's user mode: it starts, reports the cost of the missing
# instructions, and trains to the same bits as here.
# usage: old_cpu.sh PROGRAM CPU_MODEL...
set -eu
program=$1
shift
emulator=$(command -v qemu-x86_64-static || command -v qemu-x86_64) || {
	echo "skipped: qemu-x86_64-static is missing (install qemu-user-static)"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "old_cpu: $*"
	exit 1
}

# The weights' bytes after one step of two images, without the header, which names the backend.
weights() { # name backend command...
	name=$1
	backend=$2
	shift 2
	"$@" train --backend "$backend" --batches 1 --batch 2 --images 2 --threads 2 --quiet \
		--save "$work/$name" --log-json "$work/$name.log" >"$work/out" 2>&1 || {
		status=$?
		cat "$work/out"
		fail "$name: exit status $status"
	}
	header=$(od -An -tu8 -N8 "$work/$name" | tr -d ' ')
	tail -c "+$((header + 9))" "$work/$name" | sha256sum | cut -d ' ' -f 1
}

want=$(weights here auto "$program")
for cpu; do
	"$emulator" -cpu "$cpu" "$program" doctor --backend ref >"$work/doctor" 2>&1 || {
		cat "$work/doctor"
		fail "$cpu: doctor"
	}
	grep -q 'features none' "$work/doctor" || fail "$cpu: doctor sees instructions that are not there"
	grep -q 'No FMA instructions are used' "$work/doctor" || fail "$cpu: doctor does not tell the cost"
	for backend in ref portable; do
		got=$(weights "$cpu-$backend" $backend "$emulator" -cpu "$cpu" "$program")
		echo "$cpu, $backend: weights $got"
		[ "$got" = "$want" ] || fail "$cpu, $backend: weights are not $want"
		grep -q 'No FMA instructions are used' "$work/out" || fail "$cpu: train does not tell the cost"
	done
done
