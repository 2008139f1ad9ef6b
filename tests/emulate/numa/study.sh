#!/bin/sh
# Run in the guest of run-numa.sh, with two nodes of two cores: a small study on four workers, whose
# rows must say that each worker's thread and memory were on the node of its place.
# usage: study.sh CONV4 SQLITE3
set -eu
conv4=$1 sqlite3=$2
cd /tmp
"$conv4" repro --scale smoke --figures 1 --seeds 1-4 --out study --set \
    pretrain_images=64,pretrain_epochs=1,train_accuracy_images=32,accuracy_images=64,cka_images=40,curve_images=40,control_images=40 \
    >log 2>&1 || {
    while read -r line; do echo "$line"; done <log
    exit 1
}
places=$("$sqlite3" study/study.db "SELECT DISTINCT place, place_read_back, node, memory_node FROM cost ORDER BY place")
echo "place|read back|node|memory"
echo "$places"
# Every row of two or more places, of both nodes; PUs 0 and 1 are on node 0, 2 and 3 on node 1.
wrong=$("$sqlite3" study/study.db "SELECT count(*) FROM cost WHERE place IS NOT place_read_back
    OR node IS NOT place / 2 OR memory_node IS NOT node")
nodes=$("$sqlite3" study/study.db "SELECT count(DISTINCT memory_node) FROM cost")
# The guest has no grep.
while read -r line; do
    case $line in
    *"not on its NUMA node"* | *"not found there"*)
        echo "$line"
        exit 1
        ;;
    esac
done <log
if [ "$wrong" != 0 ] || [ "$nodes" != 2 ]; then
    echo "$wrong rows are elsewhere, memory is on $nodes nodes"
    exit 1
fi
