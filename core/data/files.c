#include "core/data/files.h"

#include "core/data/pickle.h"
#include "core/data/record.h"
#include "core/data/svhn_mat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK_NAME "SYNTHETIC"
enum { MARK_BYTES = 256 };

static bool exists(const char *folder, const char *name) {
    char path[C4_PATH_BYTES];
    return c4_path_join(path, C4_PATH_BYTES, folder, name) == C4_OK && access(path, F_OK) == 0;
}

static int mark_text(const struct c4_synthetic_mark *mark, char text[MARK_BYTES]) {
    return snprintf(text, MARK_BYTES, "conv4 synthetic %s\nseed %llu\ntrain %u\ntest %u\n",
                    mark->set, (unsigned long long)mark->seed, mark->train, mark->test);
}

enum c4_status c4_synthetic_mark_write(const char *folder, const struct c4_synthetic_mark *mark) {
    char path[C4_PATH_BYTES], text[MARK_BYTES];
    int length = mark_text(mark, text);
    C4_TRY(c4_path_join(path, C4_PATH_BYTES, folder, MARK_NAME));
    return c4_file_write_atomic(path, text, (size_t)length);
}

static uint64_t number_after(const char *text, const char *word) {
    const char *found = strstr(text, word);
    return found == NULL ? 0 : strtoull(found + strlen(word), NULL, 10);
}

/* *found says whether there is one. A mark that is not exactly as written is refused: what is in it
 * decides whether images count as real. */
static enum c4_status mark_read(const char *folder, struct c4_synthetic_mark *mark, bool *found) {
    char path[C4_PATH_BYTES], text[MARK_BYTES] = "", again[MARK_BYTES];
    C4_TRY(c4_path_join(path, C4_PATH_BYTES, folder, MARK_NAME));
    FILE *file = fopen(path, "rb");
    *found = file != NULL;
    if (file == NULL) {
        if (errno == ENOENT) return C4_OK;
        return c4_fail(C4_ERR_DATA, "%s: cannot read: %s", path, strerror(errno));
    }
    size_t bytes = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    mark->seed = number_after(text, "\nseed ");
    mark->train = (uint32_t)number_after(text, "\ntrain ");
    mark->test = (uint32_t)number_after(text, "\ntest ");
    int length = mark_text(mark, again);
    if ((size_t)length != bytes || memcmp(text, again, bytes) != 0 || mark->train > 50000 ||
        mark->test > 10000) {
        return c4_fail(C4_ERR_DATA,
                       "%s: not a mark of synthetic %s as this program writes it; write the "
                       "synthetic data again",
                       path, mark->set);
    }
    return C4_OK;
}

static bool has_batches(const char *folder, bool pickle) {
    return exists(folder, pickle ? "data_batch_1" : "data_batch_1.bin") ||
           exists(folder, pickle ? "test_batch" : "test_batch.bin");
}

static enum c4_status cifar10_folder(const char *folder, char found[C4_PATH_BYTES], bool *pickle) {
    static const char *const inner[] = {"cifar-10-batches-bin", ".", "cifar-10-batches-py", "."};
    for (int i = 0; i < 4; i++) {
        *pickle = i >= 2;
        C4_TRY(c4_path_join(found, C4_PATH_BYTES, folder, inner[i]));
        if (has_batches(found, *pickle)) return C4_OK;
    }
    return c4_fail(C4_ERR_DATA,
                   "%s: no CIFAR-10 here; looked for data_batch_1.bin in cifar-10-batches-bin and "
                   "beside it, and for the Python version; get it with 'conv4 data fetch cifar10 "
                   "--data %s', or unpack cifar-10-binary.tar.gz there",
                   folder, folder);
}

static enum c4_status find_cifar10(const char *folder, enum c4_split split,
                                   struct c4_data_files *out) {
    char batches[C4_PATH_BYTES];
    out->absent = true;
    bool pickle;
    C4_TRY(cifar10_folder(folder, batches, &pickle));
    out->absent = false;
    out->mark.set = "objects";
    if (!pickle) C4_TRY(mark_read(batches, &out->mark, &out->synthetic));
    uint32_t left = split == C4_TEST ? C4_CIFAR10_FILE_RECORDS : 5 * C4_CIFAR10_FILE_RECORDS;
    if (out->synthetic) left = split == C4_TEST ? out->mark.test : out->mark.train;
    for (int batch = 1; left > 0; batch++) {
        const char *end = pickle ? "" : ".bin";
        char name[32];
        if (split == C4_TRAIN)
            snprintf(name, sizeof name, "data_batch_%d%s", batch, end);
        else
            snprintf(name, sizeof name, "test_batch%s", end);
        struct c4_data_file *file = &out->file[out->count++];
        C4_TRY(c4_path_join(file->path, C4_PATH_BYTES, batches, name));
        file->required = left < C4_CIFAR10_FILE_RECORDS ? left : C4_CIFAR10_FILE_RECORDS;
        file->most = file->required;
        file->pickle = pickle;
        left -= file->required;
    }
    return C4_OK;
}

/* The first of FOLDER/a, FOLDER/b that exists. */
static bool find_one(const char *folder, const char *a, const char *b, char path[C4_PATH_BYTES]) {
    const char *name = exists(folder, a) ? a : exists(folder, b) ? b : NULL;
    return name != NULL && c4_path_join(path, C4_PATH_BYTES, folder, name) == C4_OK;
}

static enum c4_status find_plain_svhn(struct c4_data_file *file, enum c4_split split,
                                      struct c4_data_files *out) {
    char beside[C4_PATH_BYTES];
    snprintf(beside, sizeof beside, "%s", file->path);
    *strrchr(beside, '/') = '\0'; /* the path is FOLDER/name */
    out->mark.set = "digits";
    C4_TRY(mark_read(beside, &out->mark, &out->synthetic));
    if (out->synthetic) file->required = split == C4_TEST ? out->mark.test : out->mark.train;
    return C4_OK;
}

static enum c4_status find_svhn(const char *folder, enum c4_split split,
                                struct c4_data_files *out) {
    static const char *const names[2][4] = {
        {"train_32x32.mat", "svhn/train_32x32.mat", "svhn/svhn_train.bin", "svhn_train.bin"},
        {"test_32x32.mat", "svhn/test_32x32.mat", "svhn/svhn_test.bin", "svhn_test.bin"}};
    const char *const *name = names[split == C4_TEST];
    struct c4_data_file *file = &out->file[0];
    char plain[C4_PATH_BYTES];
    out->count = 1;
    file->most = split == C4_TEST ? C4_SVHN_TEST_COUNT : C4_SVHN_TRAIN_COUNT;
    bool has_mat = find_one(folder, name[0], name[1], file->path);
    bool has_plain = find_one(folder, name[2], name[3], plain);
    if (has_mat && (c4_svhn_mat_available() || !has_plain)) {
        file->mat = true;
        return C4_OK;
    }
    if (has_plain) {
        snprintf(file->path, sizeof file->path, "%s", plain);
        return find_plain_svhn(file, split, out);
    }
    out->absent = true;
    return c4_fail(C4_ERR_DATA,
                   "%s: no SVHN %s digits here; looked for %s, %s, %s and %s; get %s (format 2, "
                   "cropped digits) with 'conv4 data fetch svhn --data %s'",
                   folder, split == C4_TEST ? "test" : "train", name[0], name[1], name[2], name[3],
                   name[0], folder);
}

enum c4_status c4_data_find(const char *folder, enum c4_dataset_kind kind, enum c4_split split,
                            struct c4_data_files *out) {
    *out = (struct c4_data_files){.absent = true};
    struct stat info;
    if (stat(folder, &info) != 0) {
        return c4_fail(C4_ERR_DATA, "the data folder %s cannot be used: %s", folder,
                       strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        return c4_fail(C4_ERR_DATA, "%s is not a folder; name the folder that holds the data",
                       folder);
    }
    out->absent = false;
    return kind == C4_CIFAR10 ? find_cifar10(folder, split, out) : find_svhn(folder, split, out);
}

enum c4_status c4_data_file_count(const struct c4_data_file *file, uint32_t *count) {
    C4_TRY(file->mat      ? c4_svhn_mat_count(file->path, count)
           : file->pickle ? c4_pickle_count(file->path, count)
                          : c4_record_count(file->path, count));
    if (file->required > 0 && *count != file->required) {
        return c4_fail(C4_ERR_DATA, "%s: %u records, there should be %u; get the file again",
                       file->path, *count, file->required);
    }
    if (*count > file->most) {
        return c4_fail(C4_ERR_DATA, "%s: %u images, the official file has %u; it is another file",
                       file->path, *count, file->most);
    }
    return C4_OK;
}

enum c4_status c4_data_file_read(const struct c4_data_file *file, uint32_t count, uint8_t *images,
                                 uint8_t *labels) {
    if (file->pickle) return c4_pickle_read(file->path, count, images, labels);
    return file->mat ? c4_svhn_mat_read(file->path, count, images, labels)
                     : c4_record_read(file->path, count, images, labels);
}
