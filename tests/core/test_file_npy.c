/* NPY files: exact bytes, round trips, both orders, three versions, and every kind of fault. */
#include "core/file/npy.h"
#include "tests/core/test_file_scratch.h"

/* Writes magic, version, length, header and data. */
static const char *put(void **state, int version, const char *header, const void *data,
                       size_t data_bytes) {
    unsigned char bytes[4096] = {0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version};
    const char *path = scratch_path(state, "bad.npy");
    size_t length = strlen(header);
    uint32_t header_bytes = (uint32_t)length;
    size_t first = version == 1 ? 10 : 12;
    memcpy(bytes + 8, &header_bytes, first - 8);
    assert_true(first + length + data_bytes <= sizeof bytes);
    copy_text(bytes + first, header);
    memcpy(bytes + first + length, data, data_bytes);
    put_file(path, bytes, first + length + data_bytes);
    return path;
}

static void assert_refused(void **state, const char *header, const char *words) {
    static const unsigned char data[64];
    struct c4_tensor tensor;
    memset(&tensor, 0xff, sizeof tensor);
    assert_failed(c4_npy_read(put(state, 1, header, data, 8), &tensor), C4_ERR_DATA, words);
    assert_non_null(strstr(c4_error(), "bad.npy: "));
    assert_null(tensor.data);
    assert_int_equal(tensor.size_bytes, 0);
}

static void every_dtype_and_rank_comes_back(void **state) {
    unsigned char data[64];
    const char *path = scratch_path(state, "a.npy");
    for (int i = 0; i < 64; i++) data[i] = (unsigned char)(i + 1);
    for (enum c4_dtype dtype = C4_U8; dtype <= C4_F64; dtype++) {
        for (int rank = 0; rank <= 8; rank++) {
            struct c4_tensor tensor = {"", dtype, rank, {1, 2, 1, 1, 1, 2, 1, 1}, data, 0}, got;
            size_t count;
            assert_true(c4_tensor_count(&tensor, &count));
            tensor.size_bytes = count * c4_dtype_size_bytes(dtype);
            if (dtype == C4_BF16) {
                assert_failed(c4_npy_write(path, &tensor), C4_ERR_USAGE, "no type for BF16");
                continue;
            }
            assert_int_equal(c4_npy_write(path, &tensor), C4_OK);
            assert_int_equal(c4_npy_read(path, &got), C4_OK);
            assert_int_equal(got.dtype, dtype);
            assert_int_equal(got.rank, rank);
            assert_memory_equal(got.shape, tensor.shape, (size_t)rank * sizeof *got.shape);
            assert_int_equal(got.size_bytes, tensor.size_bytes);
            assert_memory_equal(got.data, data, got.size_bytes);
            assert_int_equal((uintptr_t)got.data % 64, 0);
            c4_tensor_free(&got);
        }
    }
    struct c4_tensor empty = {"", C4_F32, 2, {3, 0}, NULL, 0}, got;
    assert_int_equal(c4_npy_write(path, &empty), C4_OK);
    assert_int_equal(c4_npy_read(path, &got), C4_OK);
    assert_int_equal(got.size_bytes, 0);
    c4_tensor_free(&got);
}

/* The output of numpy.save for numpy.arange(6, dtype='<f4').reshape(2, 3). */
static void bytes_are_numpys(void **state) {
    static const unsigned char start[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 128 - 10, 0};
    float data[6] = {0, 1, 2, 3, 4, 5};
    struct c4_tensor tensor = {"x", C4_F32, 2, {2, 3}, data, sizeof data};
    const char *path = scratch_path(state, "exact.npy");
    char want[128 + 24];
    memset(want, ' ', sizeof want);
    memcpy(want, start, sizeof start);
    const char *dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    copy_text(want + 10, dictionary);
    want[127] = '\n';
    memcpy(want + 128, data, sizeof data);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(c4_npy_write(path, &tensor), C4_OK);
        assert_file_is(path, want, sizeof want);
    }
}

static void fortran_order_is_converted(void **state) {
    enum { N0 = 2, N1 = 3, N2 = 4 };
    int32_t data[N0 * N1 * N2];
    struct c4_tensor got;
    for (int i = 0; i < N0; i++)
        for (int j = 0; j < N1; j++)
            for (int k = 0; k < N2; k++) data[i + N0 * (j + N1 * k)] = 100 * i + 10 * j + k;
    const char *path =
        put(state, 1, "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3, 4), }\n", data,
            sizeof data);
    assert_int_equal(c4_npy_read(path, &got), C4_OK);
    assert_int_equal(got.rank, 3);
    for (int i = 0; i < N0; i++)
        for (int j = 0; j < N1; j++)
            for (int k = 0; k < N2; k++)
                assert_true(c4_tensor_get(&got, (size_t)((i * N1 + j) * N2 + k)) ==
                            100 * i + 10 * j + k);
    c4_tensor_free(&got);
}

static void versions_and_spellings_are_read(void **state) {
    double data = 2.5;
    struct c4_tensor got;
    const char *headers[] = {
        "{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
        "{\"shape\":(1,),\"fortran_order\":False,\"descr\":\"<f8\"}   \n",
        "{ 'shape' : ( 1 , 1 , ) , 'descr' : '<f8' , 'fortran_order' : True }",
        "\n{'descr':u'<f8',\t'fortran_order':False,\r\n'shape':(1L, 1L ,1)}\f\r\n\t",
    };
    for (int version = 1; version <= 3; version++) {
        for (int i = 0; i < 4; i++) {
            assert_int_equal(c4_npy_read(put(state, version, headers[i], &data, 8), &got), C4_OK);
            assert_int_equal(got.rank, i);
            assert_true(c4_tensor_get(&got, 0) == 2.5);
            c4_tensor_free(&got);
        }
    }
    unsigned char byte = 200;
    const char *u1 = "{'descr': '<u1', 'fortran_order': False, 'shape': (1,), }";
    assert_int_equal(c4_npy_read(put(state, 1, u1, &byte, 1), &got), C4_OK);
    assert_true(c4_tensor_get(&got, 0) == 200);
    c4_tensor_free(&got);
}

/* Spellings that numpy.dtype() accepts for a type, and the bytes of 1 in it. */
static void dtypes_are_read_in_every_spelling(void **state) {
    static const struct {
        const char *spellings; /* each followed by a space */
        enum c4_dtype dtype;
        unsigned char one[8];
    } cases[] = {
        {"<f4 =f4 |f4 f4 f <f float32 single ", C4_F32, {0, 0, 0x80, 0x3f}},
        {">f4 >f ", C4_F32, {0x3f, 0x80}},
        {"<f8 f8 d double float64 float ", C4_F64, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f}},
        {">f8 >d ", C4_F64, {0x3f, 0xf0}},
        {"<f2 f2 e half float16 ", C4_F16, {0, 0x3c}},
        {">f2 >e ", C4_F16, {0x3c, 0}},
        {"|u1 <u1 >u1 u1 B uint8 ", C4_U8, {1}},
        {"|i1 <i1 >i1 i1 b int8 ", C4_I8, {1}},
        {"|b1 <b1 b1 ? bool ", C4_BOOL, {1}},
        {"<i2 h int16 ", C4_I16, {1}},
        {">i2 >h ", C4_I16, {0, 1}},
        {"<u2 H uint16 ", C4_U16, {1}},
        {">u2 >H ", C4_U16, {0, 1}},
        {"<i4 i int32 ", C4_I32, {1}},
        {">i4 ", C4_I32, {0, 0, 0, 1}},
        {"<u4 I uint32 ", C4_U32, {1}},
        {">u4 ", C4_U32, {0, 0, 0, 1}},
        {"<i8 l q p int64 int intp ", C4_I64, {1}},
        {">i8 >q ", C4_I64, {0, 0, 0, 0, 0, 0, 0, 1}},
        {"<u8 L Q P uint64 uint uintp ", C4_U64, {1}},
        {">u8 ", C4_U64, {0, 0, 0, 0, 0, 0, 0, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (const char *at = cases[i].spellings; *at != '\0'; at = strchr(at, ' ') + 1) {
            char header[96];
            struct c4_tensor got;
            snprintf(header, sizeof header,
                     "{'descr': '%.*s', 'fortran_order': False, 'shape': (1,), }",
                     (int)strcspn(at, " "), at);
            size_t size = c4_dtype_size_bytes(cases[i].dtype);
            if (c4_npy_read(put(state, 1, header, cases[i].one, size), &got) != C4_OK)
                fail_msg("%s: %s", header, c4_error());
            assert_int_equal(got.dtype, cases[i].dtype);
            assert_true(c4_tensor_get(&got, 0) == 1);
            c4_tensor_free(&got);
        }
}

#define HEADER(descr, order, shape)                                                                \
    "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }\n"

static void other_dtypes_are_refused(void **state) {
    assert_refused(state, HEADER("'|O'", "False", "(1,)"), "Python objects");
    assert_refused(state, HEADER("'<f16'", "False", "(4,)"), "the dtype <f16 is not supported");
    assert_refused(state, HEADER("'<float32'", "False", "(2,)"), "<float32 is not supported");
    assert_refused(state, HEADER("'F4'", "False", "(2,)"), "the dtype F4 is not supported");
    assert_refused(state, HEADER("''", "False", "(2,)"), "is not supported");
    assert_refused(state, HEADER("'<'", "False", "(2,)"), "the dtype < is not supported");
    assert_refused(state, HEADER("'<c8'", "False", "(1,)"), "the dtype <c8 is complex");
    assert_refused(state, HEADER("'|V2'", "False", "(4,)"), "|V2 is raw bytes, as NumPy saves bf");
    assert_refused(state, HEADER("'<U2'", "False", "(1,)"), "holds text (dtype <U2)");
    assert_refused(state, HEADER("'|S8'", "False", "(1,)"), "holds text (dtype |S8)");
    assert_refused(state, HEADER("'<M8[s]'", "False", "(1,)"), "dates or times (dtype <M8[s])");
    assert_refused(state, HEADER("[('a', '<f4'), ('b', '<f4')]", "False", "(1,)"),
                   "records with fields");
    assert_refused(state, HEADER("4", "False", "(1,)"), "at byte 20, where a dtype in quotes");
    assert_refused(state, HEADER("'<f4", "False", "(1,)"), "is not supported");
    assert_refused(state, HEADER("'<f4\\n'", "False", "(1,)"), "a dtype in quotes");
}

static void broken_headers_are_refused(void **state) {
    assert_refused(state, "", "where a brace");
    assert_refused(state, "{", "a key in quotes");
    assert_refused(state, "{}", "descr, fortran_order or shape");
    assert_refused(state, "{'descr': '<f8', 'shape': (1,)}", "descr, fortran_order or shape");
    assert_refused(state, "{'descr': '<f8', 'descr': '<f8'}", "each once");
    assert_refused(state, "{'descr': '<f8', 'order': 1}", "each once");
    assert_refused(state, "{'descr' '<f8'}", "a colon");
    assert_refused(state, "{'descr': '<f8' 'shape': (1,)}", "a comma");
    assert_refused(state, HEADER("'<f8'", "0", "(1,)"), "True or False");
    assert_refused(state, HEADER("'<f8'", "Falsely", "(1,)"), "a comma");
    assert_refused(state, HEADER("'<f8'", "False", "1"), "a shape in parentheses");
    assert_refused(state, HEADER("'<f8'", "False", "(1)"), "a comma in the shape");
    assert_refused(state, HEADER("'<f8'", "False", "(1 1)"), "a comma");
    assert_refused(state, HEADER("'<f8'", "False", "(-1,)"), "a count");
    assert_refused(state, HEADER("'<f8'", "False", "(01,)"), "a count");
    assert_refused(state, HEADER("'<f8'", "False", "(,)"), "a count");
    assert_refused(state, HEADER("'<f8'", "False", "(L,)"), "a count");
    assert_refused(state, HEADER("'<f8'", "False", "(1LL,)"), "a comma");
    assert_refused(state, HEADER("b'<f8'", "False", "(1,)"), "a dtype in quotes");
    assert_refused(state, HEADER("'<f8'", "False", "(1,"), "a count");
    assert_refused(state, HEADER("'<f8'", "False", "(18446744073709551617,)"), "a count");
    assert_refused(state, HEADER("'<f8'", "False", "(4294967296, 4294967296)"),
                   "too large for any memory");
    assert_refused(state, HEADER("'<f8'", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"),
                   "more than 8 dimensions");
    assert_refused(state, HEADER("'<f8'", "False", "(1,)") "x", "nothing more");
    assert_refused(state, HEADER("'<f8'", "False", "(2,)"), "instead of 16");
    assert_refused(state, HEADER("'<f8'", "False", "(4611686018427387904,)"),
                   "too large for any memory");
    assert_refused(state, HEADER("'<f8'", "False", "(1152921504606846976,)"), "is truncated");
    assert_refused(state, HEADER("'<f4'", "False", "(1,)"), "4 bytes follow the array at byte 72");
}

static void broken_starts_are_refused(void **state) {
    struct c4_tensor got;
    const char *path = scratch_path(state, "bad.npy");
    put_file(path, "", 0);
    assert_failed(c4_npy_read(path, &got), C4_ERR_DATA, "does not begin like an NPY file");
    put_file(path, "\x93NUMPZ\x01\0\0\0", 10);
    assert_failed(c4_npy_read(path, &got), C4_ERR_DATA, "does not begin like an NPY file");
    put_file(path, "\x93NUMPY\x04\0\0\0", 10);
    assert_failed(c4_npy_read(path, &got), C4_ERR_DATA, "NPY version 4.0 at byte 6");
    put_file(path, "\x93NUMPY\x01\x01\0\0", 10);
    assert_failed(c4_npy_read(path, &got), C4_ERR_DATA, "NPY version 1.1");
    put_file(path, "\x93NUMPY\x01\0\x05\0{}", 12);
    assert_failed(c4_npy_read(path, &got), C4_ERR_DATA,
                  "should end at byte 15, but the file ends at byte 12");
    put_file(path, "\x93NUMPY\x02\0\x05\0\0", 11);
    assert_failed(c4_npy_read(path, &got), C4_ERR_DATA, "truncated");
    put_file(path, "\x93NUMPY\x02\0\xff\xff\xff\xff{}", 14);
    assert_failed(c4_npy_read(path, &got), C4_ERR_DATA, "should end at byte 4294967307");
    assert_failed(c4_npy_read(scratch_path(state, "none"), &got), C4_ERR_DATA, "no such file");
}

static void invalid_tensors_are_not_written(void **state) {
    float data[2] = {0};
    struct c4_tensor tensor = {"", C4_F32, 1, {3}, data, sizeof data};
    const char *path = scratch_path(state, "w.npy");
    assert_failed(c4_npy_write(path, &tensor), C4_ERR_USAGE, "w.npy: the array cannot be written");
    tensor.shape[0] = 2;
    tensor.rank = 9;
    assert_failed(c4_npy_write(path, &tensor), C4_ERR_USAGE, "at most 8");
    tensor.rank = 1;
    assert_failed(c4_npy_write(scratch_path(state, "none/w.npy"), &tensor), C4_ERR_FAILED,
                  "folder does not exist");
    assert_int_equal(scratch_entries(state), 0);
    assert_int_equal(c4_npy_write(path, &tensor), C4_OK);
}

#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(every_dtype_and_rank_comes_back),
        SCRATCH_TEST(bytes_are_numpys),
        SCRATCH_TEST(fortran_order_is_converted),
        SCRATCH_TEST(versions_and_spellings_are_read),
        SCRATCH_TEST(dtypes_are_read_in_every_spelling),
        SCRATCH_TEST(other_dtypes_are_refused),
        SCRATCH_TEST(broken_headers_are_refused),
        SCRATCH_TEST(broken_starts_are_refused),
        SCRATCH_TEST(invalid_tensors_are_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
