#include "core/data/import.h"

#include "core/data/record.h"

#include <stdio.h>
#include <string.h>

struct target {
    const char *to;
    char folder[C4_PATH_BYTES]; /* of the set's copies, in `to` */
    uint32_t *files;
    struct c4_data_found *found; /* or NULL */
};

static void note(struct c4_data_found *found, const struct c4_data_file *file,
                 const struct c4_set *set, enum c4_split split, uint32_t count,
                 const struct c4_judged *judged) {
    if (found == NULL) return;
    struct c4_data_info *info = &found->info[found->count++];
    memcpy(info->path, file->path, sizeof info->path);
    info->set = set;
    info->split = split;
    info->synthetic = file->synthetic;
    info->records = count;
    info->most = file->most;
    info->standing = judged->standing;
    memcpy(info->why, judged->why, sizeof info->why);
}

/* Marks a copy with what is known about the original and may not show in the copy. */
static enum c4_status mark_file(const struct c4_data_file *file, const char *name,
                                const struct target *target, const struct c4_judged *judged) {
    const char *original = strrchr(file->path, '/') + 1; /* a path is FOLDER/name */
    if (strcmp(original, name) == 0) /* a byte-for-byte copy differs as its original does */
        return c4_unofficial_put(target->folder, name, judged->why);
    char why[C4_STANDING_BYTES];
    int length = snprintf(why, sizeof why, "was imported from %s, which %s", original, judged->why);
    if (length >= (int)sizeof why)
        return c4_fail(C4_ERR_FAILED,
                       "%s: its difference from the official file is too long to record: %s",
                       file->path, judged->why);
    return c4_unofficial_put(target->folder, name, why);
}

/* The mark is written before a file that differs and removed after one that does not, so an
 * interrupted import never leaves a file that differs without its mark. */
static enum c4_status write_records(const struct c4_data_file *file, const char *name,
                                    const struct target *target, const struct c4_judged *judged,
                                    const struct c4_dataset *data) {
    char path[C4_PATH_BYTES];
    bool differs = judged->standing == C4_STANDING_DIFFERS;
    C4_TRY(c4_path_join(path, C4_PATH_BYTES, target->folder, name));
    if (differs) C4_TRY(mark_file(file, name, target, judged));
    C4_TRY(c4_record_write(path, c4_dataset_images(data), c4_dataset_labels(data), data->count));
    return differs ? C4_OK : c4_unofficial_put(target->folder, name, NULL);
}

static enum c4_status import_file(const struct c4_data_file *file, const char *name,
                                  const struct c4_set *set, enum c4_split split,
                                  const struct target *target) {
    uint32_t count;
    uint8_t *images = NULL, *labels = NULL;
    struct c4_dataset data;
    struct c4_judged judged;
    C4_TRY(c4_data_file_count(file, &count));
    C4_TRY(c4_dataset_alloc(count, &data, &images, &labels));
    enum c4_status status = c4_data_file_read(file, count, count, images, labels, &judged);
    if (status == C4_OK) status = write_records(file, name, target, &judged, &data);
    if (status == C4_OK) {
        ++*target->files;
        note(target->found, file, set, split, count, &judged);
    }
    c4_dataset_free(&data);
    return status;
}

/* Real and synthetic files must not share a folder, because its mark applies to all files. */
static enum c4_status refuse_mixture(const char *to, const struct c4_set *set, bool synthetic) {
    char path[C4_PATH_BYTES];
    if (!c4_data_holds(to, set, !synthetic, path)) return C4_OK;
    return c4_fail(C4_ERR_USAGE, "%s is %s and the imported data are not; import to another folder",
                   path, synthetic ? "real" : "synthetic");
}

static enum c4_status import_split(const struct c4_data_files *files, const struct c4_set *set,
                                   enum c4_split split, const struct target *target) {
    uint32_t first = target->found != NULL ? target->found->count : 0;
    for (uint32_t i = 0; i < files->count; i++) {
        char name[C4_RECORD_NAME_BYTES];
        c4_layout_name(c4_set_plain(set), split, i + 1, name);
        C4_TRY(import_file(&files->file[i], name, set, split, target));
    }
    if (target->found != NULL && split == C4_TRAIN)
        memcpy(target->found->info[first].passed_over, files->passed_over,
               sizeof files->passed_over);
    return C4_OK;
}

static enum c4_status import_set(const struct c4_data_files found[2], const bool has[2],
                                 const struct c4_set *set, struct target *target) {
    const struct c4_data_files *any = &found[has[0] ? 0 : 1];
    C4_TRY(refuse_mixture(target->to, set, any->synthetic));
    C4_TRY(c4_path_join(target->folder, C4_PATH_BYTES, target->to, c4_set_plain(set)->place[0]));
    C4_TRY(c4_dir_make(target->to));
    C4_TRY(c4_dir_make(target->folder));
    struct c4_unofficial mark; /* an altered one is refused before anything is written */
    C4_TRY(c4_unofficial_read(target->folder, &mark));
    if (any->synthetic) C4_TRY(c4_synthetic_mark_write(target->folder, &any->mark));
    for (int split = 0; split < 2; split++) {
        if (has[split]) C4_TRY(import_split(&found[split], set, (enum c4_split)split, target));
    }
    return C4_OK;
}

enum c4_status c4_data_import(const char *from, const char *to, uint32_t *files,
                              struct c4_data_found *noted) {
    struct target target = {.to = to, .files = files, .found = noted};
    *files = 0;
    if (noted != NULL) *noted = (struct c4_data_found){0};
    bool any = false;
    for (int k = 0; k < c4_set_count; k++) {
        const struct c4_set *set = &c4_sets[k];
        struct c4_data_files found[2];
        bool has[2];
        for (int split = 0; split < 2; split++) {
            enum c4_status status = c4_data_find(from, set, (enum c4_split)split, &found[split]);
            has[split] = status == C4_OK;
            if (status != C4_OK && !found[split].absent) return status;
        }
        if (!has[0] && !has[1]) continue;
        any = true;
        C4_TRY(import_set(found, has, set, &target));
    }
    if (any) return C4_OK;
    struct c4_data_files none; /* its error says what was looked for */
    C4_TRY(c4_data_find(from, &c4_sets[0], C4_TRAIN, &none));
    return c4_fail(C4_ERR_DATA, "%s: no image data here", from);
}
