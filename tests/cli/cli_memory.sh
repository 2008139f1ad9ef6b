#!/bin/sh
# Out of memory as users meet it: every allocation of 'conv4 cka' fails once, from main() on.
# usage: cli_memory.sh PROGRAM, with C4_TEST_FAILING_PROGRAM=tests/faults/failing_main.c's
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
failing=${C4_TEST_FAILING_PROGRAM-}
[ -x "$failing" ] || skip "there is no program whose allocations fail"
"$program" --version | grep -q 'Built by gcc' || skip "libgomp exits without memory, clang's runtime aborts"
arrays=$C4_TEST_REFERENCE/arrays

# two_layers FILE TEXT: a safetensors file with layers a and b, whose values are the bytes of a text.
two_layers() {
    header='{"a":{"dtype":"F32","shape":[5,1],"data_offsets":[0,20]},'
    header=$header'"b":{"dtype":"F32","shape":[5,1],"data_offsets":[20,40]}}'
    printf '%b%s%s' "\\0$(printf %o ${#header})\\0\\0\\0\\0\\0\\0\\0" "$header" "$2" >"$1"
}
two_layers x 0123456789012345678901234567890123456789
two_layers y abcdABCDefghEFGHijklABCDabcdEFGHefghIJKL

# each HOW UNNOTICED SIGNALS ARGUMENT...: allocations fail once or lasting. Except for those that a
# library can do without, at most so many, each ends conv4 with status 1 and one sentence. libgomp
# ends it with its own message, and signals are allowed only of hwloc, which both are counted.
each() {
    how=$1 most=$2 signals=$3
    shift 3
    C4_TEST_FAILING=$how "$failing" cka "$@" >out 2>&1 || fail "$how: $*: $(cat out)"
    echo "$how: $*: $(tail -n 1 out)"
    tail -n 1 out | awk -v most="$most" -v signals="$signals" \
        '{ exit !($1 > 0 && $5 <= most && $12 <= signals && $16 == 0) }' ||
        fail "$how: $*: $(tail -n 1 out)"
}
for how in once lasting; do
    each "$how" 2 0 "$arrays/npy-f8.npy" "$arrays/npy-f4.npy" --threads 1
    each "$how" 2 0 x y --threads 1
    each "$how" 2 0 x y --threads 1 --json
    each "$how" 2 0 x y x --threads 1 --double --method gram
    each "$how" 2 0 "$arrays/npy-fortran.npy" "$arrays/npy-f2.npy" --threads 1 --json
done
# Without --threads hwloc looks for cores; without their number conv4 takes that of the system. How
# often hwloc itself asks for memory depends on the plug-ins that other packages have installed.
export HWLOC_PLUGINS_PATH="$PWD"
each once 400 200 "$arrays/npy-f8.npy" "$arrays/npy-f4.npy"
finish
