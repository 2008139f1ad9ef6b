#!/bin/sh
# A Slurm cluster of this machine alone, for tests of job scripts: munged, slurmctld and slurmd in a
# folder of their own, on ports of their own. Needs root, which slurmd wants.
#
# usage: local_slurm.sh start DIR     waits until the node is idle; then SLURM_CONF=DIR/slurm.conf
#        local_slurm.sh stop DIR      ends the three by the process ids in DIR
#
# Exit status: 0; 77 (skipped) if something is missing, or the node does not become idle here, with the
# last words of its logs.
set -eu
verb=$1 dir=$2
SLURM_CONF=$dir/slurm.conf
export SLURM_CONF

# end FILE: ends the process whose id is in the file.
end() {
    [ -s "$1" ] || return 0
    pid=$(cat "$1")
    kill "$pid" 2>/dev/null || return 0
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.5
    done
    kill -KILL "$pid" 2>/dev/null || true
}

if [ "$verb" = stop ]; then
    for name in slurmd slurmctld munge; do end "$dir/$name.pid"; done
    exit 0
fi
for command in munged slurmctld slurmd sbatch srun; do
    command -v "$command" >/dev/null || { echo "skipped: $command is missing" && exit 77; }
done
[ "$(id -u)" -eq 0 ] || { echo "skipped: slurmd needs root" && exit 77; }

mkdir -p "$dir/state" "$dir/spool"
chmod 755 "$dir"
dd if=/dev/urandom of="$dir/munge.key" bs=128 count=1 2>/dev/null
chmod 400 "$dir/munge.key"
munged --force --key-file "$dir/munge.key" --socket "$dir/munge.socket" --pid-file "$dir/munge.pid" \
    --log-file "$dir/munge.log" --seed-file "$dir/munge.seed" ||
    { echo "skipped: munged does not start here" && exit 77; }
port=$((20000 + $$ % 20000))
cat >"$SLURM_CONF" <<CONF
ClusterName=local
SlurmctldHost=$(hostname -s)(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldPort=$port
SlurmdPort=$((port + 1))
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=10
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$(nproc) Boards=1 SocketsPerBoard=1 CoresPerSocket=$(nproc) ThreadsPerCore=1
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
: >"$dir/slurmctld.log" && : >"$dir/slurmd.log"
slurmctld || true
slurmd || true
for _ in $(seq 60); do
    sinfo -h -o %T 2>/dev/null | grep -q idle && exit 0
    sleep 0.5
done
echo "skipped: the node of the local Slurm does not become idle: $(tail -n 1 "$dir/slurmctld.log" "$dir/slurmd.log")"
for name in slurmd slurmctld munge; do end "$dir/$name.pid"; done
exit 77
