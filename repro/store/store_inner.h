/* Only for store.c and merge*.c. */
#ifndef C4_REPRO_STORE_STORE_INNER_H
#define C4_REPRO_STORE_STORE_INNER_H

#include <sqlite3.h>

#include "repro/store/lock.h"
#include "repro/store/store.h"

struct c4_store {
    sqlite3 *db;
    struct c4_lock lock;
    char path[C4_STORE_PATH_SIZE]; /* of study.db */
    struct c4_folder folder;
    bool whole; /* inside c4_store_begin(): single operations join its transaction */
};

/* The id of a provenance is a hash of its content, so that it does not depend on the order of runs.
 */
enum c4_status c4_provenance_name(const struct c4_provenance *from, char id[C4_SHA256_HEX_SIZE]);

#endif
