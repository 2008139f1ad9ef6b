/* Large pages for memory that several streams cross at once. */
#ifndef C4_BASE_HUGE_PAGES_H
#define C4_BASE_HUGE_PAGES_H

#include <stddef.h>

#define C4_HUGE_PAGE_BYTES ((size_t)2 << 20)

/* Asks the system to back those pages of 2 MB that lie within the block as a whole, from now on.
 * Rows of features that are read together lie as many small pages apart, and a TLB miss for each
 * of their pieces costs more than the piece. A hint: without such pages only speed suffers. Memory
 * outside the block is left alone. */
void c4_prefer_huge_pages(void *block, size_t bytes);

#endif
