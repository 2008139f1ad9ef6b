/* Shared by the tests of array files: the files made by reference/make_arrays.py, under names
 * without a suffix, and a look at what is read from them. */
#ifndef C4_TESTS_CORE_TEST_FILE_ARRAYS_H
#define C4_TESTS_CORE_TEST_FILE_ARRAYS_H

#include "core/file/arrays.h"
#include "tests/core/test_file_scratch.h"

enum { ROWS = 5, COLUMNS = 3, COUNT = ROWS * COLUMNS };

/* VALUES of make_arrays.py. */
static const double values[COUNT] = {0, 0, 2, 3, 0, 100, 7, 64, 0, 11, 4, 27, 1, 8, 6};

static inline unsigned char *load(const char *name, size_t *size_bytes) {
    char path[640];
    unsigned char *bytes;
    snprintf(path, sizeof path, C4_TEST_REFERENCE "/arrays/%s", name);
    if (c4_file_read(path, &bytes, size_bytes) != C4_OK) fail_msg("%s", c4_error());
    return bytes;
}

/* A copy whose name has no suffix and no meaning. */
static inline const char *copy_of(void **state, const char *name) {
    size_t size_bytes;
    unsigned char *bytes = load(name, &size_bytes);
    const char *path = scratch_path(state, "data");
    put_file(path, bytes, size_bytes);
    free(bytes);
    return path;
}

static inline void assert_values(const struct c4_tensor *tensor, double times) {
    assert_non_null(tensor);
    assert_int_equal(tensor->rank, 2);
    assert_int_equal(tensor->shape[0], ROWS);
    assert_int_equal(tensor->shape[1], COLUMNS);
    assert_true(c4_tensor_valid(tensor));
    for (size_t i = 0; i < COUNT; i++) {
        double want = tensor->dtype == C4_BOOL ? values[i] != 0 : times * values[i];
        if (c4_tensor_get(tensor, i) != want)
            fail_msg("%s [%zu]: %g instead of %g", c4_dtype_name(tensor->dtype), i,
                     c4_tensor_get(tensor, i), want);
    }
}

static inline void read_copy(void **state, const char *name, struct c4_arrays *arrays) {
    if (c4_arrays_read(copy_of(state, name), arrays) != C4_OK) fail_msg("%s: %s", name, c4_error());
}

static inline void assert_refused(void **state, const char *name, const char *words) {
    struct c4_arrays arrays;
    memset(&arrays, 0xff, sizeof arrays);
    assert_failed(c4_arrays_read(copy_of(state, name), &arrays), C4_ERR_DATA, words);
    assert_non_null(strstr(c4_error(), "data: "));
    assert_int_equal(arrays.count, 0);
    assert_null(arrays.tensors);
    assert_null(arrays.left_out);
}

#endif
