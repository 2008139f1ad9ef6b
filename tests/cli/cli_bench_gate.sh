#!/bin/sh
# bench/ci/gate.sh on a toy repository: a step that grows fails, unless a line of the history accepts it.
# usage: cli_bench_gate.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
for tool in git cmake valgrind cc; do
    command -v $tool >/dev/null || {
        echo "skipped: no $tool"
        exit 77
    }
done

toy() {
    git -c user.name=t -c user.email=t@t "$@" >/dev/null 2>&1 || fail "git $*"
}
# rounds N: a commit whose step takes about N times some instructions.
rounds() {
    echo "target_compile_definitions(conv4 PRIVATE STEP_ROUNDS=$1)" >rounds.cmake
    toy add .
    toy commit -m "$1 rounds"
    cmake -B build/now -DCMAKE_BUILD_TYPE=Release >/dev/null || stop "the toy is not configured"
    cmake --build build/now >/dev/null || stop "the toy does not build"
}
# shellcheck disable=SC2317 # expect calls it
gate() {
    sh "$here/../bench/ci/gate.sh" --conv4 "$program" --new build/now/conv4 --max-time 10s "$@"
}

mkdir toy
cd toy || stop "no toy"
toy init
cp "$here/cli/toy_conv4.c" .
echo '/build/' >.gitignore
cat >CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.20)
project(toy C)
add_executable(conv4 toy_conv4.c)
include(rounds.cmake)
CMAKE

rounds 100000
expect 0 'nothing to compare with' gate
toy tag v1
rounds 100100
expect 0 'step/avx2, batch 8. | [0-9]* | [0-9]* | instructions | +0.[0-9]* %' gate --comment comment.md
says '1 equal'
grep -q 'canonical hash is the same' comment.md || fail "no comment: $(cat comment.md)"
rm comment.md
toy tag v2
rounds 110000
expect 5 'instructions | +[0-9.]* %' gate
says 'a training step has [0-9.]* % more instructions'
expect 0 'instructions | +' gate --growth 0.2
expect 0 '^identical: ' gate --base HEAD

# Accepted by a line of the history, and then the base of what comes after it.
# shellcheck disable=SC2317 # expect calls it
record() {
    "$program" bench record --commit HEAD --history results/history/toy.ndjson "$@" build/now/conv4
}
expect 0 'appended' record --accept 'more rounds are better'
toy add results
toy commit -m 'accept more rounds'
expect 0 '^identical: ' gate
# Recorded without a reason it stays worse than the last that was good.
rounds 120000
expect 0 'appended' record
toy add results
toy commit -m 'nobody looked'
expect 5 'more instructions' gate

# A project that builds by its own commands.
expect 5 'more instructions' gate --base v1 --build 'cmake -B b -DCMAKE_BUILD_TYPE=Release && cmake --build b' --program b/conv4
expect 1 'cannot be built' gate --base v2 --build false --program b/conv4
expect 3 'there is no revision nonsense' gate --base nonsense
expect 2 'belong together' gate --build true
expect 2 'there is no option' gate --nonsense
expect 0 'usage: gate.sh' gate --help
finish
