/* The table of known data files: where they can be fetched, their sizes and hashes.
 *
 * It is an INI text. [file PATH] is a file that can be fetched, [known PATH] one that can only be
 * recognised; PATH is relative to the data folder. Keys:
 *
 *   set     the data set's name on the command line ([file] only, required)
 *   bytes   size (required in [file])
 *   md5     hexadecimal; omit it if it is not known
 *   sha256  likewise
 *   labels  how many images have label 0, 1, ... 9
 *   url     http:// or https://, one line per mirror, in the order in which they are tried
 *   unpack  destination folder for the members of this tar archive
 *   member  "NAME BYTES": a regular file in the archive's folder, one line for each
 */
#ifndef C4_DATA_SOURCES_H
#define C4_DATA_SOURCES_H

#include "core/base/status.h"
#include "core/file/sha256.h"
#include "core/op/conv4.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    C4_SOURCES_MAX = 32,
    C4_SOURCE_URLS = 8,
    C4_SOURCE_MEMBERS = 16,
    C4_SOURCE_URL_BYTES = 200,
    C4_SOURCE_PATH_BYTES = 96,
    C4_MD5_HEX_SIZE = 33
};

/* A regular file inside an archive. */
struct c4_member {
    char name[C4_SOURCE_PATH_BYTES]; /* without a folder */
    uint64_t size_bytes;
};

struct c4_source {
    char path[C4_SOURCE_PATH_BYTES]; /* below the data folder */
    char set[32];                    /* "cifar10"; "" if it cannot be fetched */
    uint64_t size_bytes;             /* 0: not known */
    char md5[C4_MD5_HEX_SIZE];       /* lower case; "": not known */
    char sha256[C4_SHA256_HEX_SIZE];
    uint32_t labels[C4_CLASSES]; /* all 0: not known */
    char url[C4_SOURCE_URLS][C4_SOURCE_URL_BYTES];
    uint32_t urls;
    char unpack[C4_SOURCE_PATH_BYTES]; /* "": not an archive */
    struct c4_member member[C4_SOURCE_MEMBERS];
    uint32_t members;
};

struct c4_sources {
    struct c4_source file[C4_SOURCES_MAX];
    uint32_t count;
};

/* Reads a table; error sentences call it `name`. No path in it leads out of the data folder.
 * C4_ERR_USAGE names the line that is wrong. *sources is large: keep it off the stack. */
enum c4_status c4_sources_parse(const char *text, const char *name, struct c4_sources *sources);

/* The text of the built-in table, core/data/mirrors.ini. */
const char *c4_sources_text(void);

/* The file of that path, or NULL. */
const struct c4_source *c4_sources_find(const struct c4_sources *sources, const char *path);

/* The file of that path, or else the first with the same file name, since a data set's files may
 * lie in several folders; or NULL. */
const struct c4_source *c4_sources_find_name(const struct c4_sources *sources, const char *path);

/* Whether its numbers of images per label are known. */
bool c4_source_has_labels(const struct c4_source *source);

#endif
