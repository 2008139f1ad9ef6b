#!/bin/sh
# conv4 bench history as a user types it, in a repository of commits that change nothing.
# usage: cli_bench_history.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs git
LC_ALL=C
export LC_ALL

history() {
    "$program" bench history "$@"
}
expect 3 'git finds no checkout here: name files' env GIT_CEILING_DIRECTORIES="$scratch" "$program" bench history

# The toy: commits on days of their own.
git init -q toy || stop "no repository"
cd toy || stop "no repository"
git config user.name t
git config user.email t@t
echo 'results/history/*.ndjson merge=union' >.gitattributes
git add .gitattributes
# commit DAY SUBJECT: one with the files that were added.
commit() {
    GIT_AUTHOR_DATE=2026-03-$1T12:00:00Z GIT_COMMITTER_DATE=2026-03-$1T12:00:00Z \
        git commit -q --allow-empty -m "$2" || stop "git commit"
}
# line ROW UNIT EXACT VALUE [MACHINE]: a line of HEAD.
line() {
    printf '{"schema": "conv4-history", "version": 1, "commit": "%s", "committed_utc": "%s", ' \
        "$(git rev-parse HEAD)" "$(TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd)"
    printf '"recorded_utc": "2026-05-01T00:00:00Z", "benchmark": "%s", "row": "%s", "batch": null, "threads": 1, ' \
        "$([ "$3" = true ] && echo program || echo step)" "$1"
    printf '"unit": "%s", "exact": %s, "median": %s, "low": null, "high": null, "samples": [%s], ' "$2" "$3" "$4" "$4"
    printf '"environment": {"key": "%s", "text": "machine %s"}}\n' "${5-a}" "${5-a}"
}
commit 01 first
expect 3 'nothing is recorded in results/history of this checkout yet: conv4 bench record' history
mkdir -p results/history
: >results/history/toy.ndjson
expect 3 'nothing is recorded' history

# Twenty commits with a step of 5 % at the eleventh, which is one of twelve since the record before.
for day in 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21; do
    if [ $day = 12 ]; then
        for i in 1 2 3 4 5 6 7 8 9 10 11; do commit 11 "unrecorded $i"; done
    fi
    commit $day "change of $day"
    if [ $day -lt 12 ]; then base=0.0100 size=1000; else base=0.0105 size=1024; fi
    line step/avx2 s false "${base}${day#0}" >>results/history/toy.ndjson
    line size bytes true $size >>results/history/toy.ndjson
    [ $day -gt 04 ] || line step/avx2 s false 0.5 b >>results/history/toy.ndjson
done
step=$(git log --format=%h --grep 'change of 12')
expect 0 '^step/avx2, 1 thread *20 commits .* ms  *+0\.[0-9]* %  \.' history
says "^    slower by 4\.[0-9] % near commit $(git rev-parse "$step" | cut -c 1-12) (2026-03-12), p < 1e-16\$"
says "^        $step change of 12\$"
says '^        [0-9a-f]* unrecorded 3$'
says '^        and 2 more$'
says '^size, 1 thread  *20 commits  1024 bytes '
says '^    larger by 2.4 % near commit .* (2026-03-12), from 1000 to 1024 bytes$'
says '^machine b:$'
cp said from-the-root
(mkdir -p sub && cd sub && history >../said 2>&1) || fail "in a folder of the checkout"
cmp said from-the-root || fail "in a folder of the checkout it is another history: $(cat said)"
LC_ALL=C.UTF-8 history | grep -q '█' || fail "no blocks in a UTF-8 locale"
LC_ALL=C history | grep -q '█' && fail "blocks in another locale"

# Which rows, and which changes.
expect 0 '^step/avx2' history --filter '^step/a.x2$'
grep -q '^size' said && fail "--filter leaves other rows"
expect 0 '^size' history --benchmark program
grep -q '^step' said && fail "--benchmark leaves other rows"
expect 0 'slower by' history --min-change 0.03
grep -q 'larger by' said && fail "--min-change leaves smaller changes"
expect 2 'no recorded row matches' history --filter nothing
expect 2 "nothing of benchmark 'ops' is recorded" history --benchmark ops
expect 2 'is not a regular expression' history --filter '('
expect 2 '' history --max-p 2
expect 2 "between 0 and 1" history --max-p 0
expect 2 '' history --window 1
expect 2 "give only one of --out, --base and --format" history --json --out page
expect 2 '' history --format xml

# The ancestor to compare with.
[ "$(history --base HEAD)" = "$(git rev-parse HEAD~1)" ] || fail "--base HEAD: $(history --base HEAD)"
[ "$(history --base "$step")" = "$(git rev-parse "$step~12")" ] || fail "--base skips nothing"
expect 3 'no ancestor of HEAD~30 is recorded' history --base HEAD~30
expect 3 'no/such: there is no such git revision' history --base no/such

# Other formats.
for format in markdown csv json otava github gbench text; do
    expect 0 . history --format $format
done
history --json >json.1
history --format json >json.2
cmp json.1 json.2 || fail "--json is not --format json"
for key in '"conv4-history-report"' '"change_points"' '"newest_change"' '"commits_not_listed": 2'; do
    grep -q -e "$key" json.1 || fail "--json has no $key"
done
[ "$(history --format csv | wc -l)" -eq 44 ] || fail "--format csv has not one row for each line"
history results/history/toy.ndjson | cmp - from-the-root || fail "a file by its name"

# The page: one file that needs no other, and has nothing that runs.
expect 0 '^page/new/history.html$' history --out page/new
page=page/new/history.html
for words in 'machine b' 'slower by 4' 'change of 12' 'and 2 more' '<svg class="trend"' 'viewport' '</html>'; do
    grep -q -e "$words" $page || fail "the page lacks '$words'"
done
sed 's|http://www.w3.org/2000/svg||g' $page | grep -n 'http:\|https:\|<script\|url(\|@import' &&
    fail "the page refers to something outside"
[ "$(grep -c '<figure' $page)" -eq 3 ] || fail "the page has not a figure for each series"

# Two branches that both record are merged by keeping both, in whatever order.
git add results
commit 22 recorded
git checkout -q -b side
commit 23 side
line step/avx2 s false 0.010523 >>results/history/toy.ndjson
git add results && commit 23 'side recorded'
git checkout -q - && commit 24 main
line step/avx2 s false 0.010524 >>results/history/toy.ndjson
git add results && commit 24 'main recorded'
git merge -q side >merged 2>&1 || fail "the merge has a conflict: $(cat merged)"
expect 0 '^step/avx2, 1 thread *22 commits *10.52 ms' history --filter step

# Files that are not whole.
expect 3 'no.ndjson' history no.ndjson
cp results/history/toy.ndjson damaged.ndjson
echo '<<<<<<< HEAD' >>damaged.ndjson
expect 3 'damaged.ndjson, line 46: a conflict of git' history damaged.ndjson
sed '3s/"unit"/"tinu"/' results/history/toy.ndjson >damaged.ndjson
expect 3 'damaged.ndjson, line 3: "unit" is missing' history results/history/toy.ndjson damaged.ndjson
head -c 100 results/history/toy.ndjson >cut.ndjson
expect 3 'nothing is recorded in cut.ndjson' history cut.ndjson
printf '{"schema": "other"}\n' >results/history/other.ndjson
expect 3 'other.ndjson, line 1: "schema" is not' history
finish
