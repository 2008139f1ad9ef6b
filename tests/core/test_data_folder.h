/* A temporary folder for the tests of readers and writers, and the images written there. */
#ifndef C4_TESTS_CORE_TEST_DATA_FOLDER_H
#define C4_TESTS_CORE_TEST_DATA_FOLDER_H

#include "core/data/dataset.h"
#include "tests/harness/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CIFAR10 c4_set_find("cifar10")
#define SVHN c4_set_find("svhn")

static char folder[512];

/* FOLDER/name; valid until the fourth call from now. */
static const char *at(const char *name) {
    static char paths[4][1024];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

static void remove_tree(const char *path) {
    DIR *entries = opendir(path);
    if (entries != NULL) {
        for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
            char inside[2048];
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
            snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
            remove_tree(inside);
        }
        closedir(entries);
    }
    remove(path);
}

static int make_folder(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/conv4-test-XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int drop_folder(void **state) {
    (void)state;
    remove_tree(folder);
    return 0;
}

/* A byte of image i that differs from its neighbours. */
static inline uint8_t pixel(uint32_t image, int plane, int row, int column) {
    return (uint8_t)(image * 7 + (uint32_t)plane * 101 + (uint32_t)row * 5 + (uint32_t)column * 3);
}

static inline void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* Record i has label i % 10 and pixel(), but record `damage_at` label 10; `extra` bytes follow. */
static inline void write_records(const char *path, uint32_t count, int damage_at, int extra_bytes) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (uint32_t i = 0; i < count; i++) {
        fputc((int)i == damage_at ? 10 : (int)(i % 10), file);
        for (int p = 0; p < 3; p++) {
            for (int y = 0; y < 32; y++) {
                for (int x = 0; x < 32; x++) fputc(pixel(i, p, y, x), file);
            }
        }
    }
    for (int i = 0; i < extra_bytes; i++) fputc(1, file);
    assert_int_equal(fclose(file), 0);
}

/* A file of `bytes` zeros: records of label 0. */
static inline void make_sparse(const char *path, off_t bytes) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate(path, bytes), 0);
}

static inline void assert_pixels(const struct c4_dataset *data, uint32_t index, uint32_t made_as) {
    const uint8_t *image = c4_dataset_images(data) + (size_t)index * C4_IMAGE_BYTES;
    for (int p = 0; p < 3; p++) {
        for (int y = 0; y < 32; y++) {
            for (int x = 0; x < 32; x++) {
                assert_int_equal(image[p * 1024 + y * 32 + x], pixel(made_as, p, y, x));
            }
        }
    }
}

static inline void assert_says(const char *part) {
    if (strstr(c4_error(), part) == NULL) {
        fail_msg("the message is \"%s\", it should hold \"%s\"", c4_error(), part);
    }
}

/* Loading must fail with this status and sentence, and leave the data set empty. */
static inline void refused(const char *where, const struct c4_set *set, enum c4_split split,
                           uint32_t limit, enum c4_status status, const char *part) {
    struct c4_dataset data;
    assert_int_equal(c4_dataset_load(where, set, split, 0, limit, &data), status);
    assert_null(c4_dataset_images(&data));
    assert_null(data.owned);
    assert_says(part);
    c4_dataset_free(&data);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

#endif
