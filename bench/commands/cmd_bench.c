/* conv4 bench: speed of the backends on this machine; each is checked before it is timed. */
#include "bench/commands.h"

#include <stddef.h>

static const struct c4_command *const commands[] = {&c4_bench_step,
                                                    &c4_bench_ops,
                                                    &c4_bench_cka,
                                                    &c4_bench_study,
                                                    &c4_bench_scale,
                                                    &c4_bench_calibrate,
                                                    &c4_bench_list,
                                                    &c4_bench_table,
                                                    &c4_bench_report,
                                                    &c4_bench_compare,
                                                    &c4_bench_record,
                                                    &c4_bench_history,
                                                    NULL};

const struct c4_command c4_cmd_bench = {
    .name = "bench",
    .summary = "time the backends",
    .commands = commands,
};
