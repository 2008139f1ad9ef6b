#!/bin/sh
# A training step with 2 % more instructions is found, whatever the machine does meanwhile, and nothing
# else is called changed. The program is the real one with extra work (bench/planted.c).
# usage: cli_bench_planted.sh PROGRAM, and C4_TEST_PLANTED in the environment
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs valgrind
[ -x "${C4_TEST_PLANTED-}" ] || skip "there is no conv4_planted"
cp "$C4_TEST_PLANTED" ./conv4-0
ln -s conv4-0 conv4-step2

# (How many instructions a step takes depends a little on the caches, so 2 % are 1.9 to 2.1.)
expect 5 'a training step has [12]\.[019][0-9]* % more instructions' \
    "$program" bench compare --exact-only --max-instructions 0.015 --aa ./conv4-0 ./conv4-step2
says '^step/.* instructions  *+[12]'
says 'The canonical hash is the same'
says '^Exact values: 3, 2 the same'
finish
