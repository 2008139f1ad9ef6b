/* Array files as NumPy, ml_dtypes, safetensors and PyTorch write them (reference/make_arrays.py),
 * under names without a suffix; damaged, hostile and other files are refused. */
#include "tests/core/test_file_arrays.h"

#include <strings.h>

static void npy_files_of_every_type_are_read(void **state) {
    static const struct {
        const char *name;
        enum c4_dtype dtype;
    } files[] = {
        {"npy-f2.npy", C4_F16},     {"npy-f4.npy", C4_F32},      {"npy-f8.npy", C4_F64},
        {"npy-i1.npy", C4_I8},      {"npy-i2.npy", C4_I16},      {"npy-i4.npy", C4_I32},
        {"npy-i8.npy", C4_I64},     {"npy-u1.npy", C4_U8},       {"npy-u2.npy", C4_U16},
        {"npy-u4.npy", C4_U32},     {"npy-u8.npy", C4_U64},      {"npy-b1.npy", C4_BOOL},
        {"npy-big-f2.npy", C4_F16}, {"npy-big-f4.npy", C4_F32},  {"npy-big-f8.npy", C4_F64},
        {"npy-big-i2.npy", C4_I16}, {"npy-big-i4.npy", C4_I32},  {"npy-big-i8.npy", C4_I64},
        {"npy-big-u2.npy", C4_U16}, {"npy-big-u4.npy", C4_U32},  {"npy-big-u8.npy", C4_U64},
        {"npy-python2", C4_F32},    {"npy-fortran.npy", C4_I16},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct c4_arrays arrays;
        read_copy(state, files[i].name, &arrays);
        assert_int_equal(arrays.count, 1);
        assert_int_equal(arrays.tensors[0].dtype, files[i].dtype);
        assert_string_equal(arrays.tensors[0].name, "");
        assert_values(&arrays.tensors[0], 1);
        assert_null(arrays.left_out);
        assert_null(c4_arrays_metadata(&arrays, "writer"));
        c4_arrays_free(&arrays);
        assert_null(arrays.tensors);
    }
}

static void safetensors_files_are_read(void **state) {
    static const char *const names[] = {"f16", "bf16", "f32", "f64", "i8",  "i16", "i32",
                                        "i64", "u8",   "u16", "u32", "u64", "bool"};
    struct c4_arrays arrays;
    read_copy(state, "safetensors-types", &arrays);
    assert_int_equal(arrays.count, C4_DTYPES);
    for (int i = 0; i < C4_DTYPES; i++) {
        const struct c4_tensor *tensor = c4_arrays_find(&arrays, names[i]);
        assert_values(tensor, 1);
        assert_int_equal(strcasecmp(c4_dtype_name(tensor->dtype), names[i]), 0);
    }
    assert_string_equal(c4_arrays_metadata(&arrays, "writer"), "safetensors");
    c4_arrays_free(&arrays);

    read_copy(state, "safetensors-name", &arrays);
    assert_int_equal(strlen(arrays.tensors[0].name), 300);
    assert_values(&arrays.tensors[0], 1);
    c4_arrays_free(&arrays);

    read_copy(state, "safetensors-null", &arrays);
    assert_values(c4_arrays_find(&arrays, "x"), 1);
    c4_arrays_free(&arrays);
}

static void arrays_that_are_no_numbers_are_refused_with_their_kind(void **state) {
    assert_refused(state, "npy-bf16.npy", "<V2 is raw bytes, as NumPy saves bfloat16");
    assert_refused(state, "npy-complex.npy", "<c8 is complex");
    assert_refused(state, "npy-long.npy", "the dtype <f16 is not supported");
    assert_refused(state, "npy-text.npy", "holds text");
    assert_refused(state, "npy-dates.npy", "holds dates or times");
    assert_refused(state, "npy-objects.npy", "holds Python objects");
    assert_refused(state, "npy-records.npy", "records with fields");
    assert_refused(state, "python.pkl", "looks like a Python pickle");
    assert_refused(state, "torch-old.pt", "looks like a PyTorch pickle");
}

static void a_type_that_is_not_read_is_set_aside(void **state) {
    struct c4_arrays arrays;
    read_copy(state, "safetensors-f8", &arrays);
    assert_int_equal(arrays.count, 0);
    assert_null(c4_arrays_find(&arrays, "x"));
    assert_int_equal(c4_arrays_readable(&arrays, "y"), C4_OK);
    assert_failed(c4_arrays_readable(&arrays, "x"), C4_ERR_DATA, "tensor x has the dtype F8_E4M3");
    c4_arrays_free(&arrays);
    assert_int_equal(arrays.unreadable.count, 0);
}

static void assert_bytes_refused(void **state, const void *bytes, size_t size_bytes,
                                 const char *words) {
    struct c4_arrays arrays;
    const char *path = scratch_path(state, "foreign.npy");
    put_file(path, bytes, size_bytes);
    assert_failed(c4_arrays_read(path, &arrays), C4_ERR_DATA, words);
    assert_non_null(strstr(c4_error(), "foreign.npy: "));
}

static void other_files_are_named(void **state) {
    static const struct {
        const char *bytes;
        size_t at, size;
        const char *words;
    } cases[] = {
        {"\x89HDF\r\n\x1a\n", 0, 8, "looks like an HDF5 file"},
        {"\x89HDF\r\n\x1a\n", 512, 8, "looks like a MATLAB file of version 7.3"},
        {"MATLAB 5.0 MAT-file", 0, 19, "scipy.io.loadmat"},
        {"\x1f\x8b\x08\0", 0, 4, "looks like a gzip file; unpack it"},
        {"BZh91AY", 0, 7, "a bzip2 file"},
        {"\xfd"
         "7zXZ\0",
         0, 6, "an xz file"},
        {"\x28\xb5\x2f\xfd", 0, 4, "a Zstandard file"},
        {"ustar", 257, 5, "a tar archive"},
        {"version https://git-lfs.github.com/spec/v1\n", 0, 43, "git lfs pull"},
        {"<!DOCTYPE html>", 0, 15, "a web page"},
        {"1.5,2.5\n3,4\n", 0, 12, "looks like text; load its numbers in Python (numpy.loadtxt)"},
        {"{\"x\": [1, 2]}", 0, 13, "looks like text"},
        {"\x93NUMP", 0, 5, "has 5 bytes, too few for an NPY, an NPZ or a safetensors file"},
        {"\x93NUMPY\x01", 0, 7, "has 7 bytes, too few for an NPY file"},
        {"PK", 0, 2, "has 2 bytes, too few"},
        {"\x40\0\0\0", 0, 4, "has 4 bytes, too few"},
        {"\x01\x02\x03\x04\x05\x06\x07\x08\x09", 0, 9, "neither an NPY, an NPZ nor a safetensors"},
        {"\0", 600, 1, "neither an NPY, an NPZ nor a safetensors"},
        {"\x93NUMPZ\x01\0", 0, 8, "its beginning is damaged"},
        {"", 0, 0, "foreign.npy: is empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char bytes[1024] = {0};
        memcpy(bytes + cases[i].at, cases[i].bytes, cases[i].size);
        assert_bytes_refused(state, bytes, cases[i].at + cases[i].size, cases[i].words);
    }
    /* A file that begins like a known format is refused by that format's reader. */
    assert_bytes_refused(state, "\x93NUMPY\x09\0..", 10, "NPY version 9.0");
    assert_bytes_refused(state, "\x40\0\0\0\0\0\0\0{\"", 10, "should end at byte 72");
    struct c4_arrays arrays;
    assert_failed(c4_arrays_read(scratch_path(state, "none"), &arrays), C4_ERR_DATA, "no such");
    struct scratch *scratch = *state;
    assert_failed(c4_arrays_read(scratch->folder, &arrays), C4_ERR_DATA, "is a folder");
}

#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(npy_files_of_every_type_are_read),
        SCRATCH_TEST(safetensors_files_are_read),
        SCRATCH_TEST(arrays_that_are_no_numbers_are_refused_with_their_kind),
        SCRATCH_TEST(a_type_that_is_not_read_is_set_aside),
        SCRATCH_TEST(other_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
