/* Allocations that fail on demand, in every library that the program links.
 *
 * failing_malloc.c defines malloc and its relatives for the whole program and is therefore linked
 * only into the programs that tests/CMakeLists.txt names. It works with glibc and beneath
 * AddressSanitizer. What goes past malloc (mmap, stacks of threads) does not fail. */
#ifndef C4_TESTS_FAULTS_FAILING_MALLOC_H
#define C4_TESTS_FAULTS_FAILING_MALLOC_H

#include <stdbool.h>

/* From now on allocations of all threads are counted from 1, and the one with this number fails,
 * with `lasting` also all later ones. 0: none. */
void c4_failing_begin(long number, bool lasting);

/* No allocation fails any more. Returns how many there were since c4_failing_begin(). */
long c4_failing_end(void);

/* Blocks that are allocated now. */
long c4_failing_blocks(void);

#endif
