#!/bin/sh
# The recipe for MPI on a real Slurm: a job of two ranks, which its time limit ends before the study is
# done, and which goes back into the queue and on. The rows are those of a study that one process made.
# usage: slurm_mpi.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
# shellcheck source=./tests/cluster/cluster.sh
. "$here/cluster/cluster.sh"
needs sqlite3
"$program" doctor | grep -q '^studies over several MPI ranks' || skip "this build has no plug-in for MPI"
start_slurm
srun --mpi=list 2>&1 | grep -q pmix || skip "this Slurm has no PMIx"
as_conv4

options="--scale smoke --seeds 1-2 --backend $(bit_exact | head -n 1) --set $(short_study 96)"
# shellcheck disable=SC2086 # words
sbatch --ntasks=2 --ntasks-per-node=2 --cpus-per-task=1 --time=1 --signal=USR1@30 \
    "$here/../repro/recipes/slurm-mpi.sh" --out ranks $options >submitted 2>&1 || stop "sbatch: $(cat submitted)"
jobs_end
grep -q '^2 ranks on 1 host' conv4-*.log || fail "not two ranks: $(cat conv4-*.log)"

# shellcheck disable=SC2086
conv4 repro --out single --quiet $options >single.log 2>&1 || fail "single: $(cat single.log)"
same_rows single ranks
finish
