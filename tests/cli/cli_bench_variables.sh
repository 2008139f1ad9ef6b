#!/bin/sh
# Google Benchmark's environment variables have no effect, and results name those that are set.
# usage: cli_bench_variables.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"

ops() {
	# shellcheck disable=SC2086 # a list of words
	"$@" "$program" bench ops --quick --batch 2 --backend ref --filter 'sgd|linear_fwd' $form
}
form=
ops env >/dev/null 2>said || {
	! grep -q libbenchmark-dev said || skip "no Google Benchmark in this build"
	fail "without variables: $(cat said)"
}

# steers_nothing VARIABLE=VALUE...: the same rows and samples as without them, no other output or
# files, and each variable named in the result.
steers_nothing() {
	form='--json --gbench-json report.json'
	ops env "$@" >out.json 2>said || fail "status $?: $* ($(cat said))"
	form=
	ops env "$@" >out.txt 2>said.txt || fail "status $?: $* ($(cat said.txt))"
	# Nine samples of two ops, each with mean, median, deviation and coefficient of variation.
	samples=$(grep -c '"run_type": "iteration"' report.json)
	[ "$samples" = 18 ] || fail "$samples samples in the report: $*"
	rows=$(grep -c '"seconds_per_call":' out.json)
	[ "$rows" = 2 ] || fail "$rows rows: $*"
	[ "$(grep -c ' yes ' out.txt)" = 2 ] || fail "not 2 rows in the text: $*"
	! grep -q planted report.json || fail "the report has a context that is not ours: $*"
	for pair; do
		grep -qF "\"${pair%%=*}\": \"${pair#*=}\"" out.json || fail "$pair is not in the JSON"
		grep -qF "$pair" out.txt || fail "$pair is not in the text"
	done
	[ "$(ls)" = "$files" ] || fail "files were written: $*: $(ls)"
	rm -f report.json
}
touch out.json out.txt said.txt report.json
files=$(ls)

steers_nothing BENCHMARK_REPORT_AGGREGATES_ONLY=true
steers_nothing BENCHMARK_DISPLAY_AGGREGATES_ONLY=true
steers_nothing BENCHMARK_LIST_TESTS=true
steers_nothing BENCHMARK_DRY_RUN=true
steers_nothing BENCHMARK_FILTER=nothing_like_it
steers_nothing BENCHMARK_FORMAT=json
steers_nothing BENCHMARK_FORMAT=nonsense
steers_nothing BENCHMARK_OUT=planted.json BENCHMARK_OUT_FORMAT=csv
steers_nothing BENCHMARK_OUT_FORMAT=nonsense
steers_nothing BENCHMARK_REPETITIONS=2 BENCHMARK_MIN_WARMUP_TIME=1 BENCHMARK_COLOR=true
steers_nothing BENCHMARK_MIN_TIME=2x
steers_nothing BENCHMARK_ENABLE_RANDOM_INTERLEAVING=false
steers_nothing BENCHMARK_PERF_COUNTERS=CYCLES BENCHMARK_COUNTERS_TABULAR=true
steers_nothing BENCHMARK_TIME_UNIT=s
steers_nothing BENCHMARK_CONTEXT=planted=1
steers_nothing BENCHMARK_CONTEXT=date=planted,conv4=planted
steers_nothing BENCHMARK_NOTHING_LIKE_IT=1

# Two threads on one PU: the variable that put them there is named beside the result.
env OMP_PLACES='{0}' OMP_PROC_BIND=true "$program" bench ops --quick --filter linear_fwd --backend ref --threads 2 >out.txt 2>said.txt ||
	fail "status of OMP_PLACES: $(cat said.txt)"
grep -q '^Note: OMP_P.* is set, so its binding was kept. Threads 0 and 1 share' out.txt ||
	fail "no note on OMP_PLACES: $(cat out.txt)"
finish
