#!/bin/sh
# How often conv4 bench compare errs on this machine, and what it finds: A/A comparisons of ops and step,
# and comparisons with a convolution that is 10 and 5 % slower. Hours; by hand (results/README.md has
# what came of it). Each comparison appends a line to LOG, so that sittings add up.
# usage: alarm_rates.sh BUILD LOG COUNT KIND...
#   BUILD  a build folder with conv4 and tests/conv4_planted
#   KIND   aa-ops aa-step (idle), busy-ops busy-step (beside a busy loop that starts and stops),
#          ab-10 ab-5
# A line: KIND, UTC, exit status, seconds, slower, faster, equal, unknown, rows that are slower.
set -eu
build=$1 log=$2 count=$3
shift 3
work=$(mktemp -d)
busy=
tidy() {
    [ -z "$busy" ] || kill "$busy" 2>/dev/null || true
    rm -rf "$work"
}
trap tidy EXIT
trap 'exit 130' INT TERM
cp "$build/conv4" "$work/conv4"
cp "$build/tests/conv4_planted" "$work/conv4-0"
for name in conv10 conv5; do ln -s conv4-0 "$work/conv4-$name"; done

# A busy loop on one of the CPUs, on for 1 to 9 seconds, off for as long.
disturb() {
    while :; do
        for seconds in 3 8 1 5 9 2 7 4 6; do
            timeout "$seconds" sh -c 'while :; do :; done' || true
            sleep $((10 - seconds))
        done
    done
}

# compare OLD NEW OPTION...
compare() {
    "$work/conv4" bench compare --aa --no-exact "$@" >"$work/said" 2>"$work/error"
}

one() { # KIND
    case $1 in
    aa-ops | busy-ops) compare --benchmark ops "$work/conv4" "$work/conv4" ;;
    aa-step | busy-step) compare "$work/conv4" "$work/conv4" ;;
    ab-10) compare --benchmark ops --batch 40 --filter '^conv_fwd' "$work/conv4-0" "$work/conv4-conv10" ;;
    ab-5) compare --benchmark ops --batch 40 --filter '^conv_fwd' "$work/conv4-0" "$work/conv4-conv5" ;;
    *)
        echo "there is no kind $1" >&2
        exit 2
        ;;
    esac
}

for kind; do
    case $kind in busy-*) disturb & busy=$! ;; esac
    for _ in $(seq "$count"); do
        began=$(date +%s) status=0
        one "$kind" || status=$?
        counts=$(sed -n 's/^\([0-9]*\) slower, \([0-9]*\) faster, \([0-9]*\) equal, \([0-9]*\) unknown.*/\1 \2 \3 \4/p' "$work/said")
        printf '%s %s %s %s %s %s\n' "$kind" "$(date -u +%FT%TZ)" "$status" $(($(date +%s) - began)) \
            "${counts:-? ? ? ?}" "$(sed -n 's/^\([a-z0-9_/]*\) .* slower$/\1/p' "$work/said" | tr '\n' ' ')" |
            tee -a "$log"
    done
    [ -z "$busy" ] || kill "$busy"
    busy=
done
