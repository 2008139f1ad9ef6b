#!/usr/bin/env bash
# Runs an x86-64 Linux program on a PC with several NUMA nodes that QEMU emulates, as a whole.
#
# usage: run-numa.sh --machine DIR [OPTION...] PROGRAM [ARGUMENT...]
#
#   --machine DIR     made by make-numa-machine.sh
#   --nodes N         NUMA nodes (default 2), each a package of its own
#   --cores N         of each node (default 2), one thread each
#   --memory MIB      of each node (default 512)
#   --with FILE       another program or file to include; repeatable
#   --timeout SECONDS of real time (default 900)
#   --verbose         show the kernel's messages and the time
#
# The CPU is QEMU's "max", and its instructions are translated: KVM would be faster, but a virtual
# machine's own KVM may hang. The program's shared libraries are included; it sees its own path and working directory, the variables
# C4_*, OMP_* and CMOCKA_*, and no input. Its output appears when it has ended; files that it writes
# are lost.
#
# Exit status: the program's own; 128+N if signal N ended it; 124 after the timeout; 77 (skipped) if
# QEMU or the machine is missing; 125 if the emulation itself failed.
set -euo pipefail

die() {
    echo "run-numa: $*" >&2
    exit 125
}

skip() {
    echo "skipped: $*"
    exit 77
}

machine='' with=() nodes=2 cores=2 memory=512 limit=900 verbose=no
while (($#)); do
    case $1 in
    --machine) machine=$2 ;;
    --with) with+=("$(realpath -s "$2")") ;;
    --nodes) nodes=$2 ;;
    --cores) cores=$2 ;;
    --memory) memory=$2 ;;
    --timeout) limit=$2 ;;
    --verbose) verbose=yes ;;
    -*) die "there is no option $1" ;;
    *) break ;;
    esac
    [[ $1 == --verbose ]] || shift
    shift
done
[[ -n $machine && $# -gt 0 ]] || die "usage: run-numa.sh --machine DIR [OPTION...] PROGRAM..."
for tool in qemu-system-x86_64 cpio setpriv; do
    command -v "$tool" >/dev/null || skip "$tool is missing (tests/emulate/README.md)"
done
[[ -s $machine/vmlinuz ]] || skip "$machine is missing (tests/emulate/make-numa-machine.sh)"
[[ -f $1 && -x $1 ]] || die "not a program: $1"
machine=$(realpath "$machine")
program=$(realpath -s "$1")
run=$(mktemp -d)
emulator=
# shellcheck disable=SC2317 # called by a trap
clean_up() {
    [[ -z $emulator ]] || kill "$emulator" 2>/dev/null || true
    wait || true
    rm -rf "$run"
}
trap clean_up EXIT
trap 'exit 125' INT TERM HUP

# --- the guest's files, with the same paths as here

copy_in() {
    mkdir -p "$run/guest$(dirname "$1")"
    cp -L --preserve=mode "$1" "$run/guest$1"
}

mkdir -p "$run/guest/run.d" "$run/guest$PWD"
cp "$machine/init" "$run/guest/init"
for file in "$program" "${with[@]}"; do
    copy_in "$file"
    readelf -lW "$file" 2>/dev/null | grep -q INTERP || continue
    ldd "$file" | grep -oE '/[^ ]+' | sort -u >"$run/libraries" || die "ldd: $file"
    while read -r library; do copy_in "$library"; done <"$run/libraries"
    # Otherwise the loader would not search the machine's own folders.
    copy_in /etc/ld.so.cache
done
printf '%s' "$program" >"$run/guest/run.d/program"
printf '%s' "$PWD" >"$run/guest/run.d/folder"
printf '%s\0' "$@" >"$run/guest/run.d/arguments"
{
    printf '%s\0' PATH=/usr/bin:/bin HOME=/tmp LANG=C
    while read -r name; do
        [[ ! $name =~ ^(C4|OMP|CMOCKA)_ ]] || printf '%s=%s\0' "$name" "${!name}"
    done < <(compgen -e)
} >"$run/guest/run.d/environment"
(cd "$run/guest" && find . -print0 | cpio -o -0 -H newc -R 0:0 --quiet) >"$run/initrd"
rm -rf "$run/guest"

# --- the machine: every node has a package and memory of its own

parts=()
for ((node = 0; node < nodes; node++)); do
    parts+=(-object "memory-backend-ram,id=memory$node,size=${memory}M"
        -numa "node,nodeid=$node,memdev=memory$node,cpus=$((node * cores))-$(((node + 1) * cores - 1))")
done
line="console=ttyS0,115200 8250.nr_uarts=4 panic=-1 mitigations=off cryptomgr.notests"
[[ $verbose == yes ]] || line+=" quiet loglevel=2"
began=$(date +%s)

touch "$run/stdout" "$run/stderr" "$run/console"
status=0
setpriv --pdeathsig TERM timeout -s KILL "$limit" qemu-system-x86_64 \
    -machine q35 -accel tcg,thread=multi -cpu max -m "$((nodes * memory))M" \
    -smp "$((nodes * cores)),sockets=$nodes,cores=$cores,threads=1" "${parts[@]}" \
    -kernel "$machine/vmlinuz" -initrd "$run/initrd" -append "$line" \
    -nodefaults -no-user-config -display none -no-reboot \
    -serial "file:$run/console" -serial "file:$run/stdout" -serial "file:$run/stderr" \
    </dev/null >"$run/log" 2>&1 &
emulator=$!
wait "$emulator" 2>/dev/null || status=$?
emulator=
record=$(tr -d '\r' <"$run/console" | sed -n 's/^@guest //p' | tail -n 1)

cat "$run/stdout"
cat "$run/stderr" >&2
if [[ $verbose == yes ]]; then
    tr -d '\r' <"$run/console" >&2
    echo "run-numa: $(($(date +%s) - began)) s" >&2
fi
case $record in
exit\ *) exit "${record#exit }" ;;
signal\ *)
    echo "run-numa: $1: ended by signal ${record#signal }" >&2
    exit $((128 + ${record#signal }))
    ;;
error\ *) die "in the guest: ${record#error }" ;;
esac
if ((status == 124 || status == 137)); then
    echo "run-numa: $1: ended after $limit s" >&2
    exit 124
fi
tail -n 20 "$run/console" "$run/log" >&2
die "the guest told no result (QEMU's exit status $status)"
