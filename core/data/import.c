#include "core/data/import.h"

#include "core/data/record.h"

#include <stdio.h>
#include <string.h>

struct target {
    const char *to;
    char folder[C4_PATH_BYTES]; /* to/cifar-10-batches-bin or to/svhn */
    uint32_t *files;
};

static enum c4_status import_file(const struct c4_data_file *file, const char *name,
                                  const struct target *target) {
    uint32_t count;
    uint8_t *images = NULL, *labels = NULL;
    char path[C4_PATH_BYTES];
    struct c4_dataset data;
    C4_TRY(c4_path_join(path, C4_PATH_BYTES, target->folder, name));
    C4_TRY(c4_data_file_count(file, &count));
    C4_TRY(c4_dataset_alloc(count, &data, &images, &labels));
    enum c4_status status = c4_data_file_read(file, count, images, labels);
    if (status == C4_OK) status = c4_record_write(path, images, labels, count);
    if (status == C4_OK) ++*target->files;
    c4_dataset_free(&data);
    return status;
}

/* Real and synthetic files must not meet in one folder: its mark speaks for all of them. */
static enum c4_status refuse_mixture(const char *to, enum c4_dataset_kind kind, bool synthetic) {
    struct c4_data_files there;
    for (int split = 0; split < 2; split++) {
        if (c4_data_find(to, kind, (enum c4_split)split, &there) != C4_OK) continue;
        if (there.synthetic == synthetic) continue;
        return c4_fail(C4_ERR_USAGE,
                       "%s is %s and the imported data are not; import to another "
                       "folder",
                       there.file[0].path, there.synthetic ? "synthetic" : "real");
    }
    return C4_OK;
}

static enum c4_status import_split(const struct c4_data_files *files, enum c4_dataset_kind kind,
                                   enum c4_split split, const struct target *target) {
    for (uint32_t i = 0; i < files->count; i++) {
        const char *name = strrchr(files->file[i].path, '/') + 1; /* a path is FOLDER/name */
        char record_name[64];
        snprintf(record_name, sizeof record_name, "%.50s.bin", name);
        if (files->file[i].pickle) name = record_name;
        if (kind == C4_SVHN) name = split == C4_TEST ? "svhn_test.bin" : "svhn_train.bin";
        C4_TRY(import_file(&files->file[i], name, target));
    }
    return C4_OK;
}

static enum c4_status import_set(const struct c4_data_files found[2], const bool has[2],
                                 enum c4_dataset_kind kind, const char *to, uint32_t *files) {
    struct target target = {.to = to, .files = files};
    const struct c4_data_files *any = &found[has[0] ? 0 : 1];
    C4_TRY(refuse_mixture(to, kind, any->synthetic));
    C4_TRY(c4_path_join(target.folder, C4_PATH_BYTES, to,
                        kind == C4_CIFAR10 ? "cifar-10-batches-bin" : "svhn"));
    C4_TRY(c4_dir_make(to));
    C4_TRY(c4_dir_make(target.folder));
    if (any->synthetic) C4_TRY(c4_synthetic_mark_write(target.folder, &any->mark));
    for (int split = 0; split < 2; split++) {
        if (has[split]) C4_TRY(import_split(&found[split], kind, (enum c4_split)split, &target));
    }
    return C4_OK;
}

enum c4_status c4_data_import(const char *from, const char *to, uint32_t *files) {
    *files = 0;
    bool any = false;
    for (int k = 0; k < 2; k++) {
        enum c4_dataset_kind kind = k == 0 ? C4_CIFAR10 : C4_SVHN;
        struct c4_data_files found[2];
        bool has[2];
        for (int split = 0; split < 2; split++) {
            enum c4_status status = c4_data_find(from, kind, (enum c4_split)split, &found[split]);
            has[split] = status == C4_OK;
            if (status != C4_OK && !found[split].absent) return status;
        }
        if (!has[0] && !has[1]) continue;
        any = true;
        C4_TRY(import_set(found, has, kind, to, files));
    }
    if (any) return C4_OK;
    struct c4_data_files none; /* for the sentence that says what was looked for */
    C4_TRY(c4_data_find(from, C4_CIFAR10, C4_TRAIN, &none));
    return c4_fail(C4_ERR_DATA, "%s: no image data here", from);
}
