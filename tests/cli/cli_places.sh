#!/bin/sh
# Where threads run: places that a user asks for, a system that does not bind, another machine's
# description in the environment, limits of batch systems, and what doctor draws.
# usage: cli_places.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
: "${C4_TEST_UNBOUND_PROGRAM:?}"
unset OMP_NUM_THREADS OMP_PROC_BIND OMP_PLACES GOMP_CPU_AFFINITY SLURM_CPUS_PER_TASK HQ_CPUS C4_TEST_AFFINITY

backend=$(bit_exact | head -n 1)
values=pretrain_images=32,pretrain_epochs=1,train_accuracy_images=32,accuracy_images=32
values=$values,cka_images=40,curve_images=40,control_images=20
# Two runs of a second.
study="--scale smoke --figures 1 --seeds 1-2 --set $values --backend $backend"
# plan [OPTION...], with the program in $by
by=$program
plan() {
    # shellcheck disable=SC2086,SC2317 # several words; expect calls it
    "$by" plan $study "$@"
}
cores=$("$program" doctor | sed -n 's/^Topology *\([0-9]*\) cores,.*/\1/p')
granted=$("$program" doctor --json | sed -n 's/^ *"cpu_quota": \([0-9]*\)[.].*/\1/p')
"$program" doctor --topology >drawing || fail "doctor --topology: status $?"
first=$(sed -n 's/^  0: asked \([0-9]*\), read back .*/\1/p' drawing | head -n 1)
can_bind=$(sed -n 's/^--places core (the default): .*, \(not bound\|bound\).*/\1/p' drawing)

# --- another machine's description ---
for pair in 'HWLOC_SYNTHETIC=pack:4 core:8 pu:1' HWLOC_XMLFILE=/nowhere.xml HWLOC_FSROOT=/nowhere HWLOC_COMPONENTS=synthetic,stop \
    HWLOC_THISSYSTEM=0; do
    name=${pair%%=*}
    expect 0 "^Topology *$cores cores" env "$pair" "$program" doctor
    says "^Warning *$name was ignored: "
    says "^Variable *$name="
done
expect 0 'HWLOC_SYNTHETIC and HWLOC_THISSYSTEM were ignored' \
    env 'HWLOC_SYNTHETIC=pack:4 core:8 pu:1' HWLOC_THISSYSTEM=1 "$program" doctor
expect 0 'HWLOC_SYNTHETIC was ignored' env 'HWLOC_SYNTHETIC=pack:4 core:8 pu:1' \
    "$program" train --quiet --images 32 --test-images 8 --epochs 1 --batches 1
expect 0 'HWLOC_SYNTHETIC was ignored' env 'HWLOC_SYNTHETIC=pack:4 core:8 pu:1' "$program" plan --scale smoke --figures 1 \
    --seeds 1-2 --set $values --backend "$backend"
says "^2 runs on $([ "$cores" -gt 1 ] && [ "${granted:-9}" -gt 1 ] && echo 2 || echo 1) place"
# What --topology says is not touched.
expect 0 '2 runs on 2 places' env HWLOC_THISSYSTEM=1 "$program" plan --scale smoke --figures 1 --seeds 1-2 \
    --set $values --backend "$backend" --workers 2 --topology 'pack:2 core:4 pu:1'

# --- a drawing of this machine ---
grep -q '^Package 0' drawing || fail "no package is drawn"
grep -q '^  NUMA node 0' drawing || fail "no node is drawn"
[ "$(grep -c '^--places ' drawing)" = 5 ] || fail "not five policies are drawn"
if [ "$can_bind" = bound ]; then
    sed -n 's/^  [0-9]*: asked \([0-9,-]*\), read back \([0-9a-z,-]*\),.*/\1 \2/p' drawing |
        awk '$1 != $2 { print; bad = 1 } END { exit bad }' || fail "what was asked for was not read back"
fi
C4_TEST_AFFINITY=refused "$C4_TEST_UNBOUND_PROGRAM" doctor --topology >unbound || fail "doctor --topology without binding"
grep -q '^--places core (the default): .*not bound: Thread 0 cannot be bound' unbound || fail "it is said to be bound"
grep -q "^  0: asked $first, read back any" unbound || fail "nothing could be read back"

# --- places that are asked for ---
expect 2 "'cores' is no kind of place" plan --places cores
expect 2 'PU 4321, which is not one of' plan --places explicit=4321
expect 2 "PU $first, which a thread has already" plan --places "explicit=$first/$first"
expect 2 'there is only 1 such place, fewer than --workers 2' plan --places "explicit=$first" --workers 2
expect 2 "'4321' \|PU 4321" plan --places 'explicit=0/4321' --topology 'pack:1 core:2 pu:1'
expect 0 '2 runs on 2 places' plan --places 'explicit=7/3' --topology 'pack:2 core:4 pu:1'
expect 0 '2 runs on 2 places' plan --places numa --topology 'pack:2 [numa] core:4 pu:1'
if [ "$can_bind" = bound ]; then
    expect 0 '1 worker of 1 thread, bound' plan --places "explicit=$first"
    # shellcheck disable=SC2086 # several words
    bare "$program" repro --quiet --out placed $study --places "explicit=$first" >log 2>&1 || fail "repro: $(cat log)"
    if command -v sqlite3 >/dev/null; then
        where=$(sqlite3 placed/study.db 'SELECT DISTINCT place, place_read_back, threads FROM cost
            WHERE place IS NOT NULL')
        [ "$where" = "$first|$first|1" ] || fail "the rows say $where"
    fi
fi

# --- a system that does not bind ---
by=$C4_TEST_UNBOUND_PROGRAM
expect 0 "$cores worker.*\|worker" plan
for how in refused ignored; do
    export C4_TEST_AFFINITY=$how
    # A mask of one CPU is confined to a core, whoever set it.
    [ $how = refused ] || [ "$cores" -gt 1 ] || continue
    if [ "$cores" -le 2 ] && [ "${granted:-9}" -ge "$cores" ]; then
        expect 0 "worker.*, not bound" plan --workers "$cores" --threads 1
        says 'Workers are not bound to their places: Thread 0 '
        expect 0 '"bound": 0' plan --workers "$cores" --threads 1 --json
        ! grep -q ', bound' said || fail "it is said to be bound: $(cat said)"
    fi
    expect 6 '^conv4 plan: --places: Thread 0 ' plan --places core
done
[ "$cores" = 1 ] || says 'was bound to PU [0-9]*, but its mask says otherwise'
unset C4_TEST_AFFINITY
by=$program

# --- limits of batch systems ---
if [ "$cores" -gt 1 ] && [ "${granted:-9}" -gt 1 ]; then
    for limit in SLURM_CPUS_PER_TASK=1 HQ_CPUS=3; do
        export "${limit?}"
        expect 0 '1 worker of 1 thread' plan
        ! grep -q ' grants' said || fail "the default is beyond $limit: $(cat said)"
        expect 0 "2 workers of 1 thread: 2 threads are more than the 1 that ${limit%=*} grants" plan --workers 2
        expect 0 "^--threads: 2 threads are more than the 1 that ${limit%=*} grants" \
            "$program" train --quiet --images 32 --test-images 8 --epochs 1 --batches 1 --threads 2
        unset "${limit%=*}"
    done
    expect 0 '1 worker of 1 thread' env SLURM_CPUS_PER_TASK=1 "$by" plan --scale smoke --figures 1 --seeds 1-2 \
        --set $values --backend "$backend" --places machine
    ! grep -q ' grants' said || fail "a place is beyond the limit: $(cat said)"
    expect 0 '2 workers of 1 thread' env HQ_CPUS=0,4-7 "$by" plan --scale smoke --figures 1 --seeds 1-2 --set $values \
        --backend "$backend"
fi
export SLURM_CPUS_PER_TASK=0x4
expect 0 "SLURM_CPUS_PER_TASK is ignored: '0x4' is not a number of CPUs" plan
unset SLURM_CPUS_PER_TASK
export HQ_CPUS=1,,2
expect 0 "HQ_CPUS is ignored: '1,,2' is not a list of CPUs" plan
unset HQ_CPUS
export OMP_NUM_THREADS=3
expect 0 'OMP_NUM_THREADS=3 is not used here' plan --workers 1
[ "$(grep -c OMP_NUM_THREADS said)" = 1 ] || fail "it is said more than once"
expect 0 'worker' plan --workers 1 --threads 2
! grep -q OMP_NUM_THREADS said || fail "it would not have mattered: $(cat said)"
expect 0 "bn-relu, 3 threads" "$program" eval --images 32 --json
expect 0 "bn-relu, 2 threads" "$program" eval --images 32 --json --threads 2
expect 0 'batch 2, 3 threads' "$program" bench step --quick --samples 3 --batch 2 --backend "$backend"
expect 0 'batch 2, 1 thread' "$program" bench step --quick --samples 3 --batch 2 --backend "$backend" --threads 1
export OMP_NUM_THREADS=three
expect 0 "OMP_NUM_THREADS is ignored: 'three' is not" \
    "$program" train --quiet --images 32 --test-images 8 --epochs 1 --batches 1
unset OMP_NUM_THREADS

# --- benchmarks are pinned ---
if [ "$can_bind" = bound ]; then
    expect 0 '1 thread bound' "$program" bench step --quick --samples 3 --batch 2 --backend "$backend"
    expect 0 '1 thread not bound' "$program" bench step --quick --samples 3 --batch 2 --backend "$backend" --no-pin
fi
finish
