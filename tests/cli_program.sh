#!/bin/sh
# What the program says of itself, and how it meets wrong command lines.
# usage: cli_program.sh PROGRAM
set -u
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

matches() { # out|err PATTERN ARGUMENT...
    stream=$1 pattern=$2
    shift 2
    if [ -n "$pattern" ]; then
        grep -q -- "$pattern" "$work/$stream" && return
    else
        [ ! -s "$work/$stream" ] && return
    fi
    echo "$*: std$stream is not '$pattern':"
    cat "$work/$stream"
    failures=$((failures + 1))
}

# expect STATUS OUT ERR ARGUMENT...: the exit status, and patterns for both streams ('' is silence).
expect() {
    want=$1 out=$2 err=$3
    shift 3
    "$program" "$@" >"$work/out" 2>"$work/err"
    status=$?
    matches out "$out" "$@"
    matches err "$err" "$@"
    [ "$status" = "$want" ] || {
        echo "$*: exit status $status, not $want"
        failures=$((failures + 1))
    }
}

expect 0 '^conv4 [0-9]*\.[0-9]*\.[0-9]*$' '' --version
expect 0 '^Built by .*; backends: ' '' --version
expect 0 '^Usage: conv4 ' '' --help
expect 0 '^Usage: conv4 ' '' help
expect 0 '^Usage: conv4 help ' '' help help
expect 2 '' "there is no command 'hepl'; did you mean 'help'?" hepl
expect 2 '' "there is no option --hepl; did you mean --help?" --hepl
expect 2 '' 'See "conv4 --help"'

# Every command explains itself, and so does every command of a command.
explain() { # words of a command
    "$program" "$@" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z0-9-]*\) .*/\1/p'
}
for command in $(explain); do
    expect 0 "^Usage: conv4 $command" '' "$command" --help
    for inner in $(explain "$command"); do
        expect 0 "^Usage: conv4 $command $inner" '' "$command" "$inner" --help
    done
done

if [ -w /dev/full ]; then
    "$program" --help >/dev/full 2>"$work/err"
    status=$?
    if [ $status != 1 ] || ! grep -q 'standard output cannot be written' "$work/err"; then
        echo "a full disk: exit status $status"
        failures=$((failures + 1))
    fi
fi
[ "$failures" = 0 ]
