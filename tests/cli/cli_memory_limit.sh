#!/bin/sh
# Memory that does not suffice, as users meet it: fewer workers, one sentence, or a named cause; in a
# control group of version 1 that root can make, skipped elsewhere.
# usage: cli_memory_limit.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"

# --- everywhere: an address space that is too small for a worker

(
    # shellcheck disable=SC3045 # every shell here has it
    ulimit -v 200000 2>/dev/null || exit 0
    expect 1 'address space each, and a process may use 205 MB (ulimit -v); choose fewer --workers' \
        "$program" repro --scale smoke --figures 1 --out small --workers 2
    [ ! -e small/checkpoints ] || [ -z "$(ls small/checkpoints)" ] || fail "it began"
)

# --- a control group

"$program" plan --scale smoke --figures 1 --seeds 1 --out none --json >plan.json || fail "plan"
grep -q '"worker_bytes": [0-9]*' plan.json || fail "no memory in the plan: $(cat plan.json)"
mount=/sys/fs/cgroup/memory group=$mount/conv4-test-$$
[ -w "$mount/memory.limit_in_bytes" ] || skip "no control groups of version 1 here"
mkdir "$group" 2>/dev/null || skip "no control group can be made here"
# shellcheck disable=SC2317 # the end calls it
tidy() { rmdir "$group" 2>/dev/null; }

# limited MB ARGUMENT...: conv4 with these arguments in the group; its status, output in out.
limited() {
    echo "$(($1 * 1000000))" >"$group/memory.limit_in_bytes" || fail "no limit of $1 MB"
    shift
    status=0
    # shellcheck disable=SC2016 # the inner shell's
    sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$program" "$@" >out 2>&1 || status=$?
}
# The group must be seen by the program: a container may show its own groups at other paths.
limited 400 doctor
grep -q 'memory limit of the control group' out || skip "the group's limit is not seen: $(cat /proc/self/cgroup)"

limited 400 repro --scale smoke --figures 1 --seeds 1-2 --out fewer
[ $status = 0 ] || fail "status $status: $(cat out)"
grep -q '^2 workers need about [0-9]* MB of memory, and [0-9]* MB may be used (memory limit of the control group): 1 worker of 2 started' out ||
    [ "$(nproc)" = 1 ] || fail "not said: $(cat out)"
limited 400 repro --scale smoke --figures 1 --seeds 1-2 --out asked --workers 2
[ $status = 1 ] || fail "status $status: $(cat out)"
grep -q 'or start it all the same with --ignore-memory' out || fail "$(cat out)"
limited 400 repro --scale smoke --figures 1 --seeds 1-2 --out asked --workers 2 --dry-run
grep -q 'Without --ignore-memory nothing would be done: 2 workers need' out || fail "$status: $(cat out)"
limited 400 plan --scale smoke --figures 1 --out none --json
grep -q '"by": "memory limit of the control group"' out || fail "$(cat out)"

# Killed for want of memory, and said so.
limited 120 repro --scale smoke --figures 1 --seeds 1 --out killed --workers 2 --ignore-memory
grep -q 'it is started all the same' out || fail "$status: $(cat out)"
[ $status = 1 ] || fail "status $status: $(cat out)"
grep -q 'worker [12]: the control group ran out of memory, its limit is 120 MB; try fewer --workers' out ||
    fail "no cause: $(cat out)"
finish
