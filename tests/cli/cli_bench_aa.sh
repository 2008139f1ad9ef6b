#!/bin/sh
# conv4 bench calibrate --aa: a program beside itself, verdicts that are kept, and an interruption.
# usage: cli_bench_aa.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"

# shellcheck disable=SC2317 # expect calls it
aa() {
    "$program" bench calibrate --aa 14 --benchmark ops --filter linear_fwd --backend ref "$@"
}

# (A false alarm is possible, in one comparison of a hundred or fewer; it is counted, and no failure.)
expect 0 '^As 1 comparison: [01] with a row called slower or faster' aa --keep kept.ndjson
says '^linear_fwd/linear/n32/ref '
says '^Grade [ABCD]: '
says '^Kept so far: 1 comparison, [01] with a false alarm'
expect 0 '"benchmark": "calibrate-aa"' aa --keep kept.ndjson --json
says '"smallest_found"'
says '"alarms": [01]'
[ "$(wc -l <kept.ndjson)" -eq 2 ] || fail "kept: $(cat kept.ndjson)"

# What cannot be.
expect 2 '--aa' "$program" bench calibrate --aa 13
expect 2 'only --benchmark ops' "$program" bench calibrate --aa 14 --filter a
echo '{"schema": "other"}' >other.ndjson
expect 3 'other.ndjson: holds other things' aa --keep other.ndjson
[ "$(cat other.ndjson)" = '{"schema": "other"}' ] || fail "--keep changed a file that is not its own"
expect 1 'nowhere.*its folder does not exist' aa --keep nowhere/x

# Interrupted, it shows a part, which is not kept.
"$program" bench calibrate --aa 200 --benchmark ops --filter linear_fwd --backend ref --keep kept.ndjson >part 2>part.err &
launched=$!
sleep 5
kill -TERM "$launched"
wait "$launched"
[ $? -eq 143 ] || fail "SIGTERM: $(cat part.err)"
grep -q '^Partial' part || fail "not marked as a part: $(cat part)"
[ "$(wc -l <kept.ndjson)" -eq 2 ] || fail "a part was kept: $(cat kept.ndjson)"
finish
