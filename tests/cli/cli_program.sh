#!/bin/sh
# The program's help and version, and its answers to wrong command lines.
# usage: cli_program.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"

matches() { # out|err PATTERN ARGUMENT...
    stream=$1 pattern=$2
    shift 2
    if [ -n "$pattern" ]; then
        grep -q -- "$pattern" "$work/$stream" && return
    else
        [ ! -s "$work/$stream" ] && return
    fi
    fail "$*: std$stream is not '$pattern': $(cat "$work/$stream")"
}

# expect STATUS OUT ERR ARGUMENT...: checks the exit status, and patterns for both streams ('' is
# silence).
expect() {
    want=$1 out=$2 err=$3
    shift 3
    "$program" "$@" >"$work/out" 2>"$work/err"
    status=$?
    matches out "$out" "$@"
    matches err "$err" "$@"
    [ "$status" = "$want" ] || fail "$*: exit status $status, not $want"
}

expect 0 '^conv4 [0-9]*\.[0-9]*\.[0-9]*$' '' --version
expect 0 '^Built by .*; backends: ' '' --version
expect 0 '^Usage: conv4 ' '' help
expect 0 '^Usage: conv4 help ' '' help help
expect 2 '' "there is no command 'hepl'; did you mean 'help'?" hepl
expect 2 '' "there is no option --hepl; did you mean --help?" --hepl
expect 2 '' 'See "conv4 --help"'

# Checks that every command's help has examples that it accepts: with --help after an example, its
# options are parsed and nothing is run. Prints the command's subcommands.
explain() { # words of a command, or none
    expect 0 "^Usage: conv4${*:+ $*}" '' "$@" --help
    cp "$work/out" "$work/help"
    sed -n '/^Examples:/,/^$/s/^  conv4 \([^|&;<>]*\).*/\1/p' "$work/help" >"$work/examples"
    [ -s "$work/examples" ] || [ $# -gt 0 ] || fail "no examples"
    while read -r example; do
        eval "set -- $example"
        expect 0 '^[Uc]' '' "$@" --help # usage or version
    done <"$work/examples"
    sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z0-9-]*\) .*/\1/p' "$work/help"
}
for command in $(explain); do
    for inner in $(explain "$command"); do
        explain "$command" "$inner" >/dev/null
    done
done

# Closed streams: a file that the program opens does not take their place.
"$program" train --batches 2 --batch 2 --images 8 --test-images 1 --threads 1 -q --log-json closed.jsonl >&- 2>"$work/err" ||
    fail "train without standard output: $(cat "$work/err")"
[ "$(grep -c '^{' closed.jsonl)" = 3 ] || fail "no log without standard output: $(cat closed.jsonl)"
[ "$(wc -l <closed.jsonl)" = 3 ] || fail "messages in the log: $(cat closed.jsonl)"
"$program" train --batches 1 --batch 2 --images 8 --test-images 1 --threads 1 --save closed.safetensors <&- >&- 2>&- ||
    fail "train without streams"
"$program" eval --init closed.safetensors --images 32 --threads 1 >/dev/null 2>"$work/err" ||
    fail "messages in the weights: $(cat "$work/err")"

# However long a machine's texts are, the last line is there.
OMP_LONG=$(printf %09000d 0) "$program" doctor >"$work/out" 2>&1 || fail "doctor: $(cat "$work/out")"
grep -q '^Date  ' "$work/out" || fail "doctor cuts a long variable"

# A study's file whose names or lines are too long to be read whole.
printf '[run %050d]\nphase = size\n' 0 >long.ini
expect 2 '' 'long.ini, line 1: between \[ and \] are more than 49 characters' plan --study long.ini
printf '# %0200d\n' 0 >long.ini
expect 2 '' 'long.ini, line 1: longer than 198 characters' plan --study long.ini
printf '# \000\n' >long.ini
expect 3 '' 'long.ini, line 1: holds a NUL' plan --study long.ini

if [ -w /dev/full ]; then
    "$program" --help >/dev/full 2>"$work/err"
    status=$?
    [ $status = 1 ] || fail "a full disk: exit status $status"
    matches err 'cannot write to standard output' "a full disk"
fi
finish
