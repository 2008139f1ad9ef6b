/* A study's folder, which somebody may move or remove while it is worked on. */
#ifndef C4_REPRO_STORE_FOLDER_H
#define C4_REPRO_STORE_FOLDER_H

#include <stdint.h>

#include "core/base/status.h"
#include "core/base/text.h"

struct c4_folder {
    struct c4_text path; /* as it was opened */
    int descriptor;      /* -1: none */
};

/* What a folder is, whatever its name. A plain value. */
struct c4_folder_identity {
    uint64_t device, inode;
};

enum c4_status c4_folder_open(const char *path, struct c4_folder *folder);

/* The folder that was opened, wherever it is now. */
enum c4_status c4_folder_identify(const struct c4_folder *folder,
                                  struct c4_folder_identity *identity);

/* C4_ERR_ENVIRONMENT if the path no longer leads to the folder. */
enum c4_status c4_folder_check(const struct c4_folder *folder);

/* Makes the folder at `path` the working directory of this process, so that "." stays that folder
 * when it is moved. C4_ERR_ENVIRONMENT if it is another one, or none. */
enum c4_status c4_folder_enter(const char *path, const struct c4_folder_identity *identity);

void c4_folder_close(struct c4_folder *folder);

#endif
