/* Which backend a test has to execute, where its environment says so: C4_TEST_WANT=NAME.
 *
 * Without it a test takes every backend that runs here. With it the test executes that backend
 * alone (and "ref" where it compares with it), fails, instead of skipping, if the backend cannot
 * run here, and fails unless the step and every slot are the backend's own, but for slots that no
 * native backend has (C4_OP_REF in ops.def). C4_TEST_EMULATED=1 says that an emulator of a CPU runs
 * the test, thousands of times slower than the CPU: a test may then choose smaller sizes.
 * C4_TEST_FULL=1 asks for all that the test can do, hours if need be. */
#ifndef C4_TESTS_HARNESS_CHECK_WANT_H
#define C4_TESTS_HARNESS_CHECK_WANT_H

#include <stdbool.h>

#include "core/op/backend.h"

/* C4_TEST_WANT; NULL if it is not set or empty. */
const char *c4_want_name(void);

/* The table of the wanted backend; NULL if none is wanted. Ends the program with exit status 1 and
 * a sentence if it cannot run here, or a slot or the step would come from another backend. */
const struct c4_backend *c4_want_table(void);

/* Whether the test has to execute this table: every one if none is wanted. */
bool c4_wants(const struct c4_backend *table);

/* What wanted results are compared with: the table that --backend ref takes here. Without a wanted
 * backend the baseline reference, which is compared with that table like any other. */
const struct c4_backend *c4_want_reference(void);

bool c4_want_emulated(void);
bool c4_want_full(void);

#endif
