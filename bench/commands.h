/* The benchmarks, each a command of "conv4 bench". */
#ifndef C4_BENCH_COMMANDS_H
#define C4_BENCH_COMMANDS_H

#include "core/cli/option.h"

extern const struct c4_command c4_bench_calibrate, c4_bench_cka, c4_bench_compare, c4_bench_history,
    c4_bench_list, c4_bench_ops, c4_bench_record, c4_bench_report, c4_bench_scale, c4_bench_step,
    c4_bench_study, c4_bench_table;

#endif
