/* conv4 bench list: the names of everything that can be timed here. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/cka/cka.h"
#include "bench/commands.h"
#include "bench/measure/backends.h"
#include "bench/ops/ops.h"
#include "core/cli/cli.h"

static const char *const examples[] = {"conv4 bench list", NULL};

static enum c4_status list_ops(const struct c4_backend *const *backends, int count) {
    struct c4_ops_bench bench = {.batch = 32, .threads = 1, .samples = 1};
    enum c4_status status = c4_ops_bench_select(&bench, backends, count, NULL);
    for (int i = 0; status == C4_OK && i < bench.count; i++) printf("ops %s\n", bench.rows[i].name);
    c4_ops_bench_free(&bench);
    return status;
}

static enum c4_status list_cka(const struct c4_backend *const *backends, int count) {
    static const size_t sizes[] = {500, 1000, 2000, 5000};
    struct c4_cka_bench *bench = calloc(1, sizeof *bench);
    if (!bench) return c4_fail(C4_ERR_MEMORY, "out of memory");
    enum c4_status status = C4_OK;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int layer = 0; layer <= C4_LAYERS && status == C4_OK; layer++) {
            const struct c4_cka_group group = {.subject = layer == C4_LAYERS ? C4_CKA_PRODUCT
                                                                             : C4_CKA_VALUE,
                                               .layer = layer,
                                               .n = sizes[i],
                                               .threads = 1,
                                               .samples = 1};
            status = c4_cka_bench_add(bench, &group, backends, count);
        }
    for (int i = 0; status == C4_OK && i < bench->count; i++)
        printf("cka %s\n", bench->rows[i].name);
    c4_cka_bench_free(bench);
    free(bench);
    return status;
}

static enum c4_status list(void) {
    const struct c4_backend *backends[C4_BENCH_BACKENDS];
    int count;
    C4_TRY(c4_bench_backends("all", backends, &count));
    for (int i = 0; i < count; i++)
        if (backends[i]->step) printf("step %s\n", backends[i]->name);
    C4_TRY(list_ops(backends, count));
    C4_TRY(list_cka(backends, count));
    puts("study smoke");
    puts("scale train");
    const struct c4_peak_loop *loop;
    for (int i = 0; (loop = c4_dispatch_peak(i)); i++) printf("calibrate %s\n", loop->name);
    return C4_OK;
}

static int run(const struct c4_args *args) {
    return c4_cli_exit(args, list());
}

const struct c4_command c4_bench_list = {
    .name = "list",
    .summary = "list everything that can be timed here",
    .description = "Prints one benchmark per line: the command under bench and its name there.",
    .examples = examples,
    .run = run,
};
