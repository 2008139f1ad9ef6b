#!/bin/bash
# A study as a Slurm job array: each task does a shard in a folder of its own. A task that its time
# limit ends goes back into the queue by itself, and on where it was.
#
#   sbatch --array=1-4 --cpus-per-task=32 --time=4:00:00 slurm-array.sh --scale paper --data DIR
#   conv4 merge whole part-1 part-2 part-3 part-4 && conv4 report --out whole
#
# conv4 has to be on PATH. To submit only some tasks again, say of how many:
#
#   SHARDS=4 sbatch --array=3 ... slurm-array.sh ...
#SBATCH --job-name=conv4
#SBATCH --output=conv4-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@120

# Slurm signals this script, which bash lets a trap see only between commands and while it waits.
conv4 repro --out "part-$SLURM_ARRAY_TASK_ID" \
    --shard "$SLURM_ARRAY_TASK_ID/${SHARDS:-$SLURM_ARRAY_TASK_COUNT}" "$@" &
child=$!
trap 'kill -USR1 $child' USR1
trap 'kill -TERM $child' TERM
wait $child
status=$?
while [ $status -gt 128 ] && kill -0 $child 2>/dev/null; do
    wait $child
    status=$?
done

# 75: not finished.
[ $status -ne 75 ] || scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
exit $status
