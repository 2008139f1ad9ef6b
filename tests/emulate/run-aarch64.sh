#!/bin/sh
# Runs an aarch64 Linux program under QEMU's user-mode emulation.
#
# usage: run-aarch64.sh [--cpu MODEL] [--sve BITS] [--sysroot DIR] [--timeout SECONDS]
#                       PROGRAM [ARGUMENT...]
#
#   --cpu MODEL        a CPU model of QEMU (default $C4_ARM_CPU or cortex-a72: NEON without dot
#                      product, FP16 or SVE; neoverse-n1 has the first two)
#   --sve BITS         a CPU with SVE vectors of this length
#   --sysroot DIR      folder of a dynamic program's loader and libraries (default: the cross
#                      compiler's /usr/aarch64-linux-gnu)
#   --timeout SECONDS  end the program after this time (default 1500)
#
# AddressSanitizer works, but its leak detection does not and is turned off. Times mean nothing, and
# the memory order is the host's.
#
# Exit status: the program's own; 124 after the timeout; 125 if the emulation itself failed.
set -eu

die() {
    echo "run-aarch64: $*" >&2
    exit 125
}

cpu=${C4_ARM_CPU:-cortex-a72}
sysroot=/usr/aarch64-linux-gnu
limit=1500
while [ $# -gt 1 ]; do
    case $1 in
    --cpu) cpu=$2 ;;
    --sve) cpu=max,sve$2=on ;;
    --sysroot) sysroot=$2 ;;
    --timeout) limit=$2 ;;
    -*) die "unknown option $1" ;;
    *) break ;;
    esac
    shift 2
done
[ $# -gt 0 ] || die "a program is missing"
qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64) ||
    die "qemu-aarch64-static is missing (install qemu-user-static)"
[ -x "$1" ] || die "not a program: $1"
# Bytes 18 and 19 of an ELF file give the machine; 183 is aarch64.
[ "$(od -An -tu2 -j18 -N2 "$1" | tr -d ' ')" = 183 ] || die "not an aarch64 program: $1"

export ASAN_OPTIONS="detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
# shellcheck disable=SC3045 # a shell without it only leaves a core file behind
ulimit -c 0 2>/dev/null || true
status=0
timeout --foreground -s KILL "$limit" "$qemu" -L "$sysroot" -cpu "$cpu" "$@" || status=$?
[ "$status" != 137 ] || status=124
exit "$status"
