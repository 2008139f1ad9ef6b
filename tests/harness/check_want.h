/* The backend that a test must execute, if the environment names one: C4_TEST_WANT=NAME.
 *
 * Without it a test uses every backend that runs here. With it the test executes only that backend
 * (and "ref" where it compares with it). It fails, instead of skipping, if the backend cannot run
 * here, or if the step or any slot is not the backend's own, except slots that no native backend
 * has (C4_OP_REF in ops.def). C4_TEST_EMULATED=1 says that a CPU emulator runs the test, thousands
 * of times slower than the CPU; a test may then choose smaller sizes. C4_TEST_FULL=1 requests
 * everything that the test can do, even if it takes hours. */
#ifndef C4_TESTS_HARNESS_CHECK_WANT_H
#define C4_TESTS_HARNESS_CHECK_WANT_H

#include <stdbool.h>

#include "core/op/backend.h"

/* C4_TEST_WANT; NULL if it is not set or empty. */
const char *c4_want_name(void);

/* The table of the wanted backend; NULL if none is wanted. Ends the program with exit status 1 and
 * a sentence if the backend cannot run here, or if a slot or the step would come from another one.
 */
const struct c4_backend *c4_want_table(void);

/* Whether the test must execute this table; true for all if no backend is wanted. */
bool c4_wants(const struct c4_backend *table);

/* The reference for a wanted backend: the table that --backend ref selects here. Without a wanted
 * backend, the baseline reference, with which that table is compared like any other. */
const struct c4_backend *c4_want_reference(void);

bool c4_want_emulated(void);
bool c4_want_full(void);

#endif
