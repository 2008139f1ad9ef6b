#!/bin/sh
# A merge that is killed at random moments leaves OUT as it was or merged, and another one goes on. A study
# that a live process works on is read, and may not be OUT. C4_TEST_FULL=1: five times as many kills.
# usage: cli_merge_kill.sh PROGRAM [SEED [KILLS]]
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3
seed=${2:-$(date +%s)}
kills_wanted=${3:-20}
[ "${C4_TEST_FULL-}" != 1 ] || kills_wanted=${3:-100}
echo "random moments from seed $seed"

backend=$(bit_exact | head -n 1)
values=degrees=0,pretrain_images=64,pretrain_epochs=4,sizes=32,size_epochs=2
values=$values,train_accuracy_images=32,accuracy_images=32,cka_images=40,curve_images=40
values=$values,control_images=20,segment_work=1
machine="--scale smoke --backend $backend --threads 1 --workers 1 --quiet --set $values"

tables() {
    sqlite3 "$1/study.db" 'SELECT * FROM run ORDER BY 1; SELECT * FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
        SELECT * FROM checkpoint ORDER BY 1, 2; SELECT * FROM provenance ORDER BY 1;
        SELECT * FROM setting ORDER BY 1; SELECT * FROM cost ORDER BY 1' >"$1.tables"
}
# sound OUT: every network that it knows is there.
sound() {
    sqlite3 -separator '  ' "$1/study.db" "SELECT sha256, '$1/' || path FROM checkpoint" >sums
    [ ! -s sums ] || sha256sum --quiet -c sums >said 2>&1 || fail "$1 has no sound networks: $(cat said)"
}

# shellcheck disable=SC2086 # several words
bare "$program" repro --out a --figures 1 --seeds 1-4 $machine >a.log 2>&1 || stop "a: $(cat a.log)"
# shellcheck disable=SC2086
bare "$program" repro --out b --figures 3b --seeds 1-4 $machine >b.log 2>&1 || stop "b: $(cat b.log)"
began=$(date +%s%N)
"$program" merge -q whole a b || stop "no merge"
length=$((($(date +%s%N) - began) / 1000)) # µs
tables whole
tables b
[ "$(wc -l <whole.tables)" -gt 500 ] || stop "no rows"

# kill_one OUT N: starts a merge into OUT, and kills it at the N-th random moment.
kill_one() {
    launch log "$program" merge -q "$1" a b
    sleep "$(awk -v seed="$seed" -v n="$2" -v length_us="$length" \
        'BEGIN { srand(seed + n); rand(); printf "%.6f", rand() * length_us * 1.2e-6 }')"
    kill -KILL "$launched" 2>/dev/null
    wait "$launched" 2>/dev/null
    [ $? -eq 137 ]
}

kills=0 tries=0
while [ $kills -lt "$kills_wanted" ] && [ $tries -lt $((10 * kills_wanted)) ]; do
    tries=$((tries + 1))
    # In turn a new folder, and a study, of which b is already a part.
    rm -rf out
    [ $((tries % 2)) -eq 0 ] || cp -r b out
    if kill_one out $tries; then kills=$((kills + 1)); fi
    if [ -e out/study.db ]; then
        tables out
        if [ $((tries % 2)) -eq 0 ]; then
            [ ! -s out.tables ] || cmp -s out.tables whole.tables || fail "a new OUT is between before and after"
        else
            cmp -s out.tables b.tables || cmp -s out.tables whole.tables ||
                fail "OUT is neither as it was nor merged"
        fi
        sound out
    fi
    # Once more, killed again, and then to the end.
    if [ $((tries % 4)) -gt 1 ] && kill_one out $((tries + 1000)); then kills=$((kills + 1)); fi
    "$program" merge -q out a b >said 2>&1 || fail "a merge does not go on: $(cat said)"
    tables out
    cmp out.tables whole.tables || fail "a merge that was killed ends with other rows"
    sound out
    sqlite3 out/study.db 'PRAGMA integrity_check; PRAGMA foreign_key_check' >said
    [ "$(cat said)" = ok ] || fail "OUT is damaged: $(cat said)"
done
[ $kills -ge "$kills_wanted" ] || fail "only $kills kills in $tries merges"
echo "$kills kills in $tries merges of $length µs"
# What a killed merge leaves is removed by the next one, also of runs that no later study is about; a
# user's file stays.
gone=$(sh -c 'echo $$')
network=$(find out/checkpoints/size-* -name 'epoch-0001.safetensors' | head -n 1)
touch "$network.tmp.$gone.0123abcd" "$network.tmp.mine"
"$program" merge -q out a b >said 2>&1 || fail "a merge with leftovers: $(cat said)"
[ ! -e "$network.tmp.$gone.0123abcd" ] || fail "a merge leaves a killed one's temporary"
[ -e "$network.tmp.mine" ] || fail "a merge removes a user's file"
rm -f "$network.tmp.mine"
# Or when the study goes on.
# shellcheck disable=SC2086
bare "$program" repro --out out --figures 1 $machine >log 2>&1 || fail "repro: $(cat log)"
[ -z "$(find out -name '*.tmp*')" ] || fail "temporary files are left: $(find out -name '*.tmp*')"

# A study with a live process is read from a copy, and OUT must have none.
# shellcheck disable=SC2086
launch live.log "$program" repro --out live --figures 1 --seeds 1-4 ${machine%,segment_work=1},pretrain_images=4096,segment_work=1
# shellcheck disable=SC2317 # await calls it
begun() {
    [ "$(sqlite3 live/study.db 'SELECT count(*) FROM checkpoint' 2>/dev/null || echo 0)" -gt 0 ] ||
        ! kill -0 "$launched" 2>/dev/null
}
await 300 begun || fail "no word of a live study: $(cat live.log)"
kill -STOP "$launched"
expect 0 'Missing: ' "$program" merge copied live
[ "$(sqlite3 copied/study.db 'SELECT count(*) FROM checkpoint')" -gt 0 ] || fail "nothing of a live study"
[ "$(sqlite3 copied/study.db "SELECT count(*) FROM run WHERE status = 'running'")" -eq 0 ] ||
    fail "a run of a merged study is running"
sound copied
expect 1 "process $launched has been working on this study since" "$program" merge live copied
kill -CONT "$launched"
kill -TERM "$launched"
wait "$launched"

finish
