#!/usr/bin/env bash
# Runs an x86-64 Linux program on a whole PC that Bochs emulates: with AVX-512, or as another CPU.
#
# usage: run-avx512.sh --machine DIR [OPTION...] PROGRAM [ARGUMENT...]
#
#   --machine DIR     made by make-avx512-machine.sh
#   --cpu MODEL       a CPU model of Bochs (default corei7_skylake_x: AVX-512 F, CD, DQ, BW, VL);
#                     corei7_haswell_4770 has AVX2 and FMA, corei7_sandy_bridge_2600k AVX,
#                     core2_penryn_t9600 SSE4.1; "bochs --help cpu" lists all
#   --hide FEATURES   CPU features that the kernel must not use, such as "avx512f": their registers'
#                     state is then not enabled in XCR0
#   --memory MIB      256 to 2048 (default 768)
#   --timeout SECONDS of real time (default 1500)
#   --unless-here F   skip if this machine's own CPU has the feature F in /proc/cpuinfo, unless
#                     C4_TEST_FULL=1
#   --verbose         show the kernel's messages and the time
#
# The program's shared libraries are included; it sees its own path and working directory, the
# variables C4_*, OMP_* and CMOCKA_*, no input, one CPU, and a clock that counts instructions. Its
# output appears when it has ended; files that it writes are lost.
#
# Exit status: the program's own; 128+N if signal N ended it; 124 after the timeout; 77 (skipped) if
# Bochs or the machine is missing; 125 if the emulation itself failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
instructions_per_second=200000000 # of the guest's clock

die() {
    echo "run-avx512: $*" >&2
    exit 125
}

skip() {
    echo "skipped: $*"
    exit 77
}

machine='' cpu=corei7_skylake_x hide='' memory=768 limit=1500 verbose=no unless_here=
while (($#)); do
    case $1 in
    --machine) machine=$2 ;;
    --cpu) cpu=$2 ;;
    --hide) hide=,$2 ;;
    --memory) memory=$2 ;;
    --timeout) limit=$2 ;;
    --unless-here) unless_here=$2 ;;
    --verbose) verbose=yes ;;
    -*) die "there is no option $1" ;;
    *) break ;;
    esac
    [[ $1 == --verbose ]] || shift
    shift
done
[[ -n $machine && $# -gt 0 ]] || die "usage: run-avx512.sh --machine DIR [OPTION...] PROGRAM..."
for tool in bochs-bin cpio as ld script setpriv; do
    command -v "$tool" >/dev/null || skip "$tool is missing (tests/emulate/README.md)"
done
[[ -f /usr/share/bochs/BIOS-bochs-latest ]] || skip "bochsbios is missing"
[[ -s $machine/kernel.conf ]] || skip "$machine is missing (tests/emulate/make-avx512-machine.sh)"
[[ -f $1 && -x $1 ]] || die "not a program: $1"
[[ -z $unless_here || ${C4_TEST_FULL-} == 1 ]] || ! grep -qw "^flags.*$unless_here" /proc/cpuinfo ||
    skip "this CPU has $unless_here itself; C4_TEST_FULL=1 emulates it all the same"
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
copy_in "$program"
if readelf -lW "$program" | grep -q INTERP; then
    ldd "$program" | grep -oE '/[^ ]+' | sort -u >"$run/libraries" || die "ldd: $program"
    while read -r library; do copy_in "$library"; done <"$run/libraries"
    # Otherwise the loader would not search the machine's own folders.
    copy_in /etc/ld.so.cache
fi
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

# --- the boot disk: boot sector, the kernel's command line, those files

kernel_address=0 kernel_entry=0
# shellcheck source=/dev/null # two numbers
. "$machine/kernel.conf"
# A separate link, because Bochs locks a disk image with a file beside it.
ln -s "$machine/kernel.img" "$run/kernel.img"
initrd_bytes=$(stat -c %s "$run/initrd")
disk_sectors=$(((4096 + initrd_bytes + 511) / 512))
((disk_sectors * 512 < (memory - 160) * 1048576)) || die "too many files for --memory $memory"
as --32 -o "$run/loader.o" \
    --defsym "KERNEL_ADDRESS=$kernel_address" --defsym "KERNEL_ENTRY=$kernel_entry" \
    --defsym "KERNEL_SECTORS=$(($(stat -L -c %s "$run/kernel.img") / 512))" \
    --defsym "DISK_SECTORS=$disk_sectors" --defsym "INITRD_BYTES=$initrd_bytes" \
    --defsym "MEMORY_BYTES=$((memory * 1048576))" "$here/avx512/loader.S"
ld -m elf_i386 -Ttext=0x7c00 --oformat binary -o "$run/boot.img" "$run/loader.o"

# Bochs 2.7 reports wrong sizes for compacted XSAVE areas and for PKRU, so Linux would not enable AVX;
# and it has no IA32_MISC_ENABLE, without which fsrm must not be used.
line="console=ttyS2,115200 8250.nr_uarts=4 acpi=off nolapic noapic mitigations=off tsc=reliable"
line+=" tsc_early_khz=$((instructions_per_second / 1000)) panic=-1 reboot=t cryptomgr.notests"
line+=" clearcpuid=xsaves,xsavec,pku,fsrm$hide"
# Parts of the kernel's startup that are slow and not needed here.
line+=" initcall_blacklist=crypto_algapi_init,load_system_certificate_list,cubictcp_register"
line+=",init_kprobe_trace,init_blk_tracer,bpf_rstat_kfunc_init,bpf_key_sig_kfuncs_init,kfunc_init"
line+=",bpf_prog_test_run_init,bpf_tcp_ca_kfunc_init,trace_eval_init"
line+=",ftrace_check_for_weak_functions,tracer_init_tracefs,slab_sysfs_init"
[[ $verbose == yes ]] || line+=" quiet loglevel=2"
printf '%s\0' "$line" >>"$run/boot.img"
truncate -s 4096 "$run/boot.img"
cat "$run/initrd" >>"$run/boot.img"
truncate -s %1M "$run/boot.img"

# --- the machine

cat >"$run/bochsrc" <<END
config_interface: textconfig
display_library: term
megs: $memory
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
cpu: model=$cpu, count=1, ips=$instructions_per_second, reset_on_triple_fault=0, ignore_bad_msrs=1
clock: sync=none, time0=utc
ata0: enabled=1
ata0-master: type=disk, path=boot.img, mode=flat
ata0-slave: type=disk, path=kernel.img, mode=flat
boot: disk
parport1: enabled=1, file=stdout
parport2: enabled=1, file=stderr
com1: enabled=1, mode=null
com3: enabled=1, mode=file, dev=console
log: bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
END
echo c >"$run/debugger" # Debian's Bochs starts in its debugger: continue
touch "$run/stdout" "$run/stderr" "$run/console"
began=$(date +%s)
# The display needs a terminal, which script provides.
(cd "$run" && TERM=vt100 LINES=25 COLUMNS=80 exec setpriv --pdeathsig TERM script -qefc \
    "exec timeout --foreground -s KILL $limit bochs-bin -q -f bochsrc -rc debugger" \
    terminal.log </dev/null >/dev/null 2>&1) &
emulator=$!
status=0
wait "$emulator" || status=$?
emulator=

cat "$run/stdout"
cat "$run/stderr" >&2
if [[ $verbose == yes ]]; then
    tr -d '\r' <"$run/console" >&2
    echo "run-avx512: $(($(date +%s) - began)) s" >&2
fi
record=$(tr -d '\r' <"$run/console" | sed -n 's/^@guest //p' | tail -n 1)
case $record in
exit\ *) exit "${record#exit }" ;;
signal\ *)
    echo "run-avx512: $1: ended by signal ${record#signal }" >&2
    exit $((128 + ${record#signal }))
    ;;
error\ *) die "in the guest: ${record#error }" ;;
esac
if ((status == 124 || status == 137)); then
    echo "run-avx512: $1: ended after $limit s" >&2
    exit 124
fi
tail -n 20 "$run/console" >&2
grep -aE 'PANIC|>>|fatal' "$run/bochs.log" "$run/terminal.log" | tail -n 20 >&2 || true
die "the guest told no result (Bochs' exit status $status)"
