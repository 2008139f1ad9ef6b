#include "bench/measure/backends.h"

#include <string.h>

enum c4_status c4_bench_backends(const char *wanted,
                                 const struct c4_backend *backends[C4_BENCH_BACKENDS], int *count) {
    const bool all = strcmp(wanted, "all") == 0;
    struct c4_dispatch dispatch;
    const struct c4_backend *table;
    *count = 0;
    if (!all) {
        C4_TRY(c4_dispatch(wanted, &dispatch)); /* its sentence says why it cannot run */
        wanted = dispatch.backend.name;
    }
    for (int i = 0; c4_backend_name(i, &table, NULL); i++)
        if (table && (all ? !table->is_double : strcmp(table->name, wanted) == 0))
            backends[(*count)++] = table;
    return C4_OK;
}
