/* Readers on mutated files: whatever the bytes, they return a status and a sentence, and what they
 * read is complete. */
#include "core/base/rng.h"
#include "core/file/arrays.h"
#include "core/file/npy.h"
#include "core/file/npz.h"
#include "core/file/safetensors.h"
#include "tests/core/test_file_scratch.h"

enum { MUTATIONS = 20000, MOST_BYTES = 2048, SEED = 20240611 };

static unsigned char original[MOST_BYTES], mutant[2 * MOST_BYTES];
static size_t original_bytes;

/* The random words of one mutation. */
struct dice {
    uint64_t mutation;
    uint64_t index;
};

static uint32_t roll(struct dice *dice, uint32_t n) {
    struct c4_rng_block block =
        c4_rng_draw(SEED, (enum c4_rng_purpose)0, (uint32_t)dice->mutation, dice->index++);
    return c4_rng_below(block.word[0], n);
}

/* One to four changes: a bit, a byte, a byte that parsers react to, a stretch copied or removed,
 * the end cut or extended. The first `front` bytes hold the header and get half of the changes. */
static size_t mutate(uint64_t mutation, uint32_t front) {
    static const unsigned char special[] = "{}[](),:'\"\\0919-eEFIOU \n<>|\xff";
    struct dice dice = {mutation, 0};
    size_t size_bytes = original_bytes;
    memcpy(mutant, original, original_bytes);
    memset(mutant + original_bytes, 0, sizeof mutant - original_bytes);
    for (uint32_t change = 1 + roll(&dice, 4); change > 0 && size_bytes > 0; change--) {
        uint32_t bound = roll(&dice, 2) && front < size_bytes ? front : (uint32_t)size_bytes;
        uint32_t at = roll(&dice, bound), to = roll(&dice, bound);
        uint32_t length = roll(&dice, (uint32_t)size_bytes - (at > to ? at : to));
        switch (roll(&dice, 8)) {
        case 0:
        case 1:
            mutant[at] ^= (unsigned char)(1u << roll(&dice, 8));
            break;
        case 2:
            mutant[at] = (unsigned char)roll(&dice, 256);
            break;
        case 3:
        case 4:
            mutant[at] = special[roll(&dice, sizeof special)];
            break;
        case 5:
            memmove(mutant + to, mutant + at, length);
            break;
        case 6:
            memmove(mutant + at, mutant + at + 1, size_bytes - at - 1);
            size_bytes--;
            break;
        default:
            size_bytes = roll(&dice, 2) ? at : size_bytes + roll(&dice, 9);
            break;
        }
    }
    return size_bytes;
}

/* Touches every element, for the sanitizers. */
static void use(const struct c4_tensor *tensor) {
    size_t count;
    double sum = 0;
    assert_true(c4_tensor_valid(tensor));
    assert_true(c4_tensor_count(tensor, &count));
    for (size_t i = 0; i < count; i++) sum += c4_tensor_get(tensor, i);
    volatile double kept = sum;
    (void)kept;
}

static enum c4_status read_safetensors(const char *path) {
    struct c4_safetensors file;
    C4_TRY(c4_safetensors_read(path, &file));
    for (size_t i = 0; i < file.count; i++) use(&file.tensors[i]);
    c4_safetensors_free(&file);
    return C4_OK;
}

static enum c4_status read_npy(const char *path) {
    struct c4_tensor tensor;
    C4_TRY(c4_npy_read(path, &tensor));
    use(&tensor);
    c4_tensor_free(&tensor);
    return C4_OK;
}

static enum c4_status read_arrays(const char *path) {
    struct c4_arrays arrays;
    C4_TRY(c4_arrays_read(path, &arrays));
    for (size_t i = 0; i < arrays.count; i++) use(&arrays.tensors[i]);
    c4_arrays_free(&arrays);
    return C4_OK;
}

static void load_original(const char *path) {
    unsigned char *bytes;
    assert_int_equal(c4_file_read(path, &bytes, &original_bytes), C4_OK);
    assert_true(original_bytes <= MOST_BYTES);
    memcpy(original, bytes, original_bytes);
    free(bytes);
}

static void fuzz(void **state, const char *what, uint32_t front,
                 enum c4_status (*reader)(const char *)) {
    const char *path = scratch_path(state, "mutant");
    int accepted = 0;
    print_message("%s: %d mutations, seed %d\n", what, MUTATIONS, SEED);
    for (uint64_t mutation = 0; mutation < MUTATIONS; mutation++) {
        size_t size_bytes = mutate(mutation, front);
        put_file(path, mutant, size_bytes);
        c4_fail(C4_OK, "%s", "");
        enum c4_status status = reader(path);
        if (status == C4_OK) {
            accepted++;
        } else if (status != C4_ERR_DATA || strncmp(c4_error(), path, strlen(path)) != 0) {
            fail_msg("%s, mutation %d: status %d, \"%s\"", what, (int)mutation, status, c4_error());
        }
    }
    /* Changes within the data leave a valid file; most others do not. */
    print_message("%s: %d of %d accepted\n", what, accepted, MUTATIONS);
    assert_in_range(accepted, MUTATIONS / 100, MUTATIONS / 2);
}

static void safetensors_reader_survives(void **state) {
    static char key[] = "order", value[] = "bn-relu";
    const struct c4_metadata pair = {key, value};
    const char *path = scratch_path(state, "a.safetensors");
    float floats[60] = {0};
    double doubles[4] = {1, 2, 3, 4};
    unsigned char bytes[7] = {1, 2, 3};
    const struct c4_tensor tensors[] = {
        {"conv1.weight", C4_F32, 4, {5, 3, 2, 2}, floats, sizeof floats},
        {"image", C4_U8, 1, {7}, bytes, sizeof bytes},
        {"mean", C4_F64, 1, {4}, doubles, sizeof doubles},
    };
    assert_int_equal(c4_safetensors_write(path, tensors, 3, &pair, 1), C4_OK);
    load_original(path);
    fuzz(state, "safetensors", 300, read_safetensors);
}

static void npy_reader_survives(void **state) {
    const char *path = scratch_path(state, "a.npy");
    int32_t data[60] = {0};
    const struct c4_tensor tensor = {"", C4_I32, 3, {3, 4, 5}, data, sizeof data};
    assert_int_equal(c4_npy_write(path, &tensor), C4_OK);
    load_original(path);
    fuzz(state, "NPY", 80, read_npy);
}

static void fortran_npy_reader_survives(void **state) {
    static const char header[] = "{'shape': (3, 4, 2), 'fortran_order': True, 'descr': '<f8'}\n";
    static const unsigned char start[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, sizeof header - 1};
    original_bytes = 12 + sizeof header - 1 + 192;
    memset(original, 0, sizeof original);
    memcpy(original, start, sizeof start);
    copy_text(original + 12, header);
    fuzz(state, "NPY in Fortran order", 72, read_npy);
}

/* Files of other writers, by the reader that recognises formats by content. */
static void load_reference(const char *name) {
    char path[640];
    snprintf(path, sizeof path, C4_TEST_REFERENCE "/arrays/%s", name);
    load_original(path);
}

static void reader_of_any_format_survives(void **state) {
    load_reference("safetensors-types");
    fuzz(state, "safetensors of every type", 1200, read_arrays);
    load_reference("npy-big-f8.npy");
    fuzz(state, "big-endian NPY", 128, read_arrays);
}

static void npz_reader_survives(void **state) {
    static const char *const files[] = {"npz-deflated.npz", "npz-mixed.npz", "npz-pipe.npz"};
    for (int i = 0; i < 3 && c4_npz_available(); i++) {
        load_reference(files[i]);
        fuzz(state, files[i], 64, read_arrays);
    }
}

#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(safetensors_reader_survives), SCRATCH_TEST(npy_reader_survives),
        SCRATCH_TEST(fortran_npy_reader_survives), SCRATCH_TEST(reader_of_any_format_survives),
        SCRATCH_TEST(npz_reader_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
