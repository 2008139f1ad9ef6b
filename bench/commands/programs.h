/* For commands that run programs: this program's path, progress of runs, and exact values. */
#ifndef C4_BENCH_COMMANDS_PROGRAMS_H
#define C4_BENCH_COMMANDS_PROGRAMS_H

#include "bench/compare/program.h"
#include "bench/compare/revision.h"
#include "bench/exact/exact.h"
#include "core/cli/progress.h"

/* C4_ERR_ENVIRONMENT: it cannot be found. */
enum c4_status c4_own_program(char program[C4_PROGRAM_PATH_SIZE]);

/* Progress on stderr, counted by c4_tick(), which begins when nothing is done. */
struct c4_ticker {
    struct c4_progress progress;
    const char *label, *unit;
};

/* `ticker` is a struct c4_ticker; `of` may change. */
void c4_tick(void *ticker, int done, int of);

/* c4_exact_measure() with progress under `label`; of single ops, too, if the setting is of these.
 */
enum c4_status c4_find_exact(const struct c4_program_setting *setting, const char *program,
                             const char *label, struct c4_exact *exact);

/* C4_ERR_USAGE if the setting has a filter that its benchmark does not take. */
enum c4_status c4_check_filter(const struct c4_program_setting *setting);

/* What c4_revision_program() reports, on stderr. */
void c4_say_build(const char *line);

#endif
