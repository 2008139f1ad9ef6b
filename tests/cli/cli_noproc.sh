#!/bin/sh
# Without /proc, as in a bare chroot: workers are started, and everything else copes.
# usage: cli_noproc.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs unshare
# An emulator needs /proc itself, to start itself again.
[ "$(head -c 2 "$program")" != '#!' ] || skip "the program is emulated"
# So does AddressSanitizer, to find its own mappings and leaks.
if grep -q __asan_init "$program"; then skip "AddressSanitizer needs /proc"; fi
backend=$(bit_exact | head -n 1)
hidden='mount -t tmpfs -o ro none /proc && ! [ -e /proc/self ]'
as_root=
unshare -m sh -c "$hidden" 2>/dev/null || as_root=-r
# shellcheck disable=SC2086 # may be nothing
unshare $as_root -m sh -c "$hidden" 2>/dev/null || skip "/proc cannot be hidden here"

# without COMMAND...: runs it where there is no /proc.
without() {
    # shellcheck disable=SC2086,SC2317 # may be nothing; expect calls it
    unshare $as_root -m sh -c "$hidden"' && exec "$@"' sh "$@"
}

values=pretrain_images=64,pretrain_epochs=2,train_accuracy_images=32,accuracy_images=32
values=$values,cka_images=40,curve_images=40,control_images=20
machine="--scale smoke --figures 1 --seeds 1 --backend $backend --threads 1 --set $values"

# shellcheck disable=SC2086 # several words
bare "$program" repro --out with $machine >log 2>&1 || stop "with /proc: $(cat log)"
# shellcheck disable=SC2086 # several words
expect 0 'predicted time' without env PATH=/nowhere "$program" repro --out without $machine
if grep -q 'worker 1 \|/proc' said; then fail "it says: $(cat said)"; fi
cmp with/figures/fig1.csv without/figures/fig1.csv || fail "other results without /proc"
# shellcheck disable=SC2086 # several words
expect 0 'predicted time' without "$program" plan --out plan $machine --workers 2

# By a relative name, by PATH, and after the file was replaced: always the program itself.
mkdir bin bin/inside
cp "$program" bin/conv4
# shellcheck disable=SC2086,SC2016 # several words; expanded by the inner shell
expect 0 'predicted time' without sh -c 'cd bin/inside && exec ../conv4 "$@"' sh plan --out plan $machine
# shellcheck disable=SC2086,SC2016 # several words; expanded by the inner shell
expect 0 'predicted time' without sh -c 'PATH=$PWD/bin exec conv4 "$@"' sh plan --out plan $machine
# A worker that is started after that is still this program.
# computing: a worker, $worker, has used some CPU time, or the study has ended.
# shellcheck disable=SC2317 # await calls it
computing() {
    kill -0 "$launched" 2>/dev/null || return 0
    worker=$(children "$launched" | head -n 1)
    used=$(awk '{ print $14 + $15 }' "/proc/${worker:-none}/stat" 2>/dev/null)
    [ "${used:-0}" -gt 30 ]
}
for proc in yes no; do
    cp -f "$program" bin/conv4
    # shellcheck disable=SC2086 # several words
    if [ $proc = yes ]; then
        launch log "$work/bin/conv4" repro --out replaced-$proc $machine --workers 1
    else
        # shellcheck disable=SC2016 # expanded by the inner shell
        launch log "$(command -v unshare)" $as_root -m "$(command -v sh)" -c \
            "PATH='$PATH'; $hidden"' && PATH=/nowhere exec "$@"' sh \
            "$work/bin/conv4" repro --out replaced-$proc $machine --workers 1
    fi
    await 300 computing
    rm bin/conv4 && echo 'exit 99' >bin/conv4 && chmod +x bin/conv4
    kill -KILL "$worker"
    wait "$launched" || fail "a replaced program, /proc: $proc: $(cat log)"
    cmp with/figures/fig1.csv replaced-$proc/figures/fig1.csv || fail "other results: $proc"
done

# Everything else that looks into /proc or /sys.
expect 0 'chosen: ' without "$program" doctor
expect 0 '' without "$program" eval --quiet --images 32 --features x.safetensors
expect 0 'biased' without "$program" cka x.safetensors x.safetensors
expect 0 'images/s' without "$program" bench step --quick --backend "$backend" --batch 8
finish
