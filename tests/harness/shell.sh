# shellcheck shell=sh
# Shared by the command-line tests. A script receives the program as $1 and begins with
#     # shellcheck source=./tests/harness/shell.sh
#     . "$(dirname "$0")/../harness/shell.sh"
# which sets up
#   program   $1 as an absolute path, unless it is a bare name
#   here      the folder of the tests, absolute
#   work      a new folder, now the working directory. It is removed when the script ends, also by a
#             signal; background jobs that are still running are killed first.
# and the functions below. Unset variables are errors.
# A script runs from any folder, as root or not, on any number of cores, in parallel with other tests.
# It waits for states (await), not for times. It ends with `finish`: status 0, or 1 after any `fail`;
# 77 means skipped.
set -u
here=$(cd "$(dirname "$0")/.." && pwd) || exit 1
program=${1-}
case $program in
/*) ;;
*/*) program=$PWD/$program ;;
esac
: "${C4_TEST_REFERENCE:=$here/reference}"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/conv4-$(basename "$0" .sh).XXXXXX") || exit 1
scratch=$(cd "$scratch" && pwd) || exit 1
work=$scratch/work

# A script may redefine it to undo things before its folder is removed.
tidy() { :; }

# children PID: the processes that it started and that still exist.
children() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '$4 == parent { print $1 }'
}

# end_tree PID: ends a process and all its descendants.
end_tree() {
    for child in $(children "$1"); do end_tree "$child"; done
    kill -KILL "$1" 2>/dev/null
}

leave() {
    trap '' HUP INT TERM
    cd /
    jobs -p >"$scratch/jobs"
    for job in $(children $$ | grep -Fxf "$scratch/jobs"); do end_tree "$job"; done
    wait
    tidy
    chmod -R u+w "$scratch" 2>/dev/null
    # Processes that a test killed may have workers that need a moment to notice.
    rm -rf "$scratch" 2>/dev/null || { sleep 1 && rm -rf "$scratch"; }
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$work" && cd "$work" || exit 1

# fail WORDS...: reports a failed assertion; the script continues. Also in subshells.
fail() {
    echo "FAILED: $*" >>"$scratch/failed"
    echo "FAILED: $*" >&2
}

# finish: ends the script and repeats all failures, since standard error may have been in a file.
finish() {
    [ -e "$scratch/failed" ] || exit 0
    echo "In all:"
    cat "$scratch/failed"
    exit 1
}

# stop WORDS...: fails and ends the script, because everything else depends on this.
stop() {
    fail "$*"
    finish
}

skip() {
    echo "skipped: $*"
    exit 77
}

# needs COMMAND: skips the script if the command is missing.
needs() {
    command -v "$1" >/dev/null || skip "$1 is missing"
}

# expect STATUS WORDS COMMAND...: the command exits with this status, and its output contains these
# words (a basic regular expression); the output is in the file said.
expect() {
    want=$1 words=$2
    shift 2
    "$@" >said 2>&1
    got=$?
    [ $got -eq "$want" ] || fail "status $got instead of $want: $* ($(cat said))"
    grep -q -e "$words" said || fail "'$words' is missing: $* ($(cat said))"
}

# says WORDS: the output of expect's last command also contains these words.
says() {
    grep -q -e "$1" said || fail "'$1' is missing: $(cat said)"
}

# await SECONDS COMMAND...: waits until it succeeds; status 1 if it did not in this time.
await() {
    tries=$(($1 * 20))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.05
    done
}

# bare PROGRAM ARGUMENT...: runs the program with an empty PATH, so that it does not find gnuplot: for
# tests that do not check pictures, which cost more than a small study.
bare() {
    PATH=/nowhere "$@"
}

# launch LOG PROGRAM ARGUMENT...: the same in the background. $launched is the program itself, not a
# shell around it, so that a signal reaches it; LOG is new, so that an older one is not read instead.
launch() {
    rm -f "$1"
    (
        exec >"$1" 2>&1
        shift
        exec env PATH=/nowhere "$@"
    ) &
    # shellcheck disable=SC2034 # the script reads it
    launched=$!
}

# bit_exact: the bit-exact backends that run here, the best first, one per line.
bit_exact() {
    "$program" doctor | sed -n 's/^  \([a-z0-9]*\) .*; bit-exact$/\1/p'
}
