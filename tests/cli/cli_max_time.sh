#!/bin/sh
# conv4 repro --max-time and SIGUSR1: a study that ends again and again with status 75 has the rows of
# one without a limit, no such end is without progress unless it says so, and no worker is left.
# usage: cli_max_time.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3
needs setsid
setsid=$(command -v setsid)

"$program" data synth images --train 512 >/dev/null || stop "no images"
backend=$(bit_exact | head -n 1)

# Five runs in segments of one epoch, more than the first limit below even on two fast cores; or one
# run in a segment of an hour.
values=degrees=0,finetune_degrees=0,svhn_degrees=0,pretrain_images=512,pretrain_epochs=24
values=$values,sizes=256,size_epochs=24,finetune_images=256,finetune_epochs=16
values=$values,train_accuracy_images=32,accuracy_images=32,cka_images=40,curve_images=40
values=$values,control_images=20,segment_work=1
hour=pretrain_images=512,pretrain_epochs=20000,cka_images=40,curve_images=40
hour=$hour,segment_work=1000000000
machine="--data images --scale smoke --seeds 1 --backend $backend --workers 2 --threads 1 --quiet"
repro() {
    out=$1 set=$2
    shift 2
    # shellcheck disable=SC2086 # several words
    bare "$program" repro --out "$out" $machine --set "$set" "$@"
}
# begin OUT SET OPTION...: the same in the background, $child, which leads a process group.
begin() {
    out=$1 set=$2
    shift 2
    # shellcheck disable=SC2086 # several words
    launch "$out.log" "$setsid" "$program" repro --out "$out" $machine --set "$set" "$@"
    child=$launched
}

dump() {
    sqlite3 "$1/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n,
            quote(value), provenance FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
        SELECT * FROM provenance ORDER BY id; SELECT * FROM run ORDER BY key;
        SELECT * FROM setting ORDER BY name;'
}
same() {
    dump "$1" >"$1.dump"
    dump whole >whole.dump
    [ "$(wc -l <whole.dump)" -gt 1000 ] || fail "whole has no rows"
    cmp whole.dump "$1.dump" || fail "the rows of whole and $1 differ"
    diff -r whole/checkpoints "$1/checkpoints" || fail "whole and $1 differ in checkpoints"
}
rows() {
    sqlite3 "$1/study.db" 'SELECT count(*) FROM result'
}
# member NAME: a number or word of the JSON object in the file said.
member() {
    sed -n "s/^  \"$1\": \([^,]*\),\{0,1\}$/\1/p" summary.json
}

# alone OUT: no process works in the study's folder any more.
# shellcheck disable=SC2317 # await calls it
alone() {
    for cwd in /proc/[0-9]*/cwd; do
        [ "$(readlink "$cwd" 2>/dev/null)" != "$work/$1" ] || return 1
    done
}

# ended STATUS OUT: the child ends with this status within minutes, and so do its workers. (They were
# told to, and may need a moment.)
# shellcheck disable=SC2317 # await calls it
gone() {
    ! kill -0 "$child" 2>/dev/null
}
ended() {
    await 300 gone || fail "$2 does not end: $(cat "$2.log")"
    wait "$child"
    got=$?
    [ $got -eq "$1" ] || fail "$2: status $got instead of $1: $(cat "$2.log")"
    await 60 alone "$2" || fail "$2: workers are left"
    grep -q 'signal 10\|User defined' "$2.log" && fail "$2: a worker was killed: $(cat "$2.log")"
}
told() {
    grep -q -e "$2" "$1.log" || fail "'$2' is missing in: $(cat "$1.log")"
}
# written OUT: it has a checkpoint, or has ended.
# shellcheck disable=SC2317 # await calls it
written() {
    [ -n "$(find "$1/checkpoints" -name 'epoch-*.safetensors' 2>/dev/null)" ] || gone
}
# shellcheck disable=SC2317 # await calls it
begun() {
    grep -q 'predicted time' "$1.log" || gone
}
# shellcheck disable=SC2317 # await calls it
opened() {
    [ -e "$1/study.db" ] || gone
}

repro whole "$values" >log 2>&1 || fail "without a limit: $(cat log)"

expect 2 "no time limit; write it as Slurm does: minutes (90)" repro a "$values" --max-time 1h
expect 2 "no time limit" repro a "$values" --max-time 0
[ ! -e a ] || fail "a refused command made its folder"
expect 0 'Predicted time .*, of which .* fit into --max-time' repro a "$hour" --figures 1 \
    --max-time 1 --dry-run
# ... which is not cut, however short the limit is.
expect 0 'Predicted time .*, of which 0:00 fit into --max-time' repro a "$hour" --figures 1 \
    --max-time 0:01 --dry-run --json
[ ! -e a ] || fail "--dry-run made a folder"

# Too short for any segment: said, status 75, and a summary that is not finished.
repro early "$hour" --figures 1 --max-time 0:01 --json >summary.json 2>said
[ $? -eq 75 ] || fail "--max-time 0:01: $(cat said)"
says '--max-time 0:01 is over, too short for .*; 0 of 1 runs are done'
says 'Start the same command again to go on; conv4 report --out early draws what is there'
[ "$(member finished) $(member "done") $(member runs)" = 'false 0 1' ] ||
    fail "the summary: $(cat summary.json)"

expect 75 '"shard": "1/2"' repro shard "$values" --shard 1/2 --json --max-time 0:01
expect 75 "without --fresh to go on; conv4 report --out 'it is fresh' draws" repro 'it is fresh' "$values" --fresh \
    --max-time 0:01

# Again and again, with more time where there was too little: the same rows in the end.
minutes=0 seconds=1 ends=0 status=75
while [ $status -eq 75 ] && [ $minutes -lt 10 ]; do
    before=0
    [ ! -e part/study.db ] || before=$(rows part)
    repro part "$values" --max-time "$minutes:$(printf %02d $seconds)" --json >summary.json 2>said
    status=$?
    [ $status -eq 75 ] || break
    [ ! -e part/report.html ] || fail "figures are drawn at status 75"
    if [ "$(member segments)" -gt 0 ]; then
        ends=$((ends + 1))
        [ "$(rows part)" -gt "$before" ] || fail "$(member segments) segments without rows: $(cat said)"
        says "segments of epochs this time: $(member segments))"
    else
        says 'too short for'
    fi
    seconds=$((seconds + 1 + seconds / 8))
    [ $seconds -lt 60 ] || minutes=$((minutes + 1)) seconds=0
done
[ $status -eq 0 ] || fail "--max-time again and again: status $status: $(cat said)"
[ $ends -gt 0 ] || fail "no end between segments"
[ "$(member finished)" = true ] || fail "the last summary: $(cat summary.json)"
[ -s part/report.html ] || fail "no report in the end"
same part
expect 0 'All runs are in' repro part "$values"
echo "$ends ends with progress, the last limit was $minutes:$seconds"

# SIGUSR1 in the start-up; in the midst, to the program alone; and to its whole process group.
begin asked "$values"
await 300 opened asked || fail "no study: $(cat asked.log)"
kill -USR1 "$child"
ended 75 asked
told asked 'ended early, as SIGUSR1 asked for; 0 of 5 runs are done'
for whom in '' -; do
    out=asked$whom
    begin "$out" "$values"
    await 300 written "$out" || fail "no checkpoint: $(cat "$out.log")"
    kill -USR1 "$whom$child"
    ended 75 "$out"
    told "$out" 'SIGUSR1: nothing more is started'
    told "$out" 'ended early, as SIGUSR1 asked for; [0-4] of 5 runs are done'
    repro "$out" "$values" >log 2>&1 || fail "$out: going on after SIGUSR1: $(cat log)"
    same "$out"
done

# A segment of an hour is cut: by SIGUSR1, by --max-time as nothing shorter could be tried, and as
# ever by SIGTERM, with its status.
begin long "$hour" --figures 1
await 300 begun long || fail "no word of a study: $(cat long.log)"
sleep 1
kill -USR1 "-$child"
ended 75 long
told long 'predicted to end within 60 s: 0 of 1'
begin long "$hour" --figures 1 --max-time 0:08
ended 75 long
told long '--max-time 0:08 is over, too short for '
grep -q 'predicted time' long.log && ! grep -q 'shortest segment is predicted to take' long.log &&
    fail "no word on the length of a segment: $(cat long.log)"
begin long "$hour" --figures 1 --max-time 1-0
await 300 begun long || fail "no word of a study: $(cat long.log)"
kill -TERM "$child"
ended 143 long
told long 'the same command goes on'
[ "$(sqlite3 long/study.db "SELECT count(*) FROM setting WHERE name LIKE '%time%'")" = 0 ] ||
    fail "--max-time is remembered"
finish
