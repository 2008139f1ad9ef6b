#include "core/data/standing.h"

#include "core/data/digest.h"
#include "core/data/stretch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const c4_standing_names[] = {"unknown", "labels", "official", "differs"};

_Static_assert(sizeof c4_standing_names / sizeof *c4_standing_names == C4_STANDING_DIFFERS + 1,
               "a name for each standing");
_Static_assert(sizeof((struct c4_judged *)0)->sha256 == C4_SHA256_HEX_SIZE,
               "a file's SHA-256 fits");
_Static_assert(C4_DATA_FILES_MAX *(C4_RECORD_NAME_BYTES + 1 + C4_STANDING_BYTES) <=
                   C4_UNOFFICIAL_BYTES,
               "`unofficial` holds all files of a data set");

static void differs(struct c4_judged *judged, const char *what) {
    judged->standing = C4_STANDING_DIFFERS;
    snprintf(judged->why, sizeof judged->why, "has %s than published", what);
}

static enum c4_status compare_hash(const struct c4_data_file *file, const struct c4_source *source,
                                   struct c4_judged *judged) {
    struct c4_digest digest;
    C4_TRY(c4_digest_file(file->path, &digest));
    snprintf(judged->sha256, sizeof judged->sha256, "%s", digest.sha256);
    if (!c4_digest_is_known(&digest, source)) return C4_OK;
    const char *hash = source->sha256[0] != '\0' ? "SHA-256" : "MD5";
    if (source->size_bytes > 0 && source->size_bytes != digest.size_bytes) {
        differs(judged, "another size");
    } else if (c4_digest_check(file->path, &digest, source) != C4_OK) {
        differs(judged, hash[0] == 'S' ? "another SHA-256" : "another MD5");
    } else {
        judged->standing = C4_STANDING_OFFICIAL;
        snprintf(judged->why, sizeof judged->why, "has the published %s", hash);
    }
    return C4_OK;
}

static uint32_t published_images(const struct c4_source *source) {
    uint32_t images = 0;
    for (int label = 0; label < C4_CLASSES; label++) images += source->labels[label];
    return images;
}

static void compare_labels(const struct c4_data_file *file, const struct c4_source *source,
                           uint32_t count, const uint8_t *labels, struct c4_judged *judged) {
    uint32_t histogram[C4_CLASSES] = {0};
    for (uint32_t i = 0; i < count; i++)
        if (labels[i] < C4_CLASSES) histogram[labels[i]]++; /* those past a limit are unchecked */
    if (memcmp(histogram, source->labels, sizeof histogram) != 0) {
        differs(judged, "other numbers of images per label");
        return;
    }
    judged->standing = C4_STANDING_LABELS;
    snprintf(judged->why, sizeof judged->why, "has as many images per label as published; %s",
             file->format->hashed ? "its hash cannot be compared here" : "no hash of it is");
}

/* Even if a study reads only the beginning of a file, the remaining labels show whether it is the
 * published one. */
static enum c4_status compare_all_labels(const struct c4_data_file *file,
                                         const struct c4_source *source, uint32_t total,
                                         struct c4_judged *judged) {
    uint8_t *labels = malloc(total);
    if (labels == NULL)
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory for %u labels", file->path, total);
    enum c4_status status = file->format->labels(file->path, total, labels);
    if (status == C4_OK) compare_labels(file, source, total, labels, judged);
    free(labels);
    return status;
}

static void add_why(struct c4_judged *judged, const char *text) {
    bool more = judged->standing == C4_STANDING_DIFFERS;
    size_t used = more ? strlen(judged->why) : 0;
    snprintf(judged->why + used, sizeof judged->why - used, "%s%s", more ? " and " : "has ", text);
    judged->standing = C4_STANDING_DIFFERS;
}

static enum c4_status look_for_stretches(const uint8_t *images, uint32_t count,
                                         struct c4_judged *judged) {
    struct c4_stretch black, repeated;
    char text[C4_STANDING_BYTES / 3];
    c4_stretch_black(images, count, &black);
    C4_TRY(c4_stretch_repeated(images, count, &repeated));
    if (black.count > 0) {
        snprintf(text, sizeof text, "%u black images from image %u on", black.count, black.first);
        add_why(judged, text);
    }
    if (repeated.count > 0) {
        snprintf(text, sizeof text, "images %u to %u equal to those from %u on", repeated.first,
                 repeated.first + repeated.count - 1, repeated.repeats);
        add_why(judged, text);
    }
    return C4_OK;
}

static enum c4_status compare(const struct c4_data_file *file, const struct c4_sources *table,
                              uint32_t total, uint32_t count, const uint8_t *labels,
                              struct c4_judged *judged) {
    const struct c4_source *source = c4_sources_find_name(table, file->path);
    if (source == NULL) return C4_OK;
    if (file->format->hashed && total == file->most) C4_TRY(compare_hash(file, source, judged));
    /* Counts are published only for complete sets, so a part has nothing to compare with. */
    if (judged->standing != C4_STANDING_UNKNOWN || file->format->labels == NULL ||
        total != published_images(source))
        return C4_OK;
    if (count < total) return compare_all_labels(file, source, total, judged);
    compare_labels(file, source, count, labels, judged);
    return C4_OK;
}

static enum c4_status compare_built_in(const struct c4_data_file *file, uint32_t total,
                                       uint32_t count, const uint8_t *labels,
                                       struct c4_judged *judged) {
    struct c4_sources *table = malloc(sizeof *table);
    if (table == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", file->path);
    enum c4_status status = c4_sources_parse(c4_sources_text(), "mirrors.ini", table);
    if (status == C4_OK) status = compare(file, table, total, count, labels, judged);
    free(table);
    return status;
}

enum c4_status c4_data_file_judge(const struct c4_data_file *file, const struct c4_sources *table,
                                  uint32_t total, uint32_t count, const uint8_t *images,
                                  const uint8_t *labels, struct c4_judged *judged) {
    *judged = (struct c4_judged){.standing = C4_STANDING_UNKNOWN};
    if (file->synthetic) return C4_OK;
    if (file->unofficial[0] != '\0') {
        judged->standing = C4_STANDING_DIFFERS;
        memcpy(judged->why, file->unofficial, sizeof judged->why);
        return C4_OK;
    }
    C4_TRY(table != NULL ? compare(file, table, total, count, labels, judged)
                         : compare_built_in(file, total, count, labels, judged));
    if (judged->standing == C4_STANDING_OFFICIAL) return C4_OK;
    return look_for_stretches(images, count, judged);
}

void c4_standing_add(char list[C4_UNOFFICIAL_BYTES], const struct c4_data_file *file,
                     const struct c4_judged *judged) {
    size_t used = strlen(list);
    if (judged->standing != C4_STANDING_DIFFERS) return;
    snprintf(list + used, C4_UNOFFICIAL_BYTES - used, "%s%s %s", used > 0 ? "; " : "",
             strrchr(file->path, '/') + 1, judged->why); /* a path is FOLDER/name */
}
