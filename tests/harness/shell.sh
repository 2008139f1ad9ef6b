# shellcheck shell=sh
# What the command-line tests share. A script gets the program as $1 and begins with
#     # shellcheck source=./tests/harness/shell.sh
#     . "$(dirname "$0")/../harness/shell.sh"
# which sets up
#   program   $1 as an absolute path, unless it is a bare name
#   here      the folder of the tests, absolute
#   work      a new folder, where the script now is. It is removed when the script ends, also by a
#             signal; background jobs that still run are killed first.
# and the functions below. Unset variables are errors.
# A script runs from any folder, as root or not, on any number of cores, beside other tests. It waits
# for states (await), not for times. It ends with `finish`: status 0, or 1 after any `fail`; 77 means
# skipped.
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

# For a script to replace: what has to be undone before its folder can be removed.
tidy() { :; }

# children PID: the processes that it started and that are still there.
children() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '$4 == parent { print $1 }'
}

# end_tree PID: ends a process and all that it started.
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
    # What a test killed itself may have workers that need a moment to notice.
    rm -rf "$scratch" 2>/dev/null || { sleep 1 && rm -rf "$scratch"; }
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$work" && cd "$work" || exit 1

# fail WORDS...: an assertion does not hold; the script goes on. Also in subshells.
fail() {
    echo "FAILED: $*" >>"$scratch/failed"
    echo "FAILED: $*" >&2
}

# finish: ends the script, and says once more what failed: standard error may have been in a file.
finish() {
    [ -e "$scratch/failed" ] || exit 0
    echo "In all:"
    cat "$scratch/failed"
    exit 1
}

# stop WORDS...: what everything else needs is missing.
stop() {
    fail "$*"
    finish
}

skip() {
    echo "skipped: $*"
    exit 77
}

# needs COMMAND: or the script is skipped.
needs() {
    command -v "$1" >/dev/null || skip "$1 is missing"
}

# expect STATUS WORDS COMMAND...: it ends with this status, and what it says holds these words (a
# basic regular expression); all that it says is in the file said.
expect() {
    want=$1 words=$2
    shift 2
    "$@" >said 2>&1
    got=$?
    [ $got -eq "$want" ] || fail "status $got instead of $want: $* ($(cat said))"
    grep -q -e "$words" said || fail "'$words' is missing: $* ($(cat said))"
}

# says WORDS: the last command of expect said them, too.
says() {
    grep -q -e "$1" said || fail "'$1' is missing: $(cat said)"
}

# await SECONDS COMMAND...: until it succeeds; status 1 if it did not in this time.
await() {
    tries=$(($1 * 20))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.05
    done
}

# bare PROGRAM ARGUMENT...: the program by its path, with no other one to find, gnuplot above all: for
# tests that do not look at pictures, which cost more than a small study.
bare() {
    PATH=/nowhere "$@"
}

# launch LOG PROGRAM ARGUMENT...: the same in the background. $launched is the program itself, no shell
# around it, so that a signal reaches it; LOG is new, so that no older one is read in its place.
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

# bit_exact: the backends whose bits are the same and that run here, the best first, one a line.
bit_exact() {
    "$program" doctor | sed -n 's/^  \([a-z0-9]*\) .*; bit-exact$/\1/p'
}
