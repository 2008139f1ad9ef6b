#!/bin/sh
# Parts of a study for several machines: shards and groups in folders of their own or in one, the lines
# of a plan as commands of a shell, and that all parts together are the study's rows, each once.
# usage: cli_shards.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs sqlite3

data="$work/it's \$data"
"$program" data synth "$data" --train 512 >/dev/null || stop "no images"

# A conv4 for lines that a shell executes; it does not find gnuplot.
mkdir bin
cat >bin/conv4 <<SCRIPT
#!/bin/sh
PATH=/nowhere exec '$(command -v "$program")' "\$@"
SCRIPT
chmod +x bin/conv4
PATH=$work/bin:$PATH

backend=$(bit_exact | head -n 1)
# Twelve very short runs in six groups. study COMMAND OUT [OPTION...]
values=degrees=0,finetune_degrees=0,svhn_degrees=0,pretrain_images=64,pretrain_epochs=2
values=$values,sizes=16,32,size_epochs=2,finetune_images=32,finetune_epochs=1
values=$values,train_accuracy_images=32,accuracy_images=32,cka_images=40,curve_images=40
values=$values,control_images=20
study() {
    command=$1 out=$2
    shift 2
    conv4 "$command" --out "$out" --data "$data" --scale smoke --seeds 1-2 --backend "$backend" \
        --workers 1 --threads 1 --set $values "$@"
}
repro() {
    study repro "$@" --quiet
}

# rows FOLDER...: the results of all, and the finished runs with their hashes, sorted.
rows() {
    for folder; do
        sqlite3 "$folder/study.db" "SELECT run, epoch, quantity, layer, reference, images, statistics,
                n, quote(value) FROM result;
            SELECT key, seed, source, rows_sha256 FROM run WHERE status = 'done'"
    done | sort
}
# same NAME FOLDER...: the folders' rows together are those of the whole study.
same() {
    name=$1
    shift
    rows "$@" >"$name.rows"
    cmp whole.rows "$name.rows" || fail "$name: $(diff whole.rows "$name.rows" | head -n 4)"
}
finished() {
    sqlite3 "$1/study.db" "SELECT count(*) FROM run WHERE status = 'done'"
}
settings() {
    sqlite3 "$1/study.db" "SELECT name, value FROM setting WHERE name NOT LIKE '%digits%'
        ORDER BY name; SELECT key FROM run ORDER BY key"
}

# The study's lines: one for each group, the one with the most work first, and nothing else.
study plan 'my parts' --lines >lines 2>said || fail "--lines: $(cat said)"
[ "$(wc -l <lines)" -eq 6 ] || fail "not six lines: $(cat lines)"
grep -vq '^conv4 repro --group [a-z0-9-]* --out ' lines && fail "other lines: $(cat lines)"
head -n 2 lines | grep -vq -e '--group pretrain-' && fail "the longest are not first: $(cat lines)"
[ ! -e 'my parts' ] || fail "--lines made a folder"
study plan parts --lines --shard 1/2 >one
study plan parts --lines --shard 2/2 >other
study plan parts --lines | sort >all
[ "$(wc -l <one)" -eq 3 ] || fail "the lines of a shard: $(cat one)"
sort one other | cmp - all || fail "the lines of both shards are not all lines"
study plan parts --lines --figures 1 >few
[ "$(grep -c -e '--figures 1' few)" -eq 2 ] || fail "Figure 1 needs two groups: $(cat few)"

# A shell does each of them, the whole study and two shards; all at the same time.
repro whole >whole.log 2>&1 || fail "whole: $(cat whole.log)" &
repro first --shard 1/2 >first.log 2>&1 || fail "shard 1/2: $(cat first.log)" &
repro second --shard 2/2 --json >second.json 2>second.log || fail "shard 2/2: $(cat second.log)" &
number=0
head -n 3 lines >some
while read -r line; do
    number=$((number + 1))
    sh -c "$line --quiet" >"line$number.log" 2>&1 || fail "$line: $(cat "line$number.log")" &
done <some
tail -n 3 lines | tr '\n' '\0' | xargs -0 -P 3 -I{} sh -c '{} --quiet' >lines.log 2>&1 ||
    fail "lines by xargs: $(cat lines.log)"
wait
rows whole >whole.rows
[ "$(wc -l <whole.rows)" -gt 400 ] || stop "the study has no rows"
[ "$(finished whole)" -eq 12 ] || fail "the study has $(finished whole) runs"
same lines 'my parts'/*
same shards first second
# Each run once; a fine-tuning where its pre-training is. All folders know the whole study.
for folder in first second 'my parts'/*; do
    [ "$(sqlite3 "$folder/study.db" "SELECT count(*) FROM run AS a JOIN run AS b ON b.key = a.source
        WHERE a.status <> b.status")" -eq 0 ] || fail "$folder: a run is not where it starts from"
    settings "$folder" >parted
    settings whole | cmp - parted || fail "$folder: its settings are not the study's"
    [ ! -e "$folder/report.html" ] || fail "$folder: a part has a report"
    [ -z "$(ls "$folder/figures")" ] || fail "$folder: a part has figures"
done
[ "$(($(finished first) + $(finished second)))" -eq 12 ] || fail "shards share runs"
[ "$(finished first)" -eq 6 ] || fail "the first shard has $(finished first) runs"
grep -q "^Shard 1/2: $(finished first) of the study's 12 runs, in 3 of 6 groups; 50 % of its work" \
    first.log || fail "what is done is not said: $(cat first.log)"
grep -q "^$(finished first) of the study's 12 runs are in first\." first.log ||
    fail "what the folder has is not said: $(cat first.log)"
grep -q '^    conv4 merge OUT first FOLDER\.\.\.$' first.log || fail "what comes next: $(cat first.log)"
grep -q '"shard": "2/2"' second.json || fail "--json: $(cat second.json)"
grep -q '"study_runs": 12' second.json || fail "--json: $(cat second.json)"
grep -q "\"done_runs\": $(finished second)," second.json || fail "--json: $(cat second.json)"

# The other shard to the same folder, which remembers the study's options; then the rest of the first.
cp -r first both && cp -r first rest
(
    conv4 repro --out both --data "$data" --backend "$backend" --workers 1 --quiet --shard 2/2 \
        >both.log 2>&1 || fail "the second shard: $(cat both.log)"
) &
(
    conv4 repro --out rest --data "$data" --backend "$backend" --workers 1 --quiet >rest.log 2>&1 ||
        fail "the rest: $(cat rest.log)"
) &
# --fresh starts over with the part.
key=size-cifar10-d9-n16-e2-bn-relu-seed2
cp -r second again
(
    repro again --fresh --group $key >again.log 2>&1 || fail "--fresh: $(cat again.log)"
    [ "$(finished again)" -eq 1 ] || fail "--fresh: $(finished again) runs"
    [ "$(finished "$(echo again/previous-*)")" -eq "$(finished second)" ] || fail "--fresh lost the old study"
) &
wait
grep -q '^All 12 runs of the study are in both\.' both.log || fail "both: $(cat both.log)"
grep -q '^    conv4 report --out both$' both.log || fail "both: $(cat both.log)"
grep -q "^Continuing in the same folder: $(finished second) of 12 runs to do" rest.log ||
    fail "what is missing is not found: $(cat rest.log)"
same both both
same rest rest
expect 0 'All runs are in both already' repro both
for folder in both rest; do
    diff whole/figures $folder/figures -x '*.pdf' -x '*.svg' -x '*.png' -x '*cost-*' >said ||
        fail "$folder draws others: $(cat said)"
done
# What is there already is not done again, and a part can be looked at in a dry run.
expect 0 'All runs are in first already' repro first --shard 1/2
says 'conv4 merge OUT first'
expect 0 "$(finished second) runs on 1 place: predicted time" repro none --shard 2/2 --dry-run
expect 0 "^1 runs on 1 place: predicted time" study plan none --group $key
expect 0 "^$(finished first) runs on 1 place" study plan none --shard 1/2 --speed 1000,3000,0.1,0.1
expect 0 '"shard": "1/2"' study plan none --shard 1/2 --speed 1000,3000,0.1,0.1 --json
expect 0 'There are no suspect rows' repro first --shard 1/2 --redo
# More shards than groups: nothing is done, nothing is made.
expect 0 "^Shard 7/8 has no runs: the study's 12 runs are in 6 groups" repro none --shard 7/8
expect 0 'has no runs' repro none --shard 8/8 --fresh
expect 0 '"runs": 0' repro none --shard 8/8 --json
expect 0 'has no runs' study plan none --shard 7/8
[ "$(study plan none --lines --shard 7/8 | wc -l)" -eq 0 ] || fail "an empty shard has lines"

for text in 0/4 5/4 1 1/ /4 1/4x a/b -1/4 1/1000000 '1 /4' ''; do
    expect 2 '--shard takes I/N' repro none --shard="$text"
done
expect 2 'give only one of them' repro none --shard 1/2 --group $key
expect 2 "no group 'none'; 'conv4 plan --lines' with the same options" repro none --group none
expect 2 "no group ''" repro none --group "$key,"
expect 2 'belongs to group pretrain-cifar10-d0-n64-e2-bn-relu-seed1;' repro none \
    --group finetune-svhn-d0-n32-e1-bn-relu-seed1
expect 2 '--strict-claims' repro none --shard 1/2 --strict-claims
for option in --json --scaling --nodes=2 --topology=pu:2 --speed=1,1,1,1; do
    expect 2 '--lines prints commands' study plan none --lines $option
done
expect 2 'whole: is a study' study plan whole --lines
expect 2 'has a line break' study plan 'a
b' --lines
[ ! -e none ] || fail "a folder was made"
finish
