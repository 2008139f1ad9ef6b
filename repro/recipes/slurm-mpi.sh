#!/bin/bash
# A study on several nodes in one Slurm job: an MPI rank on each node, with a worker on each core. If
# the time limit ends it, the job goes back into the queue by itself, and on where it was, also on
# another number of nodes.
#
#   sbatch --nodes=4 --cpus-per-task=64 --time=4:00:00 slurm-mpi.sh --scale paper --data DIR --out study
#
# All nodes need the folders of --data and --out at the same paths, and conv4 on PATH.
#SBATCH --job-name=conv4
#SBATCH --output=conv4-%j.log
#SBATCH --open-mode=append
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --requeue
#SBATCH --signal=USR1@120

# Slurm signals the ranks, not this script. srun does not take over --cpus-per-task by itself.
srun --mpi=pmix --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" conv4 repro "$@"
status=$?

# 75: not finished.
[ $status -ne 75 ] || scontrol requeue "$SLURM_JOB_ID"
exit $status
