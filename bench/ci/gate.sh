#!/bin/sh
# Compares the checkout's HEAD with an earlier commit: fails if a training step takes more
# instructions, or, of other projects, if a benchmark is slower, and writes a comment for a change.
# Copy it; it needs nothing of this folder.
#
# usage: gate.sh [OPTION...]
#   --conv4 PROGRAM     the conv4 that compares (default: conv4 of PATH)
#   --new PROGRAM       HEAD, built (default: the same)
#   --base REVISION     the earlier commit (default: the newest ancestor of HEAD in the history, or
#                       else the last tag before HEAD)
#   --history FILE      of conv4 bench record (default: results/history/*.ndjson)
#   --build COMMAND     builds a checkout, in its top folder, and
#   --program PATH      what it builds there (default: conv4 bench compare builds conv4 by CMake)
#   --growth SHARE      of instructions, that is accepted without a reason (default: 0.02)
#   --max-time TIME     of timing, which takes at most so long (default: 1m)
#   --comment FILE      append what was found as Markdown (default: standard output alone)
#   --google-benchmark  the programs are of Google Benchmark: times decide, nothing is counted
#
# Instructions decide where valgrind counts them; times are for information, as a machine of CI is
# noisy. A step that has grown for a good reason: "conv4 bench record --accept REASON", and commit
# the history. Exit status: 0 nothing is worse, or there is nothing to compare with, which is said;
# 5 worse; others: no verdict.
set -eu

conv4=conv4 new='' base='' history='' build='' program='' growth=0.02 time=1m comment='' google=no
usage() {
    sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" | sed '$d'
}
while [ $# -gt 0 ]; do
    case $1 in
    --google-benchmark) google=yes ;;
    --conv4 | --new | --base | --history | --build | --program | --growth | --max-time | --comment)
        [ $# -gt 1 ] || {
            echo "gate.sh: $1 needs a value" >&2
            exit 2
        }
        case $1 in
        --conv4) conv4=$2 ;;
        --new) new=$2 ;;
        --base) base=$2 ;;
        --history) history=$2 ;;
        --build) build=$2 ;;
        --program) program=$2 ;;
        --growth) growth=$2 ;;
        --max-time) time=$2 ;;
        --comment) comment=$2 ;;
        esac
        shift
        ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        echo "gate.sh: there is no option $1" >&2
        usage >&2
        exit 2
        ;;
    esac
    shift
done
case $build/$program in
?*/ | /?*)
    echo "gate.sh: --build and --program belong together" >&2
    exit 2
    ;;
esac
: "${new:=$conv4}"

# What to compare with.
if [ -z "$base" ]; then
    base=$("$conv4" bench history --base HEAD --max-growth "$growth" ${history:+"$history"}) ||
        base=$(git describe --tags --abbrev=0 HEAD^ 2>/dev/null) || {
        echo "gate.sh: nothing to compare with: no ancestor of HEAD is in the history, and none has a tag"
        exit 0
    }
fi
commit=$(git rev-parse --verify --quiet "$base^{commit}") || {
    echo "gate.sh: there is no revision $base here; is this a shallow clone? (git fetch --unshallow --tags)" >&2
    exit 3
}
old=$commit
if [ -n "$build" ]; then
    tree=$(git rev-parse --show-toplevel)/build/gate/$commit
    if [ ! -d "$tree" ]; then
        mkdir -p "${tree%/*}"
        git worktree prune
        git worktree add --detach "$tree" "$commit" >&2
    fi
    (cd "$tree" && sh -c "$build") >"$tree.log" 2>&1 || {
        echo "gate.sh: $base cannot be built; $tree.log says why" >&2
        exit 1
    }
    old=$tree/$program
fi

# compare WORD...: prints and keeps what "conv4 bench compare" says; its exit status is $status.
report=$(mktemp)
trap 'rm -f "$report"' EXIT
compare() {
    status=0
    "$conv4" bench compare "$@" --format markdown "$old" "$new" >"$report" || status=$?
    cat "$report"
    [ -z "$comment" ] || cat "$report" >>"$comment"
}

if [ $google = yes ]; then
    compare --benchmark google-benchmark --max-time "$time"
    exit "$status"
fi
compare --exact-only --max-instructions "$growth"
verdict=$status
case $verdict in 0 | 5) ;; *) exit "$verdict" ;; esac
! grep -q '^identical' "$report" || exit 0 # the same bytes take the same time
compare --no-exact --max-time "$time"
case $status in 0 | 5) ;; *) exit "$status" ;; esac
exit "$verdict"
