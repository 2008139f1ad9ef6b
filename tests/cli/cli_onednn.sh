#!/bin/sh
# The choice of oneDNN's kernels as a user sees it: named in logs, fixed for a study.
# usage: cli_onednn.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
"$program" doctor --backend onednn >/dev/null 2>&1 || skip "no oneDNN in this build"
needs sqlite3

"$program" data synth images --train 512 >/dev/null || stop "no images"
values=degrees=0,finetune_degrees=0,svhn_degrees=0,pretrain_images=64,pretrain_epochs=2
values=$values,train_accuracy_images=32,accuracy_images=32,cka_images=40,curve_images=40
values=$values,control_images=20
# shellcheck disable=SC2317 # expect calls it
repro() { # OUT [OPTION...]
    out=$1
    shift
    bare "$program" repro --out "$out" --data images --scale smoke --figures 1 --seeds 1 \
        --backend onednn --workers 1 --threads 1 --quiet --set "$values" "$@"
}
kernels() {
    sqlite3 "$1/study.db" "SELECT value FROM setting WHERE name = 'kernels'"
}
rows() {
    sqlite3 "$1/study.db" 'SELECT run, epoch, quantity, layer, reference, images, statistics, n,
        quote(value) FROM result ORDER BY 1, 2, 3, 4, 5, 6, 7, 8'
}

# A measured choice is kept; so is a given one, even if it is not the fastest.
expect 0 'Backend onednn (dnnl .*), winograd ([wd,]*), bn-relu' repro measured
expr "$(kernels measured)" : '[wd]\{3\},[wd]\{3\},[wd]\{3\}$' >/dev/null ||
    fail "the study keeps '$(kernels measured)'"
expect 0 'winograd (ddd,ddd,ddd)' repro given --onednn-conv direct
expect 0 'winograd (ddd,ddd,ddd)' repro given --seeds 1-2
[ "$(kernels given)" = ddd,ddd,ddd ] || fail "the study now has '$(kernels given)'"
expect 1 "kernels" repro given --onednn-conv winograd

# Stopped after the first run and resumed, it has the rows of an uninterrupted study.
expect 0 'ddd,ddd,ddd' repro whole --seeds 1-2 --onednn-conv direct
rows whole >whole.rows
rows given >given.rows
[ "$(wc -l <whole.rows)" -gt 50 ] || fail "no rows"
cmp whole.rows given.rows || fail "going on by the kept choice gives other rows"

# Every log names the kernels.
expect 0 . "$program" train --data images --images 64 --test-images 64 --backend onednn \
    --threads 1 --onednn-conv direct --log-json log
head -n 1 log | grep -q '"kernels":\["oneDNN .*"conv4 backward data: ' || fail "$(head -n 1 log)"
expect 0 'conv2 backward weights: ' "$program" doctor --backend onednn
expect 2 'auto, direct' "$program" train --onednn-conv fast

# A training's checkpoint keeps the choice, too: resuming without the option uses it again, and a
# different choice is a different experiment.
# shellcheck disable=SC2317 # expect calls it
train() { # OPTION...
    "$program" train --data images --images 64 --test-images 64 --backend onednn --threads 1 \
        --quiet "$@"
}
expect 0 . train --checkpoint run.ck --onednn-conv direct
expect 0 . train --checkpoint run.ck --epochs 2 --log-json kept.log
head -n 1 kept.log | grep -q 'conv[2-4] [a-z ]*: [^"]*wino' && fail "another choice: $(head -n 1 kept.log)"
expect 2 'onednn-conv ddd,ddd,ddd, now www,www,www' train --checkpoint run.ck --epochs 3 \
    --onednn-conv winograd
expect 2 'backend onednn, now any bit-exact one' train --checkpoint run.ck --epochs 3 --backend ref
expect 0 . train --checkpoint measured.ck
kept=$(grep -ao 'conv4.experiment.onednn-conv":"[wd,]*"' measured.ck)
expr "$kept" : '.*"[wd]\{3\},[wd]\{3\},[wd]\{3\}"$' >/dev/null || fail "kept is: $kept"
expect 0 . train --checkpoint measured.ck --epochs 2
[ "$kept" = "$(grep -ao 'conv4.experiment.onednn-conv":"[wd,]*"' measured.ck)" ] ||
    fail "the choice changed"

finish
