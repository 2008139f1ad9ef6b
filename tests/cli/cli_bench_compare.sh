#!/bin/sh
# conv4 bench compare as a user types it, on stand-ins for programs whose speed is known.
# usage: cli_bench_compare.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"

# stand_in NAME ROW=SECONDS...: a program NAME whose "bench ops" has these rows, each time a little
# off (by up to 0.4 %, another part of it in every run); rows not named by its --filter are left out. Every
# call is a line of NAME.calls.
stand_in() {
    name=$1
    shift
    echo "$*" >"$name.rows"
    echo "#!/bin/sh
# $name" >"$name"
    cat >>"$name" <<'SCRIPT'
echo "$*" >>"$0.calls"
[ ! -e "$0.fails" ] || exit 7
filter=.
while [ $# -gt 0 ]; do
    [ "$1" != --filter ] || filter=$2
    shift
done
tr ' ' '\n' <"$0.rows" | awk -F = -v filter="$filter" -v run="$(wc -l <"$0.calls")" -v name="$0" '
    BEGIN { printf "{\"benchmark\": \"ops\", \"rows\": [" }
    $1 ~ filter {
        off = 1 + 0.004 * ((run * 7 + length(name) * 3 + NR * 5) % 11 - 5) / 5
        printf "%s{\"name\": \"%s\", \"seconds_per_call\": %.9g}", n++ ? ", " : "", $1, $2 * off
    }
    END { print "]}" }'
SCRIPT
    chmod +x "$name"
}
compare() {
    "$program" bench compare "$@" --benchmark ops --mode turns --no-exact
}

stand_in ./old a/n32/avx2=1e-5 b/n32/avx2=2e-3 gone/avx2=1
stand_in ./same a/n32/avx2=1e-5 b/n32/avx2=2e-3
stand_in ./slow a/n32/avx2=1e-5 b/n32/avx2=2.2e-3 added/avx2=1
stand_in ./fast a/n32/avx2=0.9e-5 b/n32/avx2=2e-3

expect 0 '0 slower, 0 faster, 2 equal, 0 unknown' compare ./old ./same
says 'equal within 2 %'
says 'gone/avx2: not in ./same'
[ "$(wc -l <same.calls)" -eq 14 ] || fail "equal rows took $(wc -l <same.calls) runs"
expect 5 '1 row is slower' compare ./old ./slow
says '1 slower, 0 faster, 1 equal, 0 unknown'
grep -q '^b/n32/avx2 .* 1\.\(09\|10\).* slower$' said || fail "the wrong row: $(cat said)"
# Only the row in doubt was measured again, with twice as many pairs.
grep -q -e '--filter ^(b/n32/avx2)\$' slow.calls || fail "no second look: $(cat slow.calls)"
[ "$(grep -c -e '--filter' slow.calls)" -eq 28 ] || fail "a second look of $(grep -c -e '--filter' slow.calls) runs"
expect 0 '0 slower, 1 faster, 1 equal, 0 unknown' compare ./old ./fast

# For machines, and for a comment on a change.
compare ./old ./slow --json >said.json 2>/dev/null
[ $? -eq 5 ] || fail "--json: no status 5"
for key in '"benchmark": "compare"' '"environment"' '"alpha_of_a_row"' '"verdict": "slower"' \
    '"ratio_low"' '"old_seconds"' '"pairs_needed": 14' '"in_new": false'; do
    grep -q -e "$key" said.json || fail "--json has no $key"
done
compare ./old ./slow --format markdown >said 2>/dev/null
# shellcheck disable=SC2016 # Markdown
grep -q '^| `b/n32/avx2` | 2.* ms | 2\.[12].* ms | 1\..* | slower |$' said ||
    fail "no Markdown row: $(cat said)"

# The same bytes need no measurement; without time there is no verdict.
expect 0 'identical' compare ./old ./old
expect 0 '"identical": true' compare ./old ./old --json
rm -f old.calls
expect 0 '2 equal' compare ./old ./same --aa
expect 5 '2 rows are unknown; --max-time' compare ./old ./same --max-time 0.001 --fail-on-unknown
expect 0 '2 unknown' compare ./old ./same --max-time 0.001

# Revisions are built, each once: here of a project whose program is a stand-in.
if command -v git >/dev/null && command -v cmake >/dev/null; then
    mkdir toy
    cat >toy/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.20)
project(toy NONE)
add_custom_target(conv4 ALL COMMAND cp ${CMAKE_SOURCE_DIR}/program ${CMAKE_BINARY_DIR}/conv4
  COMMAND cp ${CMAKE_SOURCE_DIR}/program.rows ${CMAKE_SOURCE_DIR}/conv4.rows)
CMAKE
    toy() {
        git -C toy -c user.name=t -c user.email=t@t "$@" >/dev/null 2>&1 || fail "git $*"
    }
    toy init
    for speed in same slow; do
        cp ./$speed toy/program
        cp ./$speed.rows toy/program.rows
        toy add CMakeLists.txt program program.rows
        toy commit -m $speed
    done
    for again in 1 2; do
        (cd toy && "$program" bench compare HEAD~1 HEAD --benchmark ops --mode turns --no-exact) >said 2>said.err
        [ $? -eq 5 ] || fail "revisions: $(cat said said.err)"
        says '^b/n32/avx2 .* slower$'
        [ "$(grep -c 'Building revision' said.err)" -eq $((again == 1 ? 2 : 0)) ] ||
            fail "revisions are built at another time: $(cat said.err)"
    done
    [ "$(git -C toy status --short)" = '?? build/' ] || fail "the checkout was touched"
    echo broken >toy/CMakeLists.txt
    toy commit -am broken
    cd toy || stop "no toy"
    expect 1 'revision HEAD cannot be built; .*log says why' "$program" bench compare HEAD~1 HEAD
    expect 3 'no such git revision' "$program" bench compare no/such HEAD~1
    cd ..
fi

# What cannot be compared.
expect 3 'there is no such program' compare ./old ./absent
echo not a program >nonsense && chmod +x nonsense
expect 3 'nonsense: ' compare ./old ./nonsense
touch same.fails
expect 3 'same: its benchmark ended with status 7' compare ./old ./same
rm same.fails
expect 3 'no results of a benchmark' compare ./old /bin/true
stand_in ./long "$(printf '%0200d' 0)=1e-5"
expect 3 'the name of a row is longer than 127 bytes' compare ./old ./long
expect 2 'is no duration' compare ./old ./same --max-time soon
expect 2 "too few arguments" compare ./old
expect 2 'only --benchmark ops' "$program" bench compare ./old ./same --filter a
expect 6 'needs two cores' "$program" bench compare ./old ./same --mode duet --threads 2

# Exact values, of recorded files: what changed, and a gate on instructions.
# exact NAME INSTRUCTIONS [HASH]
exact() {
    printf '{"schema":"conv4-history","version":1,"commit":"c1","committed_utc":"2026-01-01T00:00:00Z","recorded_utc":"2026-01-01T00:00:00Z","benchmark":"step","row":"step/avx2","batch":8,"threads":1,"unit":"instructions","exact":true,"median":%s,"low":%s,"high":%s,"samples":[%s],"environment":{"key":"000000000001","text":"m"},"canonical_hash":"%s"}\n' \
        "$2" "$2" "$2" "$2" "${3-0123456789abcdef}" >"$1"
}
exact x.ndjson 1000
exact y.ndjson 1021 0123456789abcdee
expect 0 'Exact values: 1, 1 the same' "$program" bench compare x.ndjson x.ndjson --max-instructions 0.02
says 'canonical hash is the same, 0123456789ab'
expect 0 '^step/avx2, batch 8 .*1000 .*1021 instructions .*+2.1 %$' "$program" bench compare x.ndjson y.ndjson
says 'Other bits: the canonical hash was'
expect 5 'a training step has 2.10 % more instructions' "$program" bench compare x.ndjson y.ndjson --max-instructions 0.02
expect 0 '+2.1 %' "$program" bench compare x.ndjson y.ndjson --max-instructions 0.03
# shellcheck disable=SC2016 # Markdown
expect 0 '| `step/avx2, batch 8` | 1000 | 1021 | instructions | +2.1 % |' "$program" bench compare x.ndjson y.ndjson --format markdown
expect 0 '"same": false' "$program" bench compare x.ndjson y.ndjson --json
long=$(printf '%0300d' 0)
sed "s|step/avx2|step/$long|" x.ndjson >long.ndjson
sed "s|step/avx2|step/$long|" y.ndjson >longer.ndjson
expect 0 "^step/$long, batch 8 .*+2.1 %\$" "$program" bench compare long.ndjson longer.ndjson
sed 's/"canonical_hash"/"counter":"valgrind-9","canonical_hash"/' y.ndjson >z.ndjson
sed -i 's/"canonical_hash"/"counter":"valgrind-3.19.0","canonical_hash"/' x.ndjson
expect 0 'counted by valgrind-3.19.0 and by valgrind-9, which may' "$program" bench compare x.ndjson z.ndjson --max-instructions 0.02
says 'instructions of a step are unknown, so --max-instructions decides nothing'
sed 's/"unit":"instructions"/"unit":"bytes"/' x.ndjson >w.ndjson
expect 5 'the instructions of a step are unknown' "$program" bench compare w.ndjson w.ndjson --max-instructions 0.02 --fail-on-unknown
expect 2 'nothing is left' "$program" bench compare ./old ./same --exact-only --no-exact

# A program that fails late costs nothing of what was measured before.
{
    cat ./same
    echo "[ \$(wc -l <\"\$0.calls\") -lt 9 ] || exit 7"
} >late && chmod +x late && cp same.rows late.rows
expect 3 'late: its benchmark ended with status 7' compare ./old ./late
grep -q '^a/n32/avx2 .* 8  unknown$' said || fail "8 pairs are lost: $(cat said)"
says '^Partial'

# Two recorded files: as many processes as a verdict needs, of one machine; else the times alone.
# record NAME KEY SECONDS [COUNT]: times that differ a little.
record() {
    awk -v key="$2" -v seconds="$3" -v count="${4:-14}" 'BEGIN {
        printf "{\"schema\":\"conv4-history\",\"version\":1,\"commit\":\"c1\",\"committed_utc\":\"2026-01-01T00:00:00Z\","
        printf "\"recorded_utc\":\"2026-01-01T00:00:00Z\",\"benchmark\":\"step\",\"row\":\"step/avx2\",\"batch\":32,"
        printf "\"threads\":1,\"unit\":\"s\",\"exact\":false,\"median\":%g,\"low\":null,\"high\":null,\"samples\":[", seconds
        for (i = 0; i < count; i++) printf "%s%.9g", i ? "," : "", seconds * (1 + 0.0004 * (i * 5 % 14))
        print "],\"environment\":{\"key\":\"" key "\",\"text\":\"machine " key "\"}}"
    }' >"$1"
}
record a.ndjson 000000000001 2e-4
record b.ndjson 000000000001 2.2e-4
expect 5 '1 slower' "$program" bench compare a.ndjson b.ndjson
says 'step/avx2, batch 32, 1 thread .* 1\.1'
says 'is of machine 000000000001, commit c1'
expect 0 '1 equal' "$program" bench compare a.ndjson a.ndjson
record b.ndjson 000000000001 2.2e-4 13
expect 0 '1 unknown' "$program" bench compare a.ndjson b.ndjson
record b.ndjson 000000000002 2.2e-4
expect 0 'Not surely of the same machine' "$program" bench compare a.ndjson b.ndjson
says '1 unknown'
expect 0 '"mode": "recorded"' "$program" bench compare a.ndjson b.ndjson --json
cat a.ndjson b.ndjson >both.ndjson
expect 3 'several machines or builds' "$program" bench compare a.ndjson both.ndjson
sed 's/"c1"/"c2"/' a.ndjson >>a2.ndjson && cat a.ndjson >>a2.ndjson
expect 3 'several commits' "$program" bench compare a2.ndjson a.ndjson
expect 2 'a.ndjson is a file of results, ./old is none' "$program" bench compare ./old a.ndjson
echo '{"benchmarks": [{"name": "f", "real_time": 2, "time_unit": "ns"}]}' >google.json
expect 0 '^f .* 2 ns .* 2 ns .* 1\.000' "$program" bench compare google.json google.json
echo '{' >broken.json
expect 3 'broken.json' "$program" bench compare broken.json google.json

# Any program of Google Benchmark.
for speed in 1 1.1; do
    cat >"google-$speed" <<SCRIPT
#!/bin/sh
echo "\$*" >>google.calls
awk -v n="\$(wc -l <google.calls)" 'BEGIN { printf "{\"benchmarks\": [{\"name\": \"f<int>/8\", \"time_unit\": \"ns\", \"real_time\": %.9g}]}", $speed * (1 + .0003 * (n * 7 % 11)) }'
SCRIPT
    chmod +x "google-$speed"
done
expect 5 '1 slower' "$program" bench compare --benchmark google-benchmark --mode turns ./google-1 ./google-1.1
says '^f<int>/8 .* slower$'
grep -q -e '--benchmark_filter=^(f<int>/8)\$$' google.calls || fail "no second look: $(cat google.calls)"

# Interrupted, it shows what it has.
printf '#!/bin/sh\nsleep 0.2\nexec ./same "$@"\n' >sleepy && chmod +x sleepy
: >same.calls
# (Not by `launch`: the stand-ins need awk.)
"$program" bench compare ./old ./sleepy --benchmark ops --mode turns --no-exact >partial.log 2>&1 &
launched=$!
# shellcheck disable=SC2317 # await calls it
has_some() { [ "$(wc -l <same.calls)" -ge 4 ]; }
await 60 has_some || fail "no runs: $(cat partial.log)"
kill -TERM "$launched"
wait "$launched"
[ $? -eq 143 ] || fail "SIGTERM: $(cat partial.log)"
grep -q '2 unknown' partial.log || fail "SIGTERM shows nothing: $(cat partial.log)"
grep -q '^Partial' partial.log || fail "SIGTERM: not marked as a part: $(cat partial.log)"

# A benchmark that is interrupted shows what it has, marked as a part, which no table takes.
# used TICKS: hundredths of a second that the program has computed, or it has ended.
# shellcheck disable=SC2317 # await calls it
used() {
    ticks=$(awk '{ print $14 + $15 }' "/proc/$launched/stat" 2>/dev/null) || return 0
    [ "$ticks" -gt "$1" ]
}
for options in '' --json; do
    # shellcheck disable=SC2086 # one option or none
    "$program" bench step --backend auto --batch 2 --quick --samples 1000 $options >part 2>part.err &
    launched=$!
    await 60 used 150 || fail "bench step computes nothing"
    kill -TERM "$launched"
    wait "$launched"
    [ $? -eq 143 ] || fail "bench step $options: SIGTERM gives another status: $(cat part.err)"
    grep -q "^Partial\|\"partial\": true" part || fail "bench step $options: not marked: $(cat part)"
    grep -q 'FMA peak\|"images_per_s": [1-9]' part || fail "bench step $options: no values: $(cat part)"
done
expect 3 'part is of a benchmark that was interrupted' "$program" bench table part
finish
