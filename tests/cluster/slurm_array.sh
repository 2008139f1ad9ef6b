#!/bin/sh
# The recipe for a Slurm job array on a real Slurm: three shards, which their time limit ends before
# they are done, and which go back into the queue and on; merged, they have the rows of a study that
# one process made.
# usage: slurm_array.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
# shellcheck source=./tests/cluster/rows.sh
. "$here/cluster/rows.sh"
needs sqlite3
sh "$here/cluster/local_slurm.sh" start "$scratch/slurm" || exit $?
export SLURM_CONF="$scratch/slurm/slurm.conf"
# shellcheck disable=SC2317 # leave() calls it
tidy() { sh "$here/cluster/local_slurm.sh" stop "$scratch/slurm"; }
as_conv4

# Ten runs in four groups, each shard half a minute on one core.
options="--scale smoke --seeds 1-2 --backend $(bit_exact | head -n 1) --set $(short_study 96)"
# The job has a minute, of which Slurm takes as much as it likes for its signal.
# shellcheck disable=SC2086 # words
sbatch --array=1-3 --cpus-per-task=1 --time=1 --signal=B:USR1@30 \
    "$here/../repro/recipes/slurm-array.sh" $options >submitted 2>&1 || stop "sbatch: $(cat submitted)"

# Slurm lets a job wait for two minutes before it starts again, since it may still be clearing up the
# last start: of these it gets twenty seconds.
requeued=0
# shellcheck disable=SC2317 # await calls it
ended() {
    for job in $(squeue -h -r -t PENDING -o %A); do
        restarts=$(scontrol -o show job "$job" 2>/dev/null |
            sed -n "s/^JobId=$job .* Restarts=\([0-9]*\) .*/\1/p")
        [ "${restarts:-0}" -gt 0 ] || continue
        seen=$scratch/seen.$job.$restarts
        [ -e "$seen" ] || : >"$seen"
        [ -z "$(find "$seen" -newermt '-20 seconds')" ] || continue
        scontrol update JobId="$job" StartTime=now 2>/dev/null && requeued=$((requeued + 1))
    done
    squeue -h >queue 2>&1 && [ ! -s queue ]
}
await 600 ended || stop "the jobs do not end: $(squeue) $(tail -n 5 conv4-*.log)"
[ "$requeued" -ge 1 ] || fail "no job was requeued: $(cat conv4-*.log)"
grep -q 'Start the same command again' conv4-*.log || fail "no shard was cut: $(cat conv4-*.log)"

conv4 merge whole part-1 part-2 part-3 >said 2>&1 || stop "merge: $(cat said)"
grep -q '^All 10 runs of the study are done' said || fail "merge: $(cat said conv4-*.log) $(scontrol show jobs)"
# shellcheck disable=SC2086
conv4 repro --out single --quiet $options >single.log 2>&1 || fail "single: $(cat single.log)"
same_rows single whole
expect 0 'report.html' conv4 report --out whole
finish
