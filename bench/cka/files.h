/* A value of CKA from two NPY files, process start included. */
#ifndef C4_BENCH_CKA_FILES_H
#define C4_BENCH_CKA_FILES_H

#include "bench/cka/cka.h"

/* Times the rows of subject C4_CKA_FILES: "program cka A B" with a row's backend and threads, and
 * peers' script from_files.py of the same files, whole processes in turn, unbound, the files in the
 * page cache. The first run of each is not timed and gives its value, which has to be the program's
 * own to C4_PEER_TOLERANCE of the biased one. `tick` (may be NULL) gets the FLOPs done so far.
 * Errors: the program fails (C4_ERR_FAILED), no file can be written, no memory, a signal; what
 * becomes of peers is in their rows. */
enum c4_status c4_cka_files_run(struct c4_cka_bench *bench, const char *program,
                                void (*tick)(void *context, double flops_done), void *context);

#endif
