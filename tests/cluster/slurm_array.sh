#!/bin/sh
# The recipe for a Slurm job array on a real Slurm: three shards, of which the time limit ends those that
# are not done; they go back into the queue and on. Merged, they have the rows of a study that one process
# made.
# usage: slurm_array.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
# shellcheck source=./tests/cluster/cluster.sh
. "$here/cluster/cluster.sh"
needs sqlite3
start_slurm
as_conv4

# Ten runs in four groups, the longer shards about half a minute on one core.
options="--scale smoke --seeds 1-2 --backend $(bit_exact | head -n 1) --set $(short_study 96)"
# The job has a minute, of which Slurm takes as much as it likes for its signal.
# shellcheck disable=SC2086 # words
sbatch --array=1-3 --cpus-per-task=1 --time=1 --signal=B:USR1@30 \
    "$here/../repro/recipes/slurm-array.sh" $options >submitted 2>&1 || stop "sbatch: $(cat submitted)"
jobs_end
conv4 merge whole part-1 part-2 part-3 >said 2>&1 || stop "merge: $(cat said)"
grep -q '^All 10 runs of the study are done' said || fail "merge: $(cat said conv4-*.log) $(scontrol show jobs)"

# shellcheck disable=SC2086
conv4 repro --out single --quiet $options >single.log 2>&1 || fail "single: $(cat single.log)"
same_rows single whole
expect 0 'report.html' conv4 report --out whole
finish
