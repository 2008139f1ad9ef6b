/* Growing a struct c4_exact: values and notes. */
#ifndef C4_BENCH_EXACT_VALUES_H
#define C4_BENCH_EXACT_VALUES_H

#include "bench/exact/exact.h"

/* Appends `like` with the row's name "PREFIXNAME". C4_ERR_MEMORY. */
enum c4_status c4_exact_add(struct c4_exact *exact, const char *prefix, const char *name,
                            struct c4_exact_value like);

/* Appends a sentence (printf form) to the notes, on a line of its own. C4_ERR_MEMORY. */
__attribute__((format(printf, 2, 3))) enum c4_status c4_exact_note(struct c4_exact *exact,
                                                                   const char *format, ...);

#endif
