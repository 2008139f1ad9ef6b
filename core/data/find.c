#include "core/data/files.h"

#include "core/data/svhn_mat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A place where the files of both splits may lie. */
struct candidate {
    const char *place[2]; /* inner folders; the first one that has a file counts, or the second one
                           * is NULL */
    bool other_form;      /* pickles, .mat files */
};

static const struct candidate cifar10_candidates[] = {{{"cifar-10-batches-bin", NULL}, false},
                                                      {{"", NULL}, false},
                                                      {{"cifar-10-batches-py", NULL}, true},
                                                      {{"", NULL}, true}};

static const struct candidate svhn_candidates[] = {
    {{"", "svhn"}, true}, {{"svhn", NULL}, true}, {{"svhn", ""}, false}, {{"", NULL}, false}};

enum { CANDIDATES = 4 };

static bool exists(const char *folder, const char *name) {
    char path[C4_PATH_BYTES];
    return c4_path_join(path, C4_PATH_BYTES, folder, name) == C4_OK && access(path, F_OK) == 0;
}

static enum c4_status inner_folder(char out[C4_PATH_BYTES], const char *folder, const char *inner) {
    return inner[0] != '\0' ? c4_path_join(out, C4_PATH_BYTES, folder, inner)
                            : c4_path_join(out, C4_PATH_BYTES, "", folder);
}

static void batch_name(char name[32], enum c4_split split, uint32_t batch, bool pickle) {
    const char *end = pickle ? "" : ".bin";
    if (split == C4_TRAIN)
        snprintf(name, 32, "data_batch_%u%s", batch, end);
    else
        snprintf(name, 32, "test_batch%s", end);
}

static enum c4_status list_cifar10(const char *folder, const struct candidate *candidate,
                                   enum c4_split split, struct c4_data_files *out) {
    char batches[C4_PATH_BYTES], name[32];
    bool pickle = candidate->other_form;
    C4_TRY(inner_folder(batches, folder, candidate->place[0]));
    batch_name(name, C4_TRAIN, 1, pickle);
    out->absent = !exists(batches, name);
    batch_name(name, C4_TEST, 1, pickle);
    out->absent = out->absent && !exists(batches, name);
    if (out->absent) return C4_OK;
    out->mark.set = "objects";
    if (!pickle) C4_TRY(c4_synthetic_mark_read(batches, &out->mark, &out->synthetic));
    uint32_t left = split == C4_TEST ? C4_CIFAR10_FILE_RECORDS : 5 * C4_CIFAR10_FILE_RECORDS;
    if (out->synthetic) left = split == C4_TEST ? out->mark.test : out->mark.train;
    while (left > 0) {
        struct c4_data_file *file = &out->file[out->count++];
        batch_name(name, split, out->count, pickle);
        C4_TRY(c4_path_join(file->path, C4_PATH_BYTES, batches, name));
        file->required = left < C4_CIFAR10_FILE_RECORDS ? left : C4_CIFAR10_FILE_RECORDS;
        file->most = file->required;
        file->pickle = pickle;
        file->synthetic = out->synthetic;
        left -= file->required;
    }
    return C4_OK;
}

static enum c4_status list_svhn(const char *folder, const struct candidate *candidate,
                                enum c4_split split, struct c4_data_files *out) {
    bool mat = candidate->other_form;
    const char *name = split == C4_TEST ? mat ? "test_32x32.mat" : "svhn_test.bin"
                                        : (mat ? "train_32x32.mat" : "svhn_train.bin");
    struct c4_data_file *file = &out->file[0];
    char place[C4_PATH_BYTES];
    out->absent = true;
    for (int i = 0; i < 2 && out->absent && candidate->place[i] != NULL; i++) {
        C4_TRY(inner_folder(place, folder, candidate->place[i]));
        out->absent = !exists(place, name);
    }
    if (out->absent) return C4_OK;
    C4_TRY(c4_path_join(file->path, C4_PATH_BYTES, place, name));
    out->count = 1;
    file->most = split == C4_TEST ? C4_SVHN_TEST_COUNT : C4_SVHN_TRAIN_COUNT;
    file->mat = mat;
    if (mat) return C4_OK;
    out->mark.set = "digits";
    C4_TRY(c4_synthetic_mark_read(place, &out->mark, &out->synthetic));
    file->synthetic = out->synthetic;
    if (out->synthetic) file->required = split == C4_TEST ? out->mark.test : out->mark.train;
    return C4_OK;
}

static enum c4_status list(const char *folder, enum c4_dataset_kind kind,
                           const struct candidate *candidate, enum c4_split split,
                           struct c4_data_files *out) {
    *out = (struct c4_data_files){0};
    return kind == C4_CIFAR10 ? list_cifar10(folder, candidate, split, out)
                              : list_svhn(folder, candidate, split, out);
}

static bool has_files(const char *folder, enum c4_dataset_kind kind,
                      const struct candidate *candidate) {
    struct c4_data_files files;
    for (int split = 0; split < 2; split++) {
        /* A bad mark lies beside files. */
        (void)list(folder, kind, candidate, (enum c4_split)split, &files);
        if (!files.absent) return true;
    }
    return false;
}

/* C4_OK if both splits are there, with the images that they should have. */
static enum c4_status check_whole(const char *folder, enum c4_dataset_kind kind,
                                  const struct candidate *candidate) {
    struct c4_data_files files[2];
    for (int split = 0; split < 2; split++)
        C4_TRY(list(folder, kind, candidate, (enum c4_split)split, &files[split]));
    for (int split = 0; split < 2; split++) {
        if (files[split].absent)
            return c4_fail(C4_ERR_DATA, "%s has no %s file beside it", files[!split].file[0].path,
                           split == C4_TEST ? "test" : "train");
        for (uint32_t i = 0; i < files[split].count; i++) {
            uint32_t count;
            C4_TRY(c4_data_file_count(&files[split].file[i], &count));
        }
    }
    return C4_OK;
}

/* The first whole candidate, or else the first that has files; NULL if none has. `passed_over` gets
 * what the first of those before it lacks. */
static const struct candidate *choose(const char *folder, enum c4_dataset_kind kind,
                                      char passed_over[C4_PASSED_OVER_BYTES]) {
    const struct candidate *all = kind == C4_CIFAR10 ? cifar10_candidates : svhn_candidates;
    const struct candidate *has[CANDIDATES];
    bool plain_first = kind != C4_CIFAR10 && !c4_svhn_mat_available();
    int count = 0;
    for (int i = 0; i < CANDIDATES; i++) {
        const struct candidate *candidate = &all[plain_first ? (i + 2) % CANDIDATES : i];
        if (has_files(folder, kind, candidate)) has[count++] = candidate;
    }
    /* Counting may mean to read all of a file: not where nothing hangs on it. */
    for (int i = 0; i < count && count > 1; i++) {
        if (check_whole(folder, kind, has[i]) == C4_OK) return has[i];
        if (i == 0) snprintf(passed_over, C4_PASSED_OVER_BYTES, "%s", c4_error());
    }
    passed_over[0] = '\0';
    return count > 0 ? has[0] : NULL;
}

bool c4_data_holds(const char *folder, enum c4_dataset_kind kind, bool synthetic,
                   char path[C4_PATH_BYTES]) {
    const struct candidate *all = kind == C4_CIFAR10 ? cifar10_candidates : svhn_candidates;
    struct c4_data_files files;
    for (int i = 0; i < 2 * CANDIDATES; i++) {
        enum c4_status status = list(folder, kind, &all[i / 2], (enum c4_split)(i % 2), &files);
        if (status != C4_OK || files.absent || files.synthetic != synthetic) continue;
        snprintf(path, C4_PATH_BYTES, "%s", files.file[0].path);
        return true;
    }
    return false;
}

static enum c4_status nothing_of(const char *folder, enum c4_dataset_kind kind,
                                 enum c4_split split) {
    if (kind == C4_CIFAR10)
        return c4_fail(
            C4_ERR_DATA,
            "%s: no CIFAR-10 here; looked for data_batch_1.bin in cifar-10-batches-bin and "
            "beside it, and for the Python version; get it with 'conv4 data fetch cifar10 "
            "--data %s', or unpack cifar-10-binary.tar.gz there",
            folder, folder);
    const char *word = split == C4_TEST ? "test" : "train";
    return c4_fail(C4_ERR_DATA,
                   "%s: no SVHN %s digits here; looked for %s_32x32.mat, svhn/%s_32x32.mat, "
                   "svhn/svhn_%s.bin and svhn_%s.bin; get %s_32x32.mat (format 2, cropped digits) "
                   "with 'conv4 data fetch svhn --data %s'",
                   folder, word, word, word, word, word, word, folder);
}

/* Not in list(): whatever the mark is, the files beside it are real. */
static enum c4_status read_unofficial(struct c4_data_files *files) {
    struct c4_unofficial mark;
    char place[C4_PATH_BYTES];
    if (files->synthetic || files->file[0].mat || files->file[0].pickle) return C4_OK;
    snprintf(place, sizeof place, "%s", files->file[0].path);
    *strrchr(place, '/') = '\0'; /* a path is FOLDER/name */
    C4_TRY(c4_unofficial_read(place, &mark));
    for (uint32_t i = 0; i < files->count; i++) {
        struct c4_data_file *file = &files->file[i];
        const char *why = c4_unofficial_find(&mark, strrchr(file->path, '/') + 1);
        if (why != NULL) snprintf(file->unofficial, sizeof file->unofficial, "%s", why);
    }
    return C4_OK;
}

enum c4_status c4_data_find(const char *folder, enum c4_dataset_kind kind, enum c4_split split,
                            struct c4_data_files *out) {
    char passed_over[C4_PASSED_OVER_BYTES] = "";
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
    const struct candidate *candidate = choose(folder, kind, passed_over);
    if (candidate != NULL) C4_TRY(list(folder, kind, candidate, split, out));
    if (out->absent) return nothing_of(folder, kind, split);
    snprintf(out->passed_over, sizeof out->passed_over, "%s", passed_over);
    return read_unofficial(out);
}
