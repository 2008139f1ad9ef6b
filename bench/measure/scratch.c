#define _XOPEN_SOURCE 700 /* nftw() */
#include "bench/measure/scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/file/file.h"

enum { FOLDERS_OPEN = 16 };

enum c4_status c4_scratch_make(const char *name, struct c4_text *folder) {
    const char *base = getenv("TMPDIR");
    c4_text_clear(folder);
    C4_TRY(c4_text_add(folder, "%s/%s-XXXXXX", base && *base ? base : "/tmp", name));
    if (mkdtemp(folder->bytes)) return C4_OK;
    enum c4_status status = c4_fail_write(folder->bytes, errno);
    c4_text_free(folder);
    return status;
}

static int remove_one(const char *path, const struct stat *what, int type, struct FTW *where) {
    (void)what, (void)type, (void)where;
    remove(path);
    return 0;
}

void c4_scratch_remove(struct c4_text *folder) {
    if (folder->length > 0) nftw(folder->bytes, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
    c4_text_free(folder);
}
