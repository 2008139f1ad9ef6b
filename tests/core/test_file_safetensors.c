/* Safetensors files: exact bytes, round trips, and every kind of fault. */
#include "core/file/safetensors.h"
#include "tests/core/test_file_scratch.h"

static float weight[6] = {1, -2, 0.5f, 3, 4, 1e30f};
static double level = 0.1;
static int64_t steps[2] = {-5, INT64_MAX};
static int32_t labels[3] = {-1, 0, 7};
static unsigned char image[5] = {0, 1, 2, 254, 255};

static const struct c4_tensor five[] = {
    {"image", C4_U8, 1, {5}, image, 5},   {"conv1.weight", C4_F32, 3, {2, 1, 3}, weight, 24},
    {"level", C4_F64, 0, {0}, &level, 8}, {"labels", C4_I32, 1, {3}, labels, 12},
    {"steps", C4_I64, 1, {2}, steps, 16}, {"none", C4_F32, 2, {4, 0}, NULL, 0},
};
enum { FIVE = sizeof five / sizeof five[0] };

static char order_key[] = "order", order_value[] = "bn-relu", note_key[] = "note",
            note_value[] = "\xc3\xa4 \"quoted\"";
static const struct c4_metadata pairs[] = {{order_key, order_value}, {note_key, note_value}};

/* Writes length, header text and zeroed data. */
static const char *put(void **state, const char *header, size_t data_bytes) {
    unsigned char bytes[4096] = {0};
    size_t length = strlen(header);
    uint64_t header_bytes = length;
    const char *path = scratch_path(state, "bad.safetensors");
    assert_true(8 + length + data_bytes <= sizeof bytes);
    memcpy(bytes, &header_bytes, 8);
    copy_text(bytes + 8, header);
    put_file(path, bytes, 8 + length + data_bytes);
    return path;
}

static void assert_refused(void **state, const char *header, size_t data_bytes, const char *words) {
    struct c4_safetensors file;
    memset(&file, 0xff, sizeof file);
    assert_failed(c4_safetensors_read(put(state, header, data_bytes), &file), C4_ERR_DATA, words);
    assert_non_null(strstr(c4_error(), "bad.safetensors: "));
    assert_null(file.tensors);
    assert_null(file.bytes);
    assert_int_equal(file.count, 0);
}

static void every_dtype_comes_back(void **state) {
    struct c4_safetensors file;
    const char *path = scratch_path(state, "five.safetensors");
    assert_int_equal(c4_safetensors_write(path, five, FIVE, pairs, 2), C4_OK);
    assert_int_equal(c4_safetensors_read(path, &file), C4_OK);
    assert_int_equal(file.count, FIVE);
    for (size_t i = 0; i < FIVE; i++) {
        const struct c4_tensor *got = c4_safetensors_find(&file, five[i].name);
        assert_non_null(got);
        assert_int_equal(got->dtype, five[i].dtype);
        assert_int_equal(got->rank, five[i].rank);
        assert_int_equal(got->size_bytes, five[i].size_bytes);
        assert_int_equal((uintptr_t)got->data % 16, 0);
        assert_true(c4_tensor_valid(got));
        for (int d = 0; d < got->rank; d++) assert_int_equal(got->shape[d], five[i].shape[d]);
        if (got->size_bytes > 0) assert_memory_equal(got->data, five[i].data, got->size_bytes);
    }
    assert_true(c4_tensor_get(c4_safetensors_find(&file, "level"), 0) == 0.1);
    assert_true(c4_tensor_get(c4_safetensors_find(&file, "labels"), 2) == 7);
    assert_true(c4_tensor_get(c4_safetensors_find(&file, "steps"), 0) == -5);
    assert_true(c4_tensor_get(c4_safetensors_find(&file, "image"), 3) == 254);
    assert_true(c4_tensor_get(c4_safetensors_find(&file, "conv1.weight"), 2) == 0.5);
    assert_null(c4_safetensors_find(&file, "conv1"));
    assert_int_equal(file.metadata_count, 2);
    assert_string_equal(c4_safetensors_metadata(&file, "order"), "bn-relu");
    assert_string_equal(c4_safetensors_metadata(&file, "note"), note_value);
    assert_null(c4_safetensors_metadata(&file, "author"));
    c4_safetensors_free(&file);
    c4_safetensors_free(&file);
}

static void bytes_are_exactly_these(void **state) {
    const char *path = scratch_path(state, "exact.safetensors");
    const struct c4_tensor two[] = {{"b", C4_U8, 1, {5}, image, 5},
                                    {"a", C4_F64, 0, {0}, &level, 8}};
    static const char json[] = "{\"__metadata__\":{\"order\":\"bn-relu\"},"
                               "\"a\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]},"
                               "\"b\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[8,13]}}";
    unsigned char want[192 + 13];
    memset(want, ' ', sizeof want);
    memset(want, 0, 8);
    want[0] = 192 - 8;
    assert_in_range(sizeof json - 1, 192 - 8 - 63, 192 - 8);
    copy_text(want + 8, json);
    memcpy(want + 192, &level, 8);
    memcpy(want + 200, image, 5);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(c4_safetensors_write(path, two, 2, pairs, 1), C4_OK);
        assert_file_is(path, want, sizeof want);
    }
}

static void empty_file_comes_back(void **state) {
    struct c4_safetensors file;
    const char *path = scratch_path(state, "empty.safetensors");
    assert_int_equal(c4_safetensors_write(path, NULL, 0, NULL, 0), C4_OK);
    assert_int_equal(c4_safetensors_read(path, &file), C4_OK);
    assert_int_equal(file.count, 0);
    assert_int_equal(file.metadata_count, 0);
    c4_safetensors_free(&file);
}

/* Other writers neither sort by element size nor align. */
static void unaligned_data_is_aligned(void **state) {
    const char *header = "{\"z\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                         "\"\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[9,17]},"
                         "\"y\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[1,9]}}";
    size_t length = strlen(header);
    const char *path = put(state, header, 17);
    FILE *raw = fopen(path, "r+b");
    double values[2] = {2.5, -3};
    assert_non_null(raw);
    assert_int_equal(fseek(raw, (long)(8 + length + 1), SEEK_SET), 0);
    assert_int_equal(fwrite(values, 8, 2, raw), 2);
    assert_int_equal(fclose(raw), 0);
    struct c4_safetensors file;
    assert_int_equal(c4_safetensors_read(path, &file), C4_OK);
    assert_int_equal(file.count, 3);
    for (int i = 1; i < 3; i++) {
        assert_int_equal((uintptr_t)file.tensors[i].data % 16, 0);
        assert_true(*(double *)file.tensors[i].data == values[i - 1]);
    }
    assert_string_equal(file.tensors[1].name, "y");
    c4_safetensors_free(&file);
}

/* A single tensor that is valid but of an unsupported type. */
static void assert_unreadable(void **state, const char *header, size_t data_bytes, const char *name,
                              const char *words) {
    struct c4_safetensors file;
    assert_int_equal(c4_safetensors_read(put(state, header, data_bytes), &file), C4_OK);
    assert_int_equal(file.count, 0);
    assert_int_equal(file.unreadable.count, 1);
    const char *reason = c4_unreadables_find(&file.unreadable, name);
    assert_non_null(reason);
    if (!strstr(reason, words)) fail_msg("'%s' is missing in: %s", words, reason);
    assert_non_null(strstr(reason, "bad.safetensors: "));
    assert_null(c4_safetensors_find(&file, name));
    c4_safetensors_free(&file);
    assert_null(file.unreadable.items);
}

/* Names may have any length, entries may have further keys, and the header may begin with spaces.
 */
static void what_pythons_library_reads_is_read(void **state) {
    char header[1200], name[1001];
    struct c4_safetensors file;
    memset(name, 'n', sizeof name - 1);
    name[1000] = '\0';
    snprintf(header, sizeof header,
             "\t {\"__metadata__\":null,\"%s\":{\"dtype\":\"BF16\",\"note\":[],\"shape\":[2],"
             "\"data_offsets\":[0,4]}}  \n",
             name);
    assert_int_equal(c4_safetensors_read(put(state, header, 4), &file), C4_OK);
    assert_int_equal(file.count, 1);
    assert_int_equal(file.metadata_count, 0);
    assert_int_equal(file.tensors[0].dtype, C4_BF16);
    assert_ptr_equal(c4_safetensors_find(&file, name), file.tensors);

    /* Such a name is also written. */
    const char *path = scratch_path(state, "long.safetensors");
    assert_int_equal(c4_safetensors_write(path, file.tensors, 1, NULL, 0), C4_OK);
    c4_safetensors_free(&file);
    assert_int_equal(c4_safetensors_read(path, &file), C4_OK);
    assert_string_equal(file.tensors[0].name, name);
    c4_safetensors_free(&file);
    name[200] = '\0';
    snprintf(header, sizeof header,
             "{\"%s\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[0,2]}}", name);
    assert_unreadable(state, header, 2, name, "nnn... has the dtype F8_E4M3");
}

#define A(dtype, shape, offsets)                                                                   \
    "{\"a\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static void broken_headers_are_refused(void **state) {
    struct c4_safetensors file;
    const char *path = scratch_path(state, "bad.safetensors");
    put_file(path, "1234567", 7);
    assert_failed(c4_safetensors_read(path, &file), C4_ERR_DATA, "7 bytes are too few");
    put_file(path, "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10);
    assert_failed(c4_safetensors_read(path, &file), C4_ERR_DATA, "declares a header of");
    put_file(path, "\x03\0\0\0\0\0\0\0{}", 10);
    assert_failed(c4_safetensors_read(path, &file), C4_ERR_DATA,
                  "should end at byte 11, but the file ends at byte 10");
    assert_failed(c4_safetensors_read(scratch_path(state, "none"), &file), C4_ERR_DATA,
                  "no such file");

    assert_refused(state, "", 0, "not a JSON object");
    assert_refused(state, "[]", 0, "not a JSON object");
    assert_refused(state, " []", 0, "not a JSON object");
    assert_refused(state, "  ", 0, "not a JSON object");
    assert_refused(state, "{\"a\":}", 0, "not valid JSON at byte 14");
    assert_refused(state, "{} x", 0, "not valid JSON");
    assert_refused(state, "{\"a\xff\":1}", 0, "not valid JSON");
    assert_refused(state, "{\"a\":1,\"a\":2}", 0, "duplicate");
    assert_refused(state, "{\"a\":1}", 0, "lacks dtype, shape or data_offsets");
    assert_refused(state, "{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 0,
                   "lacks dtype, shape or data_offsets");
    assert_refused(state, "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"offsets\":[0,4]}}", 4,
                   "tensor a lacks dtype, shape or data_offsets");
    assert_refused(state, "{\"__metadata__\":[]}", 0, "__metadata__ is not a JSON object");
    assert_refused(state, "{\"__metadata__\":{\"k\":\"v\",\"n\":1}}", 0, "value of n is not text");
    assert_refused(state, "{\"__metadata__\":{\"\\u001b[2J\":1}}", 0, "value of ?[2J is not text");
    assert_refused(state, "{\"a\":\x1b}", 0, "'?'");
}

static void types_that_are_not_read_are_set_aside(void **state) {
    assert_unreadable(state, A("F8_E4M3", "[4]", "[0,4]"), 4, "a",
                      "tensor a has the dtype F8_E4M3");
    assert_unreadable(state, A("F8_E5M2", "[4]", "[0,4]"), 4, "a",
                      "tensor a has the dtype F8_E5M2");
    assert_unreadable(state, A("C64", "[1]", "[0,8]"), 8, "a", "tensor a has the dtype C64");
    assert_unreadable(state, A("f32", "[1]", "[0,4]"), 4, "a", "tensor a has the dtype f32");
    assert_unreadable(state, A("\\u001b[2J", "[1]", "[0,4]"), 4, "a", "has the dtype ?[2J,");
    assert_unreadable(state, A("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, "a", "has 9 dimensions");
    assert_unreadable(state, A("C64", "[1,1,1,1,1,1,1,1,1]", "[0,8]"), 8, "a", "the dtype C64");
    /* Their offsets are still checked. */
    assert_refused(state, A("F8_E4M3", "[4]", "[0,4]"), 5, "1 bytes follow the last tensor");
    assert_refused(state, A("F8_E4M3", "[4]", "[1,4]"), 4, "(a gap)");
    assert_refused(state, A("F8_E4M3", "[4]", "[0,8]"), 4, "should end at byte");
    assert_refused(state, A("F8_E4M3", "[-4]", "[0,4]"), 4, "not a count");
    assert_refused(state, A("F32", "[1,1,1,1,1,1,1,1,-1]", "[0,4]"), 4, "dimension 8 of tensor a");

    /* One between two others does not hide them. */
    const char *header = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                         "\"b\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[1,3]},"
                         "\"c\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[3,5]}}";
    const char *path = put(state, header, 5);
    FILE *raw = fopen(path, "r+b");
    assert_non_null(raw);
    assert_int_equal(fseek(raw, (long)(8 + strlen(header)), SEEK_SET), 0);
    assert_int_equal(fwrite("\1\2\3\4\5", 1, 5, raw), 5);
    assert_int_equal(fclose(raw), 0);
    struct c4_safetensors file;
    assert_int_equal(c4_safetensors_read(path, &file), C4_OK);
    assert_int_equal(file.count, 2);
    assert_int_equal(file.unreadable.count, 1);
    assert_memory_equal(c4_safetensors_find(&file, "a")->data, "\1", 1);
    assert_memory_equal(c4_safetensors_find(&file, "c")->data, "\4\5", 2);
    assert_non_null(c4_unreadables_find(&file.unreadable, "b"));
    assert_null(c4_unreadables_find(&file.unreadable, "a"));
    c4_safetensors_free(&file);
}

static void broken_tensors_are_refused(void **state) {
    assert_refused(state, A("F32", "1", "[0,4]"), 4, "has no shape");
    assert_refused(state, A("F32", "[-1]", "[0,4]"), 4, "dimension 0 of tensor a is not a count");
    assert_refused(state, A("F32", "[1.0]", "[0,4]"), 4, "not a count");
    assert_refused(state, A("F32", "[1]", "[0]"), 4, "are not [begin, end]");
    assert_refused(state, A("F32", "[1]", "[4,0]"), 4, "are not [begin, end]");
    assert_refused(state, A("F32", "[1]", "[-4,0]"), 4, "are not [begin, end]");
    assert_refused(state, A("F32", "[1]", "[0,4.5]"), 4, "are not [begin, end]");
    assert_refused(state, A("F32", "[1]", "[0,99999999999999999999]"), 4, "not valid JSON");
    assert_refused(state, A("F32", "[2]", "[0,8]"), 4, "should end at byte 70, but the file ends");
    assert_refused(state, A("F32", "[2]", "[0,4]"), 4, "does not match its 4 bytes at byte 62");
    assert_refused(state, A("F32", "[4294967296,4294967296]", "[0,0]"), 0, "does not match");
    assert_refused(state, A("F32", "[4611686018427387905]", "[0,4]"), 4, "does not match");
    assert_refused(state, A("F32", "[1]", "[4,8]"), 8, "(a gap)");
    assert_refused(state, A("F32", "[1]", "[0,4]"), 5, "1 bytes follow the last tensor at byte 66");
    assert_refused(state,
                   "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                   "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
                   12,
                   "tensor b begins at byte 120, but the data before it ends at byte 124 (an "
                   "overlap)");
    assert_refused(state,
                   "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                   "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                   8, "(an overlap)");
}

static void invalid_input_is_not_written(void **state) {
    const char *path = scratch_path(state, "w.safetensors");
    static char not_utf8[] = "\xff";
    const struct c4_metadata bad_value = {order_key, not_utf8}, bad_key = {not_utf8, order_key};
    const struct c4_metadata twice[] = {pairs[0], pairs[0]};
    struct c4_tensor same[] = {five[0], five[0]}, tensor = five[1];
    assert_failed(c4_safetensors_write(path, same, 2, NULL, 0), C4_ERR_USAGE,
                  "image is given twice");
    assert_failed(c4_safetensors_write(path, same, 1, twice, 2), C4_ERR_USAGE,
                  "order is given twice");
    assert_failed(c4_safetensors_write(path, same, 1, &bad_value, 1), C4_ERR_USAGE, "not UTF-8");
    assert_failed(c4_safetensors_write(path, same, 1, &bad_key, 1), C4_ERR_USAGE, "not UTF-8");
    same[0].name = "__metadata__";
    assert_failed(c4_safetensors_write(path, same, 1, pairs, 2), C4_ERR_USAGE, "may be named");
    assert_failed(c4_safetensors_write(path, same, 1, NULL, 0), C4_ERR_USAGE, "may be named");
    tensor.size_bytes = 20;
    assert_failed(c4_safetensors_write(path, &tensor, 1, NULL, 0), C4_ERR_USAGE, "tensor 0");
    tensor = five[1];
    tensor.rank = 9;
    assert_failed(c4_safetensors_write(path, &tensor, 1, NULL, 0), C4_ERR_USAGE, "tensor 0");
    tensor = five[1];
    tensor.data = NULL;
    assert_failed(c4_safetensors_write(path, &tensor, 1, NULL, 0), C4_ERR_USAGE, "tensor 0");
    tensor = five[1];
    tensor.dtype = (enum c4_dtype)77;
    assert_failed(c4_safetensors_write(path, &tensor, 1, NULL, 0), C4_ERR_USAGE, "tensor 0");
    tensor = five[1];
    tensor.name = "";
    assert_failed(c4_safetensors_write(path, &tensor, 1, NULL, 0), C4_ERR_USAGE, "needs a name");
    tensor.name = NULL;
    assert_failed(c4_safetensors_write(path, &tensor, 1, NULL, 0), C4_ERR_USAGE, "tensor 0");
    assert_failed(c4_safetensors_write(scratch_path(state, "none/w"), five, FIVE, NULL, 0),
                  C4_ERR_FAILED, "folder does not exist");
    assert_int_equal(scratch_entries(state), 0);
}

static void counts_do_not_overflow(void **state) {
    (void)state;
    const uint64_t huge = (uint64_t)1 << 40;
    size_t count = 7;
    struct c4_tensor t = {.dtype = C4_F64, .rank = 0};
    assert_true(c4_tensor_count(&t, &count));
    assert_int_equal(count, 1);
    t = (struct c4_tensor){.dtype = C4_F64, .rank = 3, .shape = {huge, huge, 0}};
    assert_true(c4_tensor_count(&t, &count));
    assert_int_equal(count, 0);
    t.shape[2] = 1;
    assert_false(c4_tensor_count(&t, &count));
    t = (struct c4_tensor){.dtype = C4_F64, .rank = 1, .shape = {(uint64_t)1 << 61}};
    assert_false(c4_tensor_count(&t, &count));
    t.dtype = C4_U8;
    assert_true(c4_tensor_count(&t, &count));
    assert_int_equal(count, (size_t)1 << 61);
    t = (struct c4_tensor){.dtype = C4_U8, .rank = 2, .shape = {0, UINT64_MAX}};
    assert_false(c4_tensor_count(&t, &count));
    t.rank = -1;
    assert_false(c4_tensor_count(&t, &count));
}

#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(every_dtype_comes_back),
        SCRATCH_TEST(bytes_are_exactly_these),
        SCRATCH_TEST(empty_file_comes_back),
        SCRATCH_TEST(unaligned_data_is_aligned),
        SCRATCH_TEST(what_pythons_library_reads_is_read),
        SCRATCH_TEST(broken_headers_are_refused),
        SCRATCH_TEST(types_that_are_not_read_are_set_aside),
        SCRATCH_TEST(broken_tensors_are_refused),
        SCRATCH_TEST(invalid_input_is_not_written),
        cmocka_unit_test(counts_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
