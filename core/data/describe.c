#include "core/data/import.h"

#include "core/base/text.h"
#include "core/data/standing.h"
#include "core/file/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof((struct c4_data_info *)0)->sha256 == sizeof((struct c4_judged *)0)->sha256,
               "copied as a whole");

static enum c4_status describe_file(const struct c4_data_file *file, struct c4_data_info *info) {
    uint32_t count;
    uint8_t *images = NULL, *labels = NULL;
    struct c4_dataset data;
    struct c4_judged judged;
    C4_TRY(c4_data_file_count(file, &count));
    C4_TRY(c4_dataset_alloc(count, &data, &images, &labels));
    enum c4_status status = c4_data_file_read(file, count, count, images, labels, &judged);
    if (status == C4_OK && judged.sha256[0] == '\0')
        status = c4_sha256_file(file->path, judged.sha256);
    if (status == C4_OK) {
        memcpy(info->sha256, judged.sha256, sizeof info->sha256);
        memcpy(info->why, judged.why, sizeof info->why);
        info->standing = judged.standing;
        info->records = count;
        for (uint32_t i = 0; i < count; i++) info->histogram[labels[i]]++;
    }
    c4_dataset_free(&data);
    return status;
}

/* Fails only with C4_ERR_MEMORY; other failures are part of the description. */
static enum c4_status describe_split(const char *folder, const struct c4_set *set,
                                     enum c4_split split, struct c4_data_found *out) {
    struct c4_data_files files;
    enum c4_status status = c4_data_find(folder, set, split, &files);
    if (status == C4_ERR_MEMORY) return status;
    if (status != C4_OK) {
        if (files.absent) return C4_OK;
        struct c4_data_info *info = &out->info[out->count++];
        snprintf(info->path, sizeof info->path, "%s", folder);
        info->set = set;
        info->split = split;
        c4_text_fit(info->problem, sizeof info->problem, c4_error());
        return C4_OK;
    }
    for (uint32_t i = 0; i < files.count; i++) {
        struct c4_data_info *info = &out->info[out->count++];
        const struct c4_data_file *file = &files.file[i];
        snprintf(info->path, sizeof info->path, "%s", file->path);
        info->set = set;
        info->split = split;
        info->synthetic = files.synthetic;
        info->most = file->most;
        if (i == 0 && split == C4_TRAIN)
            snprintf(info->passed_over, sizeof info->passed_over, "%s", files.passed_over);
        status = describe_file(file, info);
        if (status == C4_ERR_MEMORY) return status;
        if (status != C4_OK) c4_text_fit(info->problem, sizeof info->problem, c4_error());
    }
    return C4_OK;
}

enum c4_status c4_data_describe(const char *folder, struct c4_data_found *out) {
    *out = (struct c4_data_found){0};
    for (int i = 0; i < c4_set_count; i++) {
        C4_TRY(describe_split(folder, &c4_sets[i], C4_TRAIN, out));
        C4_TRY(describe_split(folder, &c4_sets[i], C4_TEST, out));
    }
    if (out->count > 0) return C4_OK;
    struct c4_data_files files; /* its error says what was looked for */
    C4_TRY(c4_data_find(folder, &c4_sets[0], C4_TRAIN, &files));
    return c4_fail(C4_ERR_DATA, "%s: no image data here", folder);
}
