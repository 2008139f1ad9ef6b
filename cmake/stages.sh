# shellcheck shell=sh disable=SC2034,SC2154 # it shares variables with cmake/up
# Sourced by cmake/up: the verb test. A stage is a build and its tests, or a check; each has a line in
# the table at the end. tests/README.md says which tier runs which stage, and what the stage proves.
# Uses say, run, run_line, have, set_up and setting_up; reads $preset and $install.

passed=0 failed=0 skipped=0 leave_out='' tested='' began=$(date +%s)
stages='stage                passed  failed skipped   build   tests (seconds)'

# The seconds since the run began, without those of setting_up.
seconds() {
	say $(($(date +%s) - began - setup_seconds))
}

begin_stage() { # name
	stage=$1
	say "--- $stage"
	stage_began=$(seconds) built=$stage_began
}

end_stage() { # passed failed skipped [remark]
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
	stages="$stages
$(printf '%-20s %6d  %6d  %6d  %6d  %6d  %s' "$stage" "$1" "$2" "$3" \
		$((built - stage_began)) $(($(seconds) - built)) "${4-}")"
	[ -z "${4-}" ] || say "--- $stage: $4"
}

# Ends the stage as skipped, and fails, unless all of these commands exist.
needs() {
	for tool; do
		have "$tool" || {
			end_stage 0 0 1 "skipped: $tool is missing"
			return 1
		}
	done
}

# Ends a stage that is one check.
end_check() { # status
	if [ "$1" = 0 ]; then end_stage 1 0 0; else end_stage 0 1 0 failed; fi
}

in_junit() { # attribute
	grep -o " *$1=\"[0-9]*\"" "$junit" | head -n 1 | tr -dc '0-9'
}

# Builds a preset, or only its $targets, and runs its tests except those whose label matches
# $leave_out. The labels are explained in tests/CMakeLists.txt.
targets=
test_stage() { # preset ctest-argument...
	preset_name=$1
	shift
	[ -z "$leave_out" ] || set -- -LE "$leave_out" "$@"
	# shellcheck disable=SC2086 # lists of words
	build "$preset_name" ${targets:+--target $targets} || {
		end_stage 0 1 0 "failed: does not build"
		return
	}
	built=$(seconds)
	junit=$PWD/build/$preset_name/junit.xml
	rm -f "$junit"
	status=0 tested="$tested $preset_name"
	run ctest --preset "$preset_name" -j "$(nproc)" --output-junit "$junit" "$@" || status=$?
	# The next ctest empties its log, even if it only lists tests.
	cp "build/$preset_name/Testing/Temporary/LastTest.log" "build/$preset_name/tested.log" || true
	[ -s "$junit" ] || {
		end_stage 0 1 0 "failed: no test ran"
		return
	}
	bad=$(in_junit failures)
	left=$(($(in_junit skipped) + $(in_junit disabled)))
	good=$(($(in_junit tests) - bad - left))
	remark=
	if [ -n "$leave_out" ]; then
		long=$(ctest --preset "$preset_name" -N -L "$leave_out" | grep -c 'Test *#') || true
		left=$((left + long)) remark="skipped here: $long tests labelled $leave_out"
	fi
	# Any other reason for which ctest failed is a failure, too.
	[ "$status" = 0 ] || [ "$bad" -gt 0 ] || bad=1
	if [ "$bad" = 0 ]; then
		end_stage "$good" 0 "$left" "$remark"
	else
		end_stage "$good" "$bad" "$left" "failed; $remark"
	fi
}

# The code follows version 14 of these tools; other versions disagree with it.
needs_llvm_14() {
	needs "$1" || return
	"$1" --version | grep -q 'version 14\.' && return
	end_stage 0 0 1 "skipped: $1 is not version 14"
	return 1
}

format_stage() {
	needs_llvm_14 clang-format || return 0
	status=0
	run_line "find core simd repro bench tests -name '*.[ch]' -o -name '*.cc' |
    xargs clang-format --dry-run -Werror" || status=$?
	end_check $status
}

# The sources changed in the two days before the newest commit, or since then; for a header, one
# source that includes it. Fails without a Git history.
changed_sources() {
	newest=$(git log -1 --format=%ct 2>/dev/null) || return 1
	{
		git log --since="@$((newest - 172800))" --name-only --format=
		git diff --name-only HEAD
	} | sort -u | while read -r file; do
		case $file in
		*.c) say "$file" ;;
		*.h) grep -rlF --include='*.c' "#include \"$file\"" core simd repro bench tests | head -n 1 ;;
		esac
	done | sort -u
}

tidy_stage() { # changed|whole
	needs_llvm_14 clang-tidy || return 0
	status=0
	sed -n 's/^ *"file": "\(.*\.c\)".*/\1/p' "build/$preset/compile_commands.json" | sort -u >build/tidy.all
	cp build/tidy.all build/tidy.chosen
	if [ "$1" = changed ] && changed_sources >build/tidy.changed; then
		sed "s|^|$PWD/|" build/tidy.changed | grep -Fxf - build/tidy.all >build/tidy.chosen || true
	fi
	say "$(wc -l <build/tidy.chosen) of $(wc -l <build/tidy.all) files"
	# OpenMP's header can be installed for only one version of clang, the newest one.
	mkdir -p build/tidy-include
	! newest_clang || cp "$("$clang" -print-resource-dir)/include/omp.h" build/tidy-include/ || true
	run_line "xargs -n 1 -P $(nproc) clang-tidy -p build/$preset --quiet '--extra-arg=-isystem$PWD/build/tidy-include' \
    <build/tidy.chosen 2>build/clang-tidy.log" || status=$?
	end_check $status
}

shellcheck_stage() {
	needs shellcheck || return 0
	status=0
	run_line "find . -path './build*' -prune -o -name '*.sh' -print |
    xargs shellcheck cmake/up .ci/run" || status=$?
	end_check $status
}

rules_stage() {
	good=0 bad=0
	for rule in cmake/checks/*.sh; do
		if run sh "$rule" "build/$preset"; then good=$((good + 1)); else bad=$((bad + 1)); fi
	done
	if [ "$bad" = 0 ]; then end_stage "$good" 0 0; else end_stage "$good" "$bad" 0 failed; fi
}

# This commit against the newest earlier one that the history knows, or the last tag: instructions of
# a step decide, times are for information.
speed_stage() {
	needs git valgrind || return 0
	git rev-parse --verify --quiet HEAD >/dev/null || {
		end_stage 0 0 1 "skipped: no Git history"
		return 0
	}
	status=0
	sh bench/ci/gate.sh --conv4 "build/$preset/conv4" >build/speed.log || status=$?
	cat build/speed.log
	if grep -q 'nothing to compare with' build/speed.log; then
		end_stage 0 0 1 "skipped: no ancestor of this commit is recorded or has a tag"
	else
		end_check $status
	fi
}

arm64_stage() {
	needs aarch64-linux-gnu-gcc qemu-aarch64-static || return 0
	sysroot=build/arm64-sysroot
	libraries=$(group base more test | sed -n 's/^\(lib.*-dev\) .*/\1/p' | grep -v libc6)
	if [ "$install" = yes ] && have apt-get; then
		# shellcheck disable=SC2086 # a list of words
		setting_up run tests/emulate/make-arm64-sysroot.sh --dir $sysroot $libraries || true
	fi
	[ -d $sysroot ] || {
		end_stage 0 0 1 "skipped: no arm64 libraries in $sysroot"
		return 0
	}
	test_stage arm64-qemu "$@"
	must_execute neon arm64-qemu "$@"
}

# oneDNN 3.2 with gcc's OpenMP runtime, from pip's wheels: their include/ and lib/, in the folder that
# preset onednn3 names.
onednn3_root=build/onednn3-root
fetch_onednn3() {
	[ ! -f $onednn3_root/lib/libdnnl.so ] || return 0
	[ "$install" = yes ] || return 1
	rm -rf build/onednn3-wheels $onednn3_root
	mkdir -p build/onednn3-wheels
	run python3 -m venv build/onednn3-venv &&
		run build/onednn3-venv/bin/pip --disable-pip-version-check download --quiet \
			--only-binary :all: --dest build/onednn3-wheels \
			onednn-devel-cpu-gomp==2023.2.0 || return 1
	for wheel in build/onednn3-wheels/*.whl; do
		run python3 -m zipfile -e "$wheel" build/onednn3-wheels/unpacked || return 1
	done
	mkdir -p $onednn3_root
	for data in build/onednn3-wheels/unpacked/*.data/data; do
		cp -R "$data/." $onednn3_root/ || return 1
	done
	rm -rf build/onednn3-wheels
	[ -f $onednn3_root/lib/libdnnl.so ]
}

onednn3_stage() {
	needs gcc python3 || return 0
	[ "$(uname -m)" = x86_64 ] || {
		end_stage 0 0 1 "skipped: there is no such package for $(uname -m)"
		return 0
	}
	setting_up fetch_onednn3 || {
		end_stage 0 0 1 "skipped: oneDNN 3.2 is not in $onednn3_root, and pip could not get it"
		return 0
	}
	targets='conv4 test_onednn test_onednn_layouts test_onednn_slots test_pytorch'
	test_stage onednn3 -R 'onednn|pytorch_peers' "$@"
	targets=
}

clang_stage() { # preset ctest-argument...
	newest_clang || {
		end_stage 0 0 1 "skipped: clang is missing"
		return 0
	}
	test_stage "$@"
}

# Prepares what run-avx512.sh boots, if Bochs is installed; without it those tests are skipped.
make_machine() {
	have bochs-bin && [ "$install" = yes ] && have apt-get || return 0
	setting_up run tests/emulate/make-avx512-machine.sh --dir build/avx512-machine || true
}

# Prepares what run-numa.sh boots, likewise.
make_numa_machine() {
	have qemu-system-x86_64 && [ "$install" = yes ] && have apt-get || return 0
	setting_up run tests/emulate/make-numa-machine.sh --dir build/numa-machine || true
}

# Summarises what the tests of these presets executed of a backend, from their output.
executed() { # backend preset...
	backend=$1
	shift
	for name; do
		case "$tested " in *" $name "*) ;; *) continue ;; esac
		awk -v name="$backend:" '
			$2 == "Test:" && $1 ~ /^[0-9]+\/[0-9]+$/ { test = $3 }
			$1 == name && $3 == "slots" && $4 == "executed" { slots = $2; by[test] }
			$1 == name && $3 == "hash" && hash[$2] == "" { hash[$2] = $4; by[test] }
			END {
				if (slots == "") exit 1
				printf "%s %d slots executed", name, slots
				for (kind in hash) printf ", %s hash %s", kind, hash[kind]
				printf "; tests"
				for (test in by) printf " %s", test
				printf "\n"
			}' "build/$name/tested.log" 2>/dev/null && return
	done
	say "$backend: not executed (tests/emulate/README.md)"
	return 1
}

# Fails a stage that ran all of its tests but did not execute the backend that it should.
must_execute() { # backend preset ctest-argument...
	[ $# -eq 2 ] || return 0
	executed "$1" "$2" >/dev/null && return
	begin_stage "$1"
	end_stage 0 1 0 "failed: no test of preset $2 executed it"
}

# The tests of these presets, one per line: seconds, preset, name, and "run", "fail" or another
# status.
tests_of() {
	for name; do
		sed -n 's/.*<testcase name="\([^"]*\)".* time="\([0-9.]*\)" status="\([a-z]*\)".*/\2 '"$name"' \1 \3/p' \
			"build/$name/junit.xml" 2>/dev/null || true
	done
}

# A bare Debian of another release: its compilers and libraries, and setting up there.
debian13_stage() {
	needs debootstrap git || return 0
	if [ "$(id -u)" != 0 ] || [ "$install" = no ]; then
		end_stage 0 0 1 "skipped: needs root, and to install"
		return 0
	fi
	status=0
	run tests/emulate/run-debian.sh --suite trixie --dir build/debian ./cmake/up test || status=$?
	if [ $status = 77 ]; then end_stage 0 0 1 "skipped: no Debian could be made"; else end_check $status; fi
}

finish_tests() { # seconds that the run should take at most
	say "$stages"
	say "the slowest tests        seconds"
	# shellcheck disable=SC2086 # a list of words
	tests_of $tested | sort -rn | head -n 12 | awk '{ printf "%-12s %-20s %7.1f\n", $2, $3, $1 }'
	# shellcheck disable=SC2086
	tests_of $tested | awk '$4 == "fail" {
		printf "failed: to run it alone: ctest --preset %s -R '"'^%s\$'"' --output-on-failure\n", $2, $3 }'
	executed avx512 "$preset" || true
	executed neon arm64-qemu "$preset" || true
	say "$(seconds) seconds; packages, downloads and emulated machines $setup_seconds more"
	[ -z "${1-}" ] || [ "$(seconds)" -le "$1" ] ||
		say "This exceeds the $(($1 / 60)) minutes of this tier (tests/README.md)."
	say "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] || exit 1
	exit 0
}

test_verb() {
	tier=quick groups=more
	case ${1-} in
	--all) tier=all groups='more all' werror=yes ;;
	--full)
		tier=full groups='more all full' werror=yes
		C4_TEST_FULL=1
		export C4_TEST_FULL
		;;
	esac
	[ $tier = quick ] || shift
	setting_up set_up 'base test' "$groups" || {
		say "0 passed, 1 failed, 0 skipped"
		exit 6
	}
	CCACHE_DIR=${CCACHE_DIR:-$PWD/build/ccache} # the builds of one run share objects
	export CCACHE_DIR
	begin_stage "$preset"
	case $tier in
	quick)
		[ $# -gt 0 ] || leave_out='all|full' # a test named on the command line is run
		test_stage "$preset" "$@"
		finish_tests 300
		;;
	all) [ $# -gt 0 ] || leave_out=full ;;
	esac
	make_machine
	[ $tier = all ] || make_numa_machine
	test_stage "$preset" "$@"
	if grep -qw avx512f /proc/cpuinfo || [ -s build/avx512-machine/kernel.conf ]; then
		must_execute avx512 "$preset" "$@"
	fi

	begin_stage speed
	speed_stage
	begin_stage asan
	leave_out='full|long|numeric'
	[ $tier = all ] || leave_out='long|numeric'
	clang_stage asan "$@"
	begin_stage onednn3
	leave_out=full
	[ $tier = all ] || leave_out=
	onednn3_stage "$@"
	begin_stage arm64-qemu
	leave_out='full|long|heavy'
	[ $tier = all ] || leave_out='long|heavy'
	arm64_stage "$@"
	begin_stage clang-format
	format_stage
	begin_stage clang-tidy
	if [ $tier = all ]; then tidy_stage changed; else tidy_stage whole; fi
	begin_stage shellcheck
	shellcheck_stage
	begin_stage rules
	rules_stage
	[ $tier = full ] || finish_tests 1320

	begin_stage clang
	leave_out=long
	clang_stage clang "$@"
	begin_stage debug
	leave_out='long|numeric|heavy'
	test_stage debug "$@"
	begin_stage debian13
	debian13_stage
	finish_tests
}
