/* SVHN's .mat files: what is read, and what is refused. */
#include "core/data/import.h"
#include "core/data/svhn_mat.h"
#include "tests/core/test_data_folder.h"

/* A MAT 5 file made by hand, so that it can have faults that a library would not write. */
enum { DIGITS = 12, MAT_BYTES = 65536 };

struct mat {
    uint8_t bytes[MAT_BYTES];
    size_t used;
};

static void put(struct mat *mat, const void *bytes, size_t count) {
    assert_true(mat->used + count <= MAT_BYTES);
    memcpy(mat->bytes + mat->used, bytes, count);
    mat->used += count;
}

static bool big_endian; /* byte order of the next file */

static void put_number(struct mat *mat, uint32_t number) {
    const uint8_t little[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                               (uint8_t)(number >> 24)};
    const uint8_t big[4] = {little[3], little[2], little[1], little[0]};
    put(mat, big_endian ? big : little, 4);
}

/* Type, size, bytes, padding to 8. */
static void put_element(struct mat *mat, uint32_t type, const void *bytes, size_t count) {
    static const uint8_t zeros[8];
    put_number(mat, type);
    put_number(mat, (uint32_t)count);
    put(mat, bytes, count);
    put(mat, zeros, (8 - count % 8) % 8);
}

enum { INT8 = 1, UINT8 = 2, INT32 = 5, UINT32 = 6, DOUBLE = 9, MATRIX = 14, COMPRESSED = 15 };

struct variable {
    const char *name;
    int rank;
    uint32_t dims[4];
    bool doubles;
    const void *data;
    size_t bytes;
};

static void put_variable(struct mat *mat, const struct variable *v) {
    static struct mat inner;
    struct mat small = {.used = 0};
    inner.used = 0;
    put_number(&small, v->doubles ? 6 : 9); /* mxDOUBLE_CLASS, mxUINT8_CLASS */
    put_number(&small, 0);
    put_element(&inner, UINT32, small.bytes, small.used);
    small.used = 0;
    for (int i = 0; i < v->rank; i++) put_number(&small, v->dims[i]);
    put_element(&inner, INT32, small.bytes, small.used);
    put_element(&inner, INT8, v->name, strlen(v->name));
    put_element(&inner, v->doubles ? DOUBLE : UINT8, v->data, v->bytes);
    put_element(mat, MATRIX, inner.bytes, inner.used);
}

/* zlib's format with one stored block: the official files are compressed. */
static void put_compressed(struct mat *mat, const struct variable *v) {
    static struct mat plain, stream;
    plain.used = stream.used = 0;
    put_variable(&plain, v);
    uint32_t n = (uint32_t)plain.used, a = 1, b = 0;
    const uint8_t head[7] = {
        0x78, 1, 1, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)~n, (uint8_t)(~n >> 8)};
    for (uint32_t i = 0; i < n; i++) {
        a = (a + plain.bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    const uint8_t adler[4] = {(uint8_t)(b >> 8), (uint8_t)b, (uint8_t)(a >> 8), (uint8_t)a};
    put(&stream, head, sizeof head);
    put(&stream, plain.bytes, plain.used);
    put(&stream, adler, sizeof adler);
    put_number(mat, COMPRESSED);
    put_number(mat, (uint32_t)stream.used);
    put(mat, stream.bytes, stream.used);
}

struct mat_kind {
    bool compressed, double_labels, no_y;
    uint32_t rows, planes, images; /* from the header of X */
    uint32_t labels;
    uint8_t last_label;
};
static const struct mat_kind good_mat = {false, false, false, 32, 3, DIGITS, DIGITS, 7};

static void reverse(double *number) {
    uint8_t bytes[8], reversed[8];
    memcpy(bytes, number, 8);
    for (int i = 0; i < 8; i++) reversed[i] = bytes[7 - i];
    memcpy(number, reversed, 8);
}

static void write_mat(const char *path, struct mat_kind kind) {
    static uint8_t x[DIGITS * C4_IMAGE_BYTES];
    static struct mat mat;
    uint8_t y[DIGITS];
    double y_double[DIGITS];
    for (uint32_t i = 0; i < DIGITS; i++) {
        y[i] = i == DIGITS - 1 ? kind.last_label : (uint8_t)(i % 10 + 1); /* 10 is digit 0 */
        y_double[i] = y[i];
        if (big_endian) reverse(&y_double[i]);
        for (uint32_t p = 0; p < 3; p++) {
            for (uint32_t column = 0; column < 32; column++) {
                for (uint32_t row = 0; row < 32; row++) {
                    x[((i * 3 + p) * 32 + column) * 32 + row] =
                        pixel(i, (int)p, (int)row, (int)column);
                }
            }
        }
    }
    char head[117];
    snprintf(head, sizeof head, "%-116s", "MATLAB 5.0 MAT-file");
    mat.used = 0;
    put(&mat, head, 116);
    put(&mat, "\0\0\0\0\0\0\0\0", 8); /* no subsystem data */
    put(&mat, big_endian ? "\1\0MI" : "\0\1IM", 4);
    struct variable vx = {"X", 4, {kind.rows, 32, kind.planes, kind.images}, false, x, sizeof x};
    struct variable vy = {"y", 2, {kind.labels, 1}, false, y, kind.labels};
    if (kind.double_labels) {
        vy.doubles = true;
        vy.data = y_double;
        vy.bytes = kind.labels * sizeof(double);
    }
    (kind.compressed ? put_compressed : put_variable)(&mat, &vx);
    if (!kind.no_y) (kind.compressed ? put_compressed : put_variable)(&mat, &vy);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(mat.bytes, 1, mat.used, file), mat.used);
    assert_int_equal(fclose(file), 0);
}

static void mat_is_transposed_and_ten_is_zero(void **state) {
    (void)state;
    struct c4_dataset data;
    if (!c4_svhn_mat_available()) {
        write_mat(at("train_32x32.mat"), good_mat);
        refused(folder, SVHN, C4_TRAIN, 0, C4_ERR_ENVIRONMENT, "libmatio-dev");
        return;
    }
    for (int variant = 0; variant < 8; variant++) {
        struct mat_kind kind = good_mat;
        kind.compressed = variant & 1;
        kind.double_labels = variant >> 1 & 1;
        big_endian = variant >> 2;
        write_mat(at("train_32x32.mat"), kind);
        assert_int_equal(c4_dataset_load(folder, SVHN, C4_TRAIN, 0, 0, &data), C4_OK);
        assert_int_equal(data.count, DIGITS);
        assert_string_equal(data.name, "SVHN train (12 of 73257)");
        for (uint32_t i = 0; i < DIGITS; i++) assert_pixels(&data, i, i);
        for (uint32_t i = 0; i < 9; i++) assert_int_equal(c4_dataset_labels(&data)[i], i + 1);
        assert_int_equal(c4_dataset_labels(&data)[9], 0);
        assert_int_equal(c4_dataset_labels(&data)[11], 7);
        c4_dataset_free(&data);
    }
    big_endian = false;
    mkdir(at("svhn"), 0777);
    write_mat(at("svhn/test_32x32.mat"), good_mat);
    assert_int_equal(c4_dataset_load(folder, SVHN, C4_TUNING, 0, 20, &data), C4_OK);
    assert_int_equal(data.count, 20);
    assert_pixels(&data, 19, 7);
    c4_dataset_free(&data);
}

static void bad_mat_is_refused(void **state) {
    (void)state;
    if (!c4_svhn_mat_available()) skip();
    char path[1024];
    snprintf(path, sizeof path, "%s", at("test_32x32.mat"));
    static const struct {
        struct mat_kind kind;
        const char *says;
    } bad[] = {
        {{false, false, false, 32, 3, DIGITS, DIGITS, 0}, "label 11 of y is 0"},
        {{true, true, false, 32, 3, DIGITS, DIGITS, 11}, "label 11 of y is 11"},
        {{true, false, true, 32, 3, DIGITS, DIGITS, 1}, "no readable variable y"},
        {{true, false, false, 31, 3, DIGITS, DIGITS, 1}, "X is not 32 x 32 x 3 x N"},
        {{false, false, false, 32, 1, DIGITS, DIGITS, 1}, "X is not 32 x 32 x 3 x N"},
        {{false, false, false, 32, 3, 0, DIGITS, 1}, "the file is damaged"},
        {{false, false, false, 32, 3, 0xffffffff, DIGITS, 1}, "the file is damaged"},
        {{true, false, false, 32, 3, 50000000, DIGITS, 1}, "the file is damaged"},
        {{true, false, false, 32, 3, DIGITS, DIGITS - 1, 1}, "one label for each image"},
        {{true, false, false, 32, 3, DIGITS + 1, DIGITS, 1}, "get it again"},
        {{false, false, false, 32, 3, DIGITS + 1, DIGITS, 1}, "get it again"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_mat(path, bad[i].kind);
        refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, bad[i].says);
    }
    write_text(path, "this is no MAT file");
    refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, "matio cannot open it");

    /* Cut off anywhere, it is refused and nothing crashes. */
    for (int compressed = 0; compressed < 2; compressed++) {
        struct mat_kind kind = good_mat;
        struct stat info;
        kind.compressed = compressed;
        write_mat(path, kind);
        assert_int_equal(stat(path, &info), 0);
        for (off_t bytes = info.st_size - 12; bytes >= 0; bytes -= 1 + info.st_size / 40) {
            struct c4_dataset data;
            assert_int_equal(truncate(path, bytes), 0);
            assert_int_equal(c4_dataset_load(folder, SVHN, C4_TEST, 0, 0, &data), C4_ERR_DATA);
            write_mat(path, kind);
        }
    }
}

static void loads(enum c4_split split, uint32_t count, uint32_t first_made_as) {
    struct c4_dataset data;
    if (c4_dataset_load(folder, SVHN, split, 0, 0, &data) != C4_OK) fail_msg("%s", c4_error());
    assert_int_equal(data.count, count);
    assert_pixels(&data, 0, first_made_as);
    c4_dataset_free(&data);
}

/* A truncated or lone .mat file does not hide the plain form, nor one folder the other. */
static void whole_digits_come_first(void **state) {
    (void)state;
    if (!c4_svhn_mat_available()) skip();
    struct c4_data_found found;
    struct stat info;
    mkdir(at("svhn"), 0777);
    write_mat(at("train_32x32.mat"), good_mat);
    write_records(at("svhn/svhn_train.bin"), 30, -1, 0);
    loads(C4_TRAIN, DIGITS, 0); /* neither has test digits */
    refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, "no SVHN test digits here");
    write_records(at("svhn/svhn_test.bin"), 20, -1, 0);
    loads(C4_TRAIN, 30, 0);
    loads(C4_TEST, 20, 0);
    assert_int_equal(c4_data_describe(folder, &found), C4_OK);
    assert_int_equal(found.count, 2);
    assert_non_null(
        strstr(found.info[0].passed_over, "train_32x32.mat has no test file beside it"));

    write_mat(at("test_32x32.mat"), good_mat);
    loads(C4_TRAIN, DIGITS, 0);
    loads(C4_TEST, DIGITS, 0);
    assert_int_equal(stat(at("test_32x32.mat"), &info), 0);
    assert_int_equal(truncate(at("test_32x32.mat"), info.st_size - 8), 0);
    loads(C4_TRAIN, 30, 0);
    loads(C4_TEST, 20, 0);
    assert_int_equal(c4_data_describe(folder, &found), C4_OK);
    assert_non_null(strstr(found.info[0].passed_over, "test_32x32.mat"));

    /* svhn/ has complete ones, which come before the plain form. */
    write_mat(at("svhn/test_32x32.mat"), good_mat);
    write_mat(at("svhn/train_32x32.mat"), good_mat);
    loads(C4_TEST, DIGITS, 0);
    remove(at("svhn/train_32x32.mat"));
    remove(at("svhn/svhn_train.bin"));
    refused(folder, SVHN, C4_TEST, 0, C4_ERR_DATA, "test_32x32.mat");

    /* Plain ones in FOLDER, while those in svhn/ are not records. */
    write_records(at("svhn/svhn_train.bin"), 30, -1, 1);
    write_records(at("svhn_train.bin"), 31, -1, 0);
    write_records(at("svhn_test.bin"), 32, -1, 0);
    loads(C4_TRAIN, 31, 0);
    loads(C4_TEST, 32, 0);
}

static void import_converts_mat(void **state) {
    (void)state;
    if (!c4_svhn_mat_available()) skip();
    uint32_t files;
    struct c4_dataset data, again;
    mkdir(at("from"), 0777);
    write_mat(at("from/train_32x32.mat"), good_mat);
    assert_int_equal(c4_data_import(at("from"), at("to"), &files, NULL), C4_OK);
    assert_int_equal(c4_dataset_load(at("from"), SVHN, C4_TRAIN, 0, 0, &data), C4_OK);
    assert_int_equal(c4_dataset_load(at("to"), SVHN, C4_TRAIN, 0, 0, &again), C4_OK);
    assert_string_equal(data.sha256, again.sha256);
    c4_dataset_free(&data);
    c4_dataset_free(&again);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(mat_is_transposed_and_ten_is_zero),
        IN_FOLDER(bad_mat_is_refused),
        IN_FOLDER(whole_digits_come_first),
        IN_FOLDER(import_converts_mat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
