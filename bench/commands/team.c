#include "bench/commands/team.h"

#include <stdio.h>

#include "core/base/utf8.h"
#include "core/host/allowance.h"

enum { THREADS_MOST = 1024 };

static void say(struct c4_text *notes) {
    if (notes->length > 0) c4_utf8_show_lines(stderr, c4_text_string(notes));
    c4_text_free(notes);
}

enum c4_status c4_bench_openmp_threads(const struct c4_args *args, int *threads) {
    struct c4_text notes = {0};
    *threads = c4_arg_given(args, "threads") ? 0 : c4_openmp_threads(&notes);
    say(&notes);
    if (*threads <= THREADS_MOST) return C4_OK;
    return c4_fail(C4_ERR_USAGE, "OMP_NUM_THREADS: %d threads are more than %d; give --threads",
                   *threads, THREADS_MOST);
}

enum c4_status c4_bench_threads(const struct c4_args *args, int *threads) {
    struct c4_text notes = {0};
    struct c4_allowance allowance;
    int openmp;
    C4_TRY(c4_bench_openmp_threads(args, &openmp));
    *threads = openmp ? openmp : (int)c4_arg_integer(args, "threads");
    enum c4_status status = c4_allowance_read(&allowance, &notes);
    if (status == C4_OK)
        status = c4_allowance_check(&allowance, openmp ? "OMP_NUM_THREADS" : "--threads", *threads,
                                    &notes);
    say(&notes);
    return status;
}

enum c4_pinning c4_bench_pinning(const struct c4_args *args) {
    return c4_arg_flag(args, "no-pin") ? C4_PIN_NEVER : C4_PIN_ALWAYS;
}
