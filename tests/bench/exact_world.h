/* Shared by the tests of exact values: a folder that is first in PATH, with stand-ins for conv4 and
 * valgrind. */
#ifndef C4_TESTS_BENCH_EXACT_WORLD_H
#define C4_TESTS_BENCH_EXACT_WORLD_H

#include "bench/exact/exact.h"
#include "tests/core/test_file_scratch.h"

#define HASH_16 "0123456789abcdef"
#define HASH HASH_16 HASH_16 HASH_16 HASH_16

/* Answers as conv4 does; `bench ops` has two rows. */
static const char program_text[] =
    "#!/bin/sh\n"
    "case \"$1 $2\" in\n"
    "'doctor --selftest') echo '{\"step\": \"avx512\", \"selftest_training\": \"" HASH "\"}' ;;\n"
    "'doctor --json') echo '{\"step\": \"avx2\"}' ;;\n"
    "'bench step') echo '{\"steps\": [{\"backend\": \"avx512\", \"plan_bytes\": 8192}]}' ;;\n"
    "'bench ops') echo '{\"rows\": [{\"name\": \"a/n1/avx2\"}, {\"name\": \"b/n1/avx2\"}]}' ;;\n"
    "'train --batches') echo 'step 1  loss 2.5' ;;\n"
    "*) exit 2 ;;\n"
    "esac\n";

/* The second step has 700 instructions; the ops have 500 and 600. */
static const char valgrind_text[] =
    "#!/bin/sh\n"
    "set -e\n"
    "[ -z \"$SECRET$HOME\" ]\n"
    "while :; do\n"
    "    case $1 in\n"
    "    --tool=*) tool=${1#*=} ;;\n"
    "    --callgrind-out-file=*) out=${1#*=} ;;\n"
    "    --*) ;;\n"
    "    *) break ;;\n"
    "    esac\n"
    "    shift\n"
    "done\n"
    "\"$@\"\n"
    "[ $tool = callgrind ] || exit 0\n"
    "counts='500 600'\n"
    "[ $2 = bench ] || counts='900 700'\n"
    "for total in $counts; do\n"
    "    echo 'desc: Trigger: --dump-before=f'\n"
    "    echo \"totals: $total\"\n"
    "done >\"$out\"\n"
    "echo 'desc: Trigger: Program termination\ntotals: 21' >>\"$out\"\n";

static inline void write_script(void **state, const char *name, const char *text) {
    const char *path = scratch_path(state, name);
    assert_int_equal(c4_file_write_atomic(path, text, strlen(text)), C4_OK);
    assert_int_equal(chmod(path, 0755), 0);
}

/* The value of a row, or -1. */
static inline double value_of(const struct c4_exact *exact, const char *row) {
    for (int i = 0; i < exact->count; i++)
        if (strcmp(exact->value[i].row, row) == 0) return exact->value[i].value;
    return -1;
}

#endif
