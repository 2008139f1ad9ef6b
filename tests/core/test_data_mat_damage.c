/* SVHN's .mat files as matio writes them: labels of every numeric class, and files with a flipped
 * bit. */
#if C4_HAVE_MATIO

#include "core/data/dataset.h"
#include "core/data/svhn_mat.h"
#include "tests/core/test_data_folder.h"

#include <matio.h>

enum { DIGITS = 5 };

/* Images that compress well, so that a small file has everything that deflate produces. */
static uint8_t smooth(uint32_t i, uint32_t place) {
    return (uint8_t)(i * 40 + place % 32 / 4 + place / 256 * 3);
}

static void add(mat_t *mat, const char *name, enum matio_classes class_type,
                enum matio_types data_type, int rank, size_t *dims, void *data, bool compressed) {
    matvar_t *variable = Mat_VarCreate(name, class_type, data_type, rank, dims, data, 0);
    assert_non_null(variable);
    assert_int_equal(
        Mat_VarWrite(mat, variable, compressed ? MAT_COMPRESSION_ZLIB : MAT_COMPRESSION_NONE), 0);
    Mat_VarFree(variable);
}

static void write_x(mat_t *mat, bool compressed) {
    static uint8_t x[DIGITS * C4_IMAGE_BYTES];
    size_t dims[4] = {32, 32, 3, DIGITS};
    for (uint32_t k = 0; k < sizeof x; k++) x[k] = smooth(k / C4_IMAGE_BYTES, k % C4_IMAGE_BYTES);
    add(mat, "X", MAT_C_UINT8, MAT_T_UINT8, 4, dims, x, compressed);
}

static void write_file(const char *path, bool compressed) {
    uint8_t y[DIGITS] = {1, 9, 10, 2, 3};
    size_t dims[2] = {DIGITS, 1};
    mat_t *mat = Mat_CreateVer(path, NULL, MAT_FT_MAT5);
    assert_non_null(mat);
    write_x(mat, compressed);
    add(mat, "y", MAT_C_UINT8, MAT_T_UINT8, 2, dims, y, compressed);
    assert_int_equal(Mat_Close(mat), 0);
}

/* A file in memory, written again and again. */
static struct {
    uint8_t bytes[1 << 17];
    size_t size;
} kept;

static void keep(const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    kept.size = fread(kept.bytes, 1, sizeof kept.bytes, file);
    assert_true(kept.size > 128 && kept.size < sizeof kept.bytes);
    fclose(file);
}

static void put_back(const char *path, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(kept.bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Whether the file is refused; if not, its content must be unchanged. */
static bool is_refused(const char *path, const char *sha256, size_t at_byte) {
    struct c4_dataset data;
    put_back(path, kept.size);
    enum c4_status status = c4_dataset_load(folder, SVHN, C4_TEST, 0, 0, &data);
    if (status != C4_OK) assert_int_equal(status, C4_ERR_DATA);
    if (status == C4_OK && strcmp(data.sha256, sha256) != 0)
        fail_msg("with byte %zu changed the file gives other images or labels", at_byte);
    c4_dataset_free(&data);
    return status != C4_OK;
}

static void no_changed_bit_gives_other_images(void **state) {
    (void)state;
    struct c4_dataset data;
    char path[1024];
    snprintf(path, sizeof path, "%s", at("test_32x32.mat"));
    write_file(path, true);
    assert_int_equal(c4_dataset_load(folder, SVHN, C4_TEST, 0, 0, &data), C4_OK);
    assert_int_equal(c4_dataset_labels(&data)[2], 0);
    for (uint32_t place = 0; place < 1024; place++) /* columns become rows */
        assert_int_equal(c4_dataset_images(&data)[place % 32 * 32 + place / 32], smooth(0, place));
    keep(path);
    uint32_t refused_count = 0, tried = 0;
    for (size_t i = 0; i < kept.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            kept.bytes[i] ^= (uint8_t)(1 << bit);
            bool refused_now = is_refused(path, data.sha256, i);
            kept.bytes[i] ^= (uint8_t)(1 << bit);
            refused_count += i >= 128 && refused_now;
            tried += i >= 128;
        }
    /* A few bits have no meaning: reserved ones, and the padding of a stream's last byte. */
    assert_true(refused_count > tried - tried / 20);
    c4_dataset_free(&data);
}

/* The tag, the inflated bytes, the checksum and the bytes after it: each has its own sentence. */
static void damage_is_located(void **state) {
    (void)state;
    char path[1024];
    snprintf(path, sizeof path, "%s", at("test_32x32.mat"));
    write_file(path, true);
    keep(path);
    size_t first = kept.bytes[132] + 256U * kept.bytes[133] + 65536U * kept.bytes[134];
    size_t second = 128 + 8 + first;
    char words[64];

    kept.bytes[second - 1] ^= 1; /* the first element's Adler-32 */
    put_back(path, kept.size);
    refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, "element at byte 128 ");
    assert_says("damaged");
    kept.bytes[second - 1] ^= 1;

    kept.bytes[second + 8 + 4] ^= 64;
    put_back(path, kept.size);
    snprintf(words, sizeof words, "element at byte %zu ", second);
    refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, words);
    kept.bytes[second + 8 + 4] ^= 64;

    /* Counting does not inflate, but checks where elements end. */
    uint32_t count;
    put_back(path, kept.size - 1);
    assert_int_equal(c4_svhn_mat_count(path, &count), C4_ERR_DATA);
    assert_says(words);
    assert_says("end");
    for (size_t more = 1; more <= 16; more++) {
        memset(kept.bytes + kept.size, 0, more);
        put_back(path, kept.size + more);
        refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, "damaged");
        snprintf(words, sizeof words, "byte %zu ", kept.size);
        assert_says(words);
    }
    put_back(path, second); /* cut between two elements */
    refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, "no readable variable y");
    put_back(path, 128);
    refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, "there is no variable X");
    put_back(path, kept.size);
    struct c4_dataset data;
    assert_int_equal(c4_dataset_load(folder, SVHN, C4_TEST, 0, 0, &data), C4_OK);
    c4_dataset_free(&data);
}

/* y as label_count labels of a class; `values` in that class. */
static void write_labels(const char *path, enum matio_classes class_type,
                         enum matio_types data_type, void *values) {
    size_t dims[2] = {DIGITS, 1};
    mat_t *mat = Mat_CreateVer(path, NULL, MAT_FT_MAT5);
    assert_non_null(mat);
    write_x(mat, true);
    add(mat, "y", class_type, data_type, 2, dims, values, true);
    assert_int_equal(Mat_Close(mat), 0);
}

#define TRY_LABELS(class_type, data_type, type, bad)                                               \
    do {                                                                                           \
        type values[DIGITS] = {1, 9, 10, 2, 3};                                                    \
        write_labels(path, class_type, data_type, values);                                         \
        takes_labels();                                                                            \
        values[3] = 11;                                                                            \
        write_labels(path, class_type, data_type, values);                                         \
        refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, "label 3 of y is 11");                      \
        values[3] = 0;                                                                             \
        write_labels(path, class_type, data_type, values);                                         \
        refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, "label 3 of y is 0");                       \
        values[3] = (type)(bad);                                                                   \
        write_labels(path, class_type, data_type, values);                                         \
        refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, "label 3 of y is ");                        \
    } while (0)

static void takes_labels(void) {
    static const uint8_t right[DIGITS] = {1, 9, 0, 2, 3};
    struct c4_dataset data;
    if (c4_dataset_load(folder, SVHN, C4_TEST, 0, 0, &data) != C4_OK) fail_msg("%s", c4_error());
    assert_memory_equal(c4_dataset_labels(&data), right, DIGITS);
    c4_dataset_free(&data);
}

static void labels_may_have_any_numeric_class(void **state) {
    (void)state;
    char path[1024];
    snprintf(path, sizeof path, "%s", at("test_32x32.mat"));
    TRY_LABELS(MAT_C_UINT8, MAT_T_UINT8, uint8_t, 255);
    TRY_LABELS(MAT_C_INT8, MAT_T_INT8, int8_t, -1);
    TRY_LABELS(MAT_C_UINT16, MAT_T_UINT16, uint16_t, 256 + 1);
    TRY_LABELS(MAT_C_INT16, MAT_T_INT16, int16_t, -256 + 1);
    TRY_LABELS(MAT_C_UINT32, MAT_T_UINT32, uint32_t, 1U << 31);
    TRY_LABELS(MAT_C_INT32, MAT_T_INT32, int32_t, INT32_MIN);
    TRY_LABELS(MAT_C_UINT64, MAT_T_UINT64, uint64_t, (1ULL << 63) + 1);
    TRY_LABELS(MAT_C_INT64, MAT_T_INT64, int64_t, (1LL << 32) + 1);
    TRY_LABELS(MAT_C_SINGLE, MAT_T_SINGLE, float, 1.5);
    TRY_LABELS(MAT_C_DOUBLE, MAT_T_DOUBLE, double, 0.0 / 0.0);
    write_labels(path, MAT_C_CHAR, MAT_T_UINT8, "1234");
    refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, "y does not hold numbers");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(no_changed_bit_gives_other_images),
        IN_FOLDER(damage_is_located),
        IN_FOLDER(labels_may_have_any_numeric_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

#include <stdio.h>

int main(void) {
    printf("this build has no matio\n");
    return 77;
}

#endif
