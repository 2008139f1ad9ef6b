#!/bin/sh
# Array files as users have them: read by their content, whatever their names.
# usage: cli_arrays.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
arrays=$C4_TEST_REFERENCE/arrays

# run STATUS COMMAND...: the command exits with this status; output in out and err.
run() {
    want=$1
    shift
    "$@" >out 2>err
    got=$?
    [ $got -eq "$want" ] || fail "status $got instead of $want: $* ($(cat err))"
}
# says TEXT: run's command printed it on standard error.
says() {
    grep -qF -e "$1" err || fail "'$1' is missing in: $(cat err)"
}

# alike FILE NAME: a copy of a reference file under this name has CKA 1 with the same array in
# double, without any message.
alike() {
    cp "$arrays/$1" "$2" || stop "there is no $1"
    run 0 "$program" cka "$2" "$arrays/npy-f8.npy" --threads 1
    grep -q 'biased 1.000000  debiased 1.000000' out || fail "$1 as $2: $(cat out)"
    [ ! -s err ] || fail "$1 as $2: $(cat err)"
}
for type in f2 f4 i1 i2 i4 i8 u1 u2 u4 u8 big-f2 big-f4 big-f8 big-i2 big-i4 big-i8 big-u2 big-u4; do
    alike npy-$type.npy features
done
alike npy-f4.npy F.NPY
alike npy-f4.npy really-numpy.safetensors
alike npy-python2 old.npy
alike npy-fortran.npy fortran
alike safetensors-null really-safetensors.npy
alike safetensors-name long
if "$program" cka "$arrays/npz-one.npz" "$arrays/npy-f8.npy" >out 2>err; then
    alike npz-one.npz features
    alike npz-pipe.npz features.npy
    run 0 "$program" cka "$arrays/npz-stored.npz" "$arrays/npz-deflated.npz" --threads 1
    [ "$(grep -c 'biased 1.000000' out)" = 2 ] || fail "x and y: $(cat out)"
    run 0 "$program" cka "$arrays/npz-mixed.npz" "$arrays/npy-f8.npy" --threads 1
    says 'npz-mixed.npz: skipped members that hold no numbers: names.npy (text)'
    run 3 "$program" cka "$arrays/torch.pt" "$arrays/npy-f8.npy"
    says 'torch.pt: is a PyTorch file'
    npz=yes
else
    grep -q 'install libarchive-dev' err || fail "$(cat err)"
    npz=no
fi
# Half precision is computed in float and gives the same digits as float.
run 0 "$program" cka "$arrays/npy-f2.npy" "$arrays/npy-i4.npy" --threads 1 --json
grep '"biased"\|"debiased"' out >half
run 0 "$program" cka "$arrays/npy-f4.npy" "$arrays/npy-i4.npy" --threads 1 --json
grep '"biased"\|"debiased"' out >single
[ -s half ] || fail "no values of F16"
cmp half single || fail "F16 and F32 differ: $(cat half single)"
run 0 "$program" cka "$arrays/safetensors-types" "$arrays/safetensors-types" --threads 1
grep -q '^bf16 ' out || fail "no bf16: $(cat out)"

for case in 'python.pkl:a Python pickle' 'torch-old.pt:a PyTorch pickle' 'npy-text.npy:holds text' \
    'npy-bf16.npy:bfloat16' 'safetensors-f8:F8_E4M3'; do
    run 3 "$program" cka "$arrays/${case%%:*}" "$arrays/npy-f8.npy"
    says "${case%%:*}: "
    says "${case#*:}"
    [ "$(wc -l <err)" = 1 ] || fail "more than a sentence: $(cat err)"
done
: >empty.npy
run 3 "$program" cka empty.npy "$arrays/npy-f8.npy"
says 'empty.npy: is empty'

# Integers that a double cannot hold are reported as rounded: 2^63 + 1 beside 2^62, 3 * 2^61 and 2^61.
{
    printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '>u8', 'fortran_order': False, 'shape': (4, 1), }"
    printf '\200\000\000\000\000\000\000\001\100\000\000\000\000\000\000\000'
    printf '\140\000\000\000\000\000\000\000\040\000\000\000\000\000\000\000'
} >large
run 0 "$program" cka large large --threads 1
says 'large: 1 integers beyond 2^53 are rounded'

# safetensors NAME HEADER BYTES: a file with that header and as many zeros.
safetensors() {
    {
        # shellcheck disable=SC2059
        printf "\\$(printf %o $((${#2} % 256)))\\$(printf %o $((${#2} / 256)))\\0\\0\\0\\0\\0\\0"
        printf %s "$2"
        head -c "$3" /dev/zero
    } >"$1"
}

# An unsupported type is refused by commands that need the array, and by no others.
safetensors complex '{"images":{"dtype":"U8","shape":[1,1,3,32,32],"data_offsets":[0,3072]},"labels":{"dtype":"C64","shape":[1,1],"data_offsets":[3072,3080]}}' 3080
run 3 "$program" train --batches complex --quiet
says "complex: tensor labels has the dtype C64"
safetensors unused '{"images":{"dtype":"U8","shape":[1,1,3,32,32],"data_offsets":[0,3072]},"labels":{"dtype":"U8","shape":[1,1],"data_offsets":[3072,3073]},"weights":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[3073,3077]}}' 3077
run 0 "$program" train --batches unused --threads 1
safetensors complex '{"conv1.weight":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}' 8
run 3 "$program" eval --init complex --quiet
says "complex: tensor conv1.weight has the dtype C64"

# Weights and batches written by NumPy.
if [ $npz = yes ]; then
    cp "$arrays/npz-network.npz" weights
    cp "$arrays/npz-batches.npz" batches
    run 0 "$program" train --init weights --batches batches --threads 1 \
        --save trained
    grep -q '^step 2 .* of 4$' out || fail "two steps of four images: $(cat out)"
    run 0 "$program" eval --init weights --threads 1 --images 32 --quiet
    run 3 "$program" eval --init batches --quiet
    says "batches: tensor 'conv1.weight' is missing"
    run 3 "$program" train --batches weights --quiet
    says "weights: lacks tensor 'images' or 'labels'"
    mv trained trained.npz
    run 0 "$program" eval --init trained.npz --threads 1 --images 32 --quiet
fi

finish
