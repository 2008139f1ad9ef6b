# shellcheck shell=sh
# Shared by the tests of several machines, after harness/shell.sh.
# shellcheck disable=SC2154 # harness/shell.sh sets scratch, here and program

# as_conv4: commands find the program as conv4, which does not find gnuplot.
as_conv4() {
    mkdir "$scratch/bin"
    cat >"$scratch/bin/conv4" <<SCRIPT
#!/bin/sh
PATH=/nowhere exec '$(command -v "$program")' "\$@"
SCRIPT
    chmod +x "$scratch/bin/conv4"
    PATH=$scratch/bin:$PATH
    export PATH
}

# short_study EPOCHS: values of --set for short runs, of so many epochs.
short_study() {
    echo "degrees=0,finetune_degrees=0,svhn_degrees=0,pretrain_images=512,pretrain_epochs=$1,sizes=64,size_epochs=$1,finetune_images=256,finetune_epochs=$1,train_accuracy_images=64,accuracy_images=64,cka_images=40,curve_images=40,control_images=20"
}

# rows FOLDER: every row that a study's bits decide, sorted.
rows() {
    sqlite3 "$1/study.db" "SELECT run, epoch, quantity, layer, reference, images, statistics, n,
            measure, similarity_version, quote(value) FROM result;
        SELECT key, seed, source, status, rows_sha256 FROM run" | sort
}

# same_rows FOLDER FOLDER
same_rows() {
    rows "$1" >"$scratch/rows.1"
    rows "$2" >"$scratch/rows.2"
    [ "$(wc -l <"$scratch/rows.1")" -gt 100 ] || fail "$1 has no rows"
    cmp "$scratch/rows.1" "$scratch/rows.2" ||
        fail "$1 and $2 differ: $(diff "$scratch/rows.1" "$scratch/rows.2" | head -n 4)"
}

# start_slurm: a Slurm of this machine for the script, which it ends with; or skips.
start_slurm() {
    sh "$here/cluster/local_slurm.sh" start "$scratch/slurm" || exit $?
    export SLURM_CONF="$scratch/slurm/slurm.conf"
}
# shellcheck disable=SC2317 # leave() calls it
tidy() {
    [ ! -d "$scratch/slurm" ] || sh "$here/cluster/local_slurm.sh" stop "$scratch/slurm"
}

# jobs_end: waits for all jobs; $requeued says how often one came back into the queue. Slurm lets such a
# job wait for two minutes, since it may still be clearing up its last start: of these it gets twenty
# seconds.
requeued=0
# shellcheck disable=SC2317 # await calls it
queue_is_empty() {
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
jobs_end() {
    await 800 queue_is_empty || stop "the jobs do not end: $(squeue) $(tail -n 5 conv4-*.log)"
    [ "$requeued" -ge 1 ] || fail "no job was requeued: $(cat conv4-*.log)"
    grep -q 'Start the same command again' conv4-*.log || fail "no study was cut: $(cat conv4-*.log)"
}
