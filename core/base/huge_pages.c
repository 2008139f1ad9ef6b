#define _DEFAULT_SOURCE /* madvise */
#include "core/base/huge_pages.h"

#include <stdint.h>
#include <sys/mman.h>

void c4_prefer_huge_pages(void *block, size_t bytes) {
#ifdef MADV_HUGEPAGE
    const size_t before =
        (C4_HUGE_PAGE_BYTES - (uintptr_t)block % C4_HUGE_PAGE_BYTES) % C4_HUGE_PAGE_BYTES;
    if (bytes < before + C4_HUGE_PAGE_BYTES) return;
    madvise((char *)block + before, (bytes - before) / C4_HUGE_PAGE_BYTES * C4_HUGE_PAGE_BYTES,
            MADV_HUGEPAGE);
#else
    (void)block;
    (void)bytes;
#endif
}
