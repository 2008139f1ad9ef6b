/* Allocations that fail on demand, in every library that the program links.
 *
 * failing_malloc.c defines malloc and its relatives for the whole program and is therefore linked
 * only into the programs that tests/CMakeLists.txt names. It works with glibc and beneath
 * AddressSanitizer. What goes past malloc (mmap, stacks of threads) does not fail. */
#ifndef C4_TESTS_FAULTS_FAILING_MALLOC_H
#define C4_TESTS_FAULTS_FAILING_MALLOC_H

#include <stdbool.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define C4_FAILING_SANITIZED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define C4_FAILING_SANITIZED 1
#endif

/* Beneath AddressSanitizer, where a fork takes a tenth of a second, only every so many allocations
 * fail. */
#ifdef C4_FAILING_SANITIZED
enum { C4_FAILING_EVERY = 41 };
#else
enum { C4_FAILING_EVERY = 1 };
#endif

/* From now on allocations of all threads are counted from 1, and the one with this number fails,
 * with `lasting` also all later ones. 0: none. */
void c4_failing_begin(long number, bool lasting);

/* No allocation fails any more. Returns how many there were since c4_failing_begin(). */
long c4_failing_end(void);

/* Blocks that are allocated now; 0 beneath AddressSanitizer, which finds leaks itself. */
long c4_failing_blocks(void);

#endif
