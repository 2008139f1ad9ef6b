/* NPZ files as NumPy and others write them: members read, passed over, set aside or refused;
 * without libarchive, how the files are refused. */
#include "core/file/npy.h"
#include "core/file/npz.h"
#include "core/net/checkpoint.h"
#include "tests/core/test_file_arrays.h"

#if C4_HAVE_ARCHIVE
#include <archive.h>
#include <archive_entry.h>
#endif

#if C4_HAVE_ARCHIVE

static void npz_files_are_read(void **state) {
    static const char *const two[] = {"npz-stored.npz", "npz-deflated.npz"};
    struct c4_arrays arrays;
    assert_true(c4_npz_available());
    for (int i = 0; i < 2; i++) {
        read_copy(state, two[i], &arrays);
        assert_int_equal(arrays.count, 2);
        assert_values(c4_arrays_find(&arrays, "x"), 1);
        assert_values(c4_arrays_find(&arrays, "y"), 2);
        assert_int_equal((uintptr_t)arrays.tensors[0].data % 64, 0);
        assert_null(c4_arrays_find(&arrays, "x.npy"));
        assert_null(arrays.left_out);
        c4_arrays_free(&arrays);
    }
    read_copy(state, "npz-one.npz", &arrays);
    assert_values(c4_arrays_find(&arrays, "arr_0"), 1);
    c4_arrays_free(&arrays);
    read_copy(state, "npz-pipe.npz", &arrays);
    assert_values(c4_arrays_find(&arrays, "x"), 1);
    c4_arrays_free(&arrays);

    /* This also works in the C locale, in which this program runs. */
    read_copy(state, "npz-names.npz", &arrays);
    assert_int_equal(arrays.count, 4);
    assert_values(c4_arrays_find(&arrays, "gr\xc3\xb6\xc3\x9f"
                                          "e"),
                  1);
    assert_values(c4_arrays_find(&arrays, "\xc3\xa4"), 1);
    assert_values(c4_arrays_find(&arrays, "folder/x"), 1);
    c4_arrays_free(&arrays);
}

static void what_holds_no_numbers_is_passed_over_and_named(void **state) {
    struct c4_arrays arrays;
    read_copy(state, "npz-mixed.npz", &arrays);
    assert_int_equal(arrays.count, 1);
    assert_values(c4_arrays_find(&arrays, "x"), 1);
    assert_non_null(strstr(arrays.left_out, "data: skipped members"));
    assert_non_null(strstr(arrays.left_out, "names.npy (text), settings.npy (Python objects)"));
    c4_arrays_free(&arrays);
    assert_refused(state, "zip-no-arrays.zip", "it holds read.me (not an NPY array)");
    assert_refused(state, "zip-empty.zip", "a zip archive without members");
    assert_refused(state, "torch.pt", "is a PyTorch file (.pt, .pth)");
}

/* Any flipped bit or truncation is refused, unless the values read are still the same. */
static void damage_never_changes_a_value(void **state) {
    static const char *const files[] = {"npz-stored.npz", "npz-deflated.npz"};
    for (int f = 0; f < 2; f++) {
        size_t size_bytes;
        int refused = 0;
        unsigned char *bytes = load(files[f], &size_bytes);
        const char *path = scratch_path(state, "damaged");
        for (size_t bit = 0; bit < 8 * size_bytes; bit++) {
            struct c4_arrays arrays;
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
            put_file(path, bytes, size_bytes);
            enum c4_status status = c4_arrays_read(path, &arrays);
            refused += status != C4_OK;
            /* C4_ERR_MEMORY: a size beyond this machine's free memory. */
            if (status != C4_OK && status != C4_ERR_MEMORY) assert_int_equal(status, C4_ERR_DATA);
            for (size_t i = 0; status == C4_OK && i < arrays.count; i++) {
                double last = c4_tensor_get(&arrays.tensors[i], COUNT - 1);
                assert_values(&arrays.tensors[i], last / values[COUNT - 1]);
                assert_true(last == values[COUNT - 1] || last == 2 * values[COUNT - 1]);
            }
            if (status == C4_OK) c4_arrays_free(&arrays);
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        print_message("%s: %d of %zu flips refused\n", files[f], refused, 8 * size_bytes);
        assert_true((size_t)refused > 4 * size_bytes);
        for (size_t size = 0; size < size_bytes; size++) {
            struct c4_arrays arrays;
            put_file(path, bytes, size);
            assert_int_equal(c4_arrays_read(path, &arrays), C4_ERR_DATA);
        }
        free(bytes);
    }
}

/* --- archives that no NumPy writes --- */

static struct archive *begin_zip(const char *path, const char *options) {
    struct archive *zip = archive_write_new();
    assert_non_null(zip);
    assert_int_equal(archive_write_set_format_zip(zip), ARCHIVE_OK);
    assert_int_equal(archive_write_set_options(zip, options), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(zip, path), ARCHIVE_OK);
    return zip;
}

static void add_member(struct archive *zip, const char *name, const void *bytes, size_t size) {
    struct archive_entry *entry = archive_entry_new();
    assert_non_null(entry);
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)size);
    assert_int_equal(archive_write_header(zip, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(zip, bytes, size), size);
    archive_entry_free(entry);
}

static void end_zip(struct archive *zip) {
    assert_int_equal(archive_write_close(zip), ARCHIVE_OK);
    archive_write_free(zip);
}

static void two_members_of_one_name_are_refused(void **state) {
    static const char *const names[][2] = {{"x.npy", "x.npy"}, {"x", "x.npy"}};
    size_t size_bytes;
    unsigned char *bytes = load("npy-f4.npy", &size_bytes);
    for (int i = 0; i < 2; i++) {
        const char *path = scratch_path(state, "twice.npz");
        struct archive *zip = begin_zip(path, "zip:compression=store");
        struct c4_arrays arrays;
        add_member(zip, names[i][0], bytes, size_bytes);
        add_member(zip, "between.npy", bytes, size_bytes);
        add_member(zip, names[i][1], bytes, size_bytes);
        end_zip(zip);
        assert_failed(c4_arrays_read(path, &arrays), C4_ERR_DATA, "has two arrays named x");
    }
    free(bytes);
}

static void add_file(struct archive *zip, const char *name, const char *file) {
    size_t size_bytes;
    unsigned char *bytes = load(file, &size_bytes);
    add_member(zip, name, bytes, size_bytes);
    free(bytes);
}

/* Complex numbers, long doubles, raw bytes and nine dimensions do not hide other members. */
static void members_that_are_not_read_are_set_aside(void **state) {
    static const char nine[] = "\x93NUMPY\x01\0\x51\0{'descr': '|u1', 'fortran_order': False, "
                               "'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1), }\n.";
    static const struct {
        const char *name, *reason;
    } want[] = {{"c", "set.npz: member c.npy: the dtype <c8 is complex"},
                {"l", "member l.npy: the dtype <f16 is not supported"},
                {"v", "member v.npy: the dtype <V2 is raw bytes"},
                {"n", "member n.npy: has more than 8 dimensions"}};
    const char *path = scratch_path(state, "set.npz");
    struct archive *zip = begin_zip(path, "zip:compression=store");
    struct c4_arrays arrays;
    add_file(zip, "c.npy", "npy-complex.npy");
    add_file(zip, "x.npy", "npy-f4.npy");
    add_file(zip, "l.npy", "npy-long.npy");
    add_file(zip, "v.npy", "npy-bf16.npy");
    add_member(zip, "n.npy", nine, sizeof nine - 1);
    add_file(zip, "t.npy", "npy-text.npy");
    add_file(zip, "y.npy", "npy-f8.npy");
    end_zip(zip);
    if (c4_arrays_read(path, &arrays) != C4_OK) fail_msg("%s", c4_error());
    assert_int_equal(arrays.count, 2);
    assert_values(c4_arrays_find(&arrays, "x"), 1);
    assert_values(c4_arrays_find(&arrays, "y"), 1);
    assert_int_equal(arrays.unreadable.count, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(arrays.unreadable.items[i].name, want[i].name);
        assert_failed(c4_arrays_readable(&arrays, want[i].name), C4_ERR_DATA, want[i].reason);
    }
    assert_int_equal(c4_arrays_readable(&arrays, "x"), C4_OK);
    assert_non_null(strstr(arrays.left_out, "t.npy (text)"));
    c4_arrays_free(&arrays);

    /* A name must not occur twice, whether it is read or not; a corrupt member spoils the file. */
    zip = begin_zip(path, "zip:compression=store");
    add_file(zip, "x.npy", "npy-f4.npy");
    add_file(zip, "x", "npy-complex.npy");
    end_zip(zip);
    assert_failed(c4_arrays_read(path, &arrays), C4_ERR_DATA, "has two arrays named x");
    zip = begin_zip(path, "zip:compression=store");
    add_file(zip, "x.npy", "npy-f4.npy");
    add_member(zip, "y.npy", "\x93NUMPY\x01\0\xff\0{", 11);
    end_zip(zip);
    assert_failed(c4_arrays_read(path, &arrays), C4_ERR_DATA, "member y.npy: the header should");
}

/* Finds a record of the archive by its signature. */
static unsigned char *find_record(unsigned char *bytes, size_t size_bytes, const char *signature) {
    for (size_t i = 0; i + 4 <= size_bytes; i++)
        if (memcmp(bytes + i, signature, 4) == 0) return bytes + i;
    fail_msg("no record");
    return NULL;
}

static void hostile_members_are_refused(void **state) {
    size_t size_bytes;
    struct c4_arrays arrays;
    unsigned char *bytes = load("npz-deflated.npz", &size_bytes);
    unsigned char *entry = find_record(bytes, size_bytes, "PK\1\2");
    unsigned char *local = find_record(bytes, size_bytes, "PK\3\4");
    const char *path = scratch_path(state, "hostile.npz");

    /* Encrypted, by both headers. */
    entry[8] |= 1;
    local[6] |= 1;
    put_file(path, bytes, size_bytes);
    assert_failed(c4_arrays_read(path, &arrays), C4_ERR_DATA, "member x.npy: is encrypted");
    entry[8] &= 0xfe;
    local[6] &= 0xfe;

    /* The field after the name claims 2^50 unpacked bytes: refused at once. */
    const uint64_t huge = UINT64_C(1) << 50;
    memcpy(local + 30 + local[26] + 4, &huge, sizeof huge);
    put_file(path, bytes, size_bytes);
    assert_failed(c4_arrays_read(path, &arrays), C4_ERR_DATA,
                  "member x.npy: declares 1125899906842624 bytes, which a file of");
    free(bytes);

    /* A header that promises more than its member holds. */
    static char header[] = "\x93NUMPY\x01\0..{'descr': '<f8', 'fortran_order': False, "
                           "'shape': (4611686018427, 1), }\n";
    header[8] = sizeof header - 1 - 10;
    header[9] = 0;
    struct archive *zip = begin_zip(path, "zip:compression=deflate");
    add_member(zip, "x.npy", header, sizeof header - 1);
    end_zip(zip);
    assert_failed(c4_arrays_read(path, &arrays), C4_ERR_DATA, "hostile.npz: member x.npy: has ");
}

/* A whole network, as numpy.savez(path, **state_dict) writes it, also in half precision. */
static void weights_are_read_from_npz(void **state) {
    struct c4_checkpoint *net = c4_checkpoint_new(), *got = c4_checkpoint_new();
    const char *path = scratch_path(state, "net"), *array = scratch_path(state, "array");
    assert_non_null(net);
    assert_non_null(got);
    for (size_t i = 0; i < C4_STATE_COUNT; i++) net->state[i] = (double)(i % 2048) / 1024;
    struct archive *zip = begin_zip(path, "zip:compression=deflate");
    uint16_t *half = malloc(C4_STATE_COUNT * sizeof *half);
    float *single = malloc(C4_STATE_COUNT * sizeof *single);
    assert_non_null(half);
    assert_non_null(single);
    for (int t = 0; t < C4_STATE_TENSORS; t++) {
        const struct c4_param *param = &c4_params[t];
        struct c4_tensor tensor = {"", C4_F32, param->rank, {0}, single, 0};
        for (int d = 0; d < param->rank; d++) tensor.shape[d] = param->shape[d];
        for (size_t i = 0; i < param->count; i++) {
            single[i] = (float)net->state[param->offset + i];
            half[i] = (uint16_t)(0x3c00 + i % 1024);
            if (t % 2) net->state[param->offset + i] = 1 + (double)(i % 1024) / 1024;
        }
        if (t % 2) {
            tensor.dtype = C4_F16;
            tensor.data = half;
        }
        tensor.size_bytes = param->count * c4_dtype_size_bytes(tensor.dtype);
        assert_int_equal(c4_npy_write(array, &tensor), C4_OK);
        unsigned char *bytes;
        size_t size_bytes;
        char name[64];
        assert_int_equal(c4_file_read(array, &bytes, &size_bytes), C4_OK);
        snprintf(name, sizeof name, "%s.npy", param->name);
        add_member(zip, name, bytes, size_bytes);
        free(bytes);
    }
    end_zip(zip);
    if (c4_checkpoint_read(path, got) != C4_OK) fail_msg("%s", c4_error());
    assert_memory_equal(got->state, net->state, sizeof net->state);
    assert_false(got->has_momentum);
    assert_false(got->has_order);

    /* Weights without numbers are not merely called "missing". */
    assert_failed(c4_checkpoint_read(copy_of(state, "npz-mixed.npz"), got), C4_ERR_DATA,
                  "settings.npy (Python objects)");
    /* Nor are those of an unsupported type. */
    zip = begin_zip(path, "zip:compression=store");
    add_file(zip, "conv1.weight.npy", "npy-complex.npy");
    add_file(zip, "x.npy", "npy-f4.npy");
    end_zip(zip);
    assert_failed(c4_checkpoint_read(path, got), C4_ERR_DATA,
                  "member conv1.weight.npy: the dtype <c8 is complex");
    free(half);
    free(single);
    c4_checkpoint_free(net);
    c4_checkpoint_free(got);
}

#else

static void npz_needs_libarchive(void **state) {
    struct c4_arrays arrays;
    assert_false(c4_npz_available());
    assert_failed(c4_arrays_read(copy_of(state, "npz-one.npz"), &arrays), C4_ERR_ENVIRONMENT,
                  "install libarchive-dev");
}

#endif

#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
#if C4_HAVE_ARCHIVE
        SCRATCH_TEST(npz_files_are_read),
        SCRATCH_TEST(what_holds_no_numbers_is_passed_over_and_named),
        SCRATCH_TEST(damage_never_changes_a_value),
        SCRATCH_TEST(members_that_are_not_read_are_set_aside),
        SCRATCH_TEST(two_members_of_one_name_are_refused),
        SCRATCH_TEST(hostile_members_are_refused),
        SCRATCH_TEST(weights_are_read_from_npz),
#else
        SCRATCH_TEST(npz_needs_libarchive),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
