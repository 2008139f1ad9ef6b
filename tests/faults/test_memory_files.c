#define _GNU_SOURCE /* strcasestr */
/* Out of memory while files are written and read: status, sentence, the file as it was, no
 * temporary, nothing left behind. */
#include "core/data/digest.h"
#include "core/file/arrays.h"
#include "core/file/csv.h"
#include "core/file/json.h"
#include "core/file/leftovers.h"
#include "core/file/npy.h"
#include "core/file/npz.h"
#include "core/file/safetensors.h"
#include "core/file/sha256.h"
#include "core/net/checkpoint.h"
#include "core/net/init.h"
#include "tests/core/test_file_scratch.h"
#include "tests/faults/memory.h"

static const char old[] = "what was there before";

struct files {
    void **state;
    const char *path;
    struct c4_checkpoint *net, *got;
    int entries;
    uint64_t sum;
};

/* The file is as it was unless it was written, and nothing is beside it. Puts the old one back. */
static bool is_unchanged(void *context, enum c4_status status) {
    const struct files *files = context;
    char text[64] = "";
    FILE *file = fopen(files->path, "rb");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file) fclose(file);
    bool same = length == sizeof old - 1 && strcmp(text, old) == 0;
    bool alone = scratch_entries(files->state) == files->entries;
    if (!same) put_file(files->path, old, sizeof old - 1);
    if (alone && (same || status == C4_OK)) return true;
    printf("%s has changed, or a temporary is left\n", files->path);
    return false;
}

static struct files made(void **state, const char *name) {
    struct files files = {.state = state, .path = scratch_path(state, name)};
    put_file(files.path, old, sizeof old - 1);
    files.entries = scratch_entries(state);
    return files;
}

/* --- checkpoints --- */

static struct c4_checkpoint *made_net(bool with_momentum, bool with_sum) {
    struct c4_checkpoint *net = c4_checkpoint_new();
    assert_non_null(net);
    c4_net_init(1, net->state);
    net->has_momentum = with_momentum;
    snprintf(net->backend, sizeof net->backend, "ref");
    if (with_sum) assert_int_equal(c4_experiment_set(&net->experiment, "lr", "0.1"), C4_OK);
    return net;
}

static enum c4_status write_net(void *context) {
    const struct files *files = context;
    return c4_checkpoint_write(files->path, files->net);
}

static enum c4_status read_net(void *context) {
    const struct files *files = context;
    return c4_checkpoint_read(files->path, files->got);
}

static void checkpoints(void **state) {
    for (int with_momentum = 0; with_momentum < 2; with_momentum++) {
        struct files files = made(state, "net");
        files.net = made_net(with_momentum, !with_momentum);
        files.got = made_net(false, false);
        const struct operation write = {.name = "checkpoint write",
                                        .path = files.path,
                                        .run = write_net,
                                        .check = is_unchanged,
                                        .context = &files};
        every_allocation_fails(&write);
        assert_int_equal(c4_checkpoint_write(files.path, files.net), C4_OK);
        const struct operation read = {.name = "checkpoint read",
                                       .path = files.path,
                                       .run = read_net,
                                       .context = &files,
                                       .unnoticed = 1 /* qsort() then sorts without a buffer */};
        every_allocation_fails(&read);
        c4_checkpoint_free(files.net);
        c4_checkpoint_free(files.got);
    }
}

/* --- arrays --- */

static float values[6] = {1, 2, 3, 4, 5, 6};
static const struct c4_tensor tensors[] = {
    {.name = "a", .dtype = C4_F32, .rank = 2, .shape = {2, 3}, .data = values, .size_bytes = 24},
    {.name = "b\xc3\xa9",
     .dtype = C4_F32,
     .rank = 1,
     .shape = {6},
     .data = values,
     .size_bytes = 24},
    {.name = "c", .dtype = C4_U8, .rank = 0, .data = values, .size_bytes = 1},
};

static enum c4_status write_safetensors(void *context) {
    const struct files *files = context;
    const struct c4_metadata metadata[] = {{(char *)"key", (char *)"value"},
                                           {(char *)"other", (char *)"\xc3\xa9"}};
    return c4_safetensors_write(files->path, tensors, 3, metadata, 2);
}

static enum c4_status write_npy(void *context) {
    const struct files *files = context;
    return c4_npy_write(files->path, &tensors[0]);
}

/* Names, reasons and bytes of all arrays, as one number. */
static uint64_t sum_of(const struct c4_arrays *arrays) {
    uint64_t sum = 14695981039346656037U;
#define ADD(bytes, size)                                                                           \
    for (size_t k = 0; k < (size); k++)                                                            \
    sum = (sum ^ ((const unsigned char *)(bytes))[k]) * 1099511628211U
    for (size_t i = 0; i < arrays->count; i++) {
        ADD(arrays->tensors[i].name, strlen(arrays->tensors[i].name) + 1);
        ADD(arrays->tensors[i].data, arrays->tensors[i].size_bytes);
    }
    for (size_t i = 0; i < arrays->unreadable.count; i++)
        ADD(arrays->unreadable.items[i].reason, strlen(arrays->unreadable.items[i].reason));
    if (arrays->left_out) ADD(arrays->left_out, strlen(arrays->left_out));
#undef ADD
    return sum;
}

/* What is read in spite of a failed allocation is right. */
static enum c4_status read_arrays(void *context) {
    struct files *files = context;
    struct c4_arrays arrays;
    C4_TRY(c4_arrays_read(files->path, &arrays));
    uint64_t sum = sum_of(&arrays);
    c4_arrays_free(&arrays);
    if (files->sum == 0) files->sum = sum;
    return sum == files->sum ? C4_OK : c4_fail(C4_ERR_RESULT, "%s: other values", files->path);
}

static void safetensors(void **state) {
    struct files files = made(state, "a");
    const struct operation write = {.name = "safetensors write",
                                    .path = files.path,
                                    .run = write_safetensors,
                                    .check = is_unchanged,
                                    .context = &files};
    every_allocation_fails(&write);
    /* With a tensor of a type that is not supported, which is listed with its reason. */
    static const char header[] =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
        "\"b\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[4,8]},"
        "\"__metadata__\":{\"x\":\"y\"}}";
    unsigned char bytes[8 + sizeof header - 1 + 8] = {sizeof header - 1};
    copy_text(bytes + 8, header);
    put_file(files.path, bytes, sizeof bytes);
    const struct operation read = {
        .name = "safetensors read", .path = files.path, .run = read_arrays, .context = &files};
    every_allocation_fails(&read);
}

static void npy(void **state) {
    struct files files = made(state, "a");
    const struct operation write = {.name = "NPY write",
                                    .path = files.path,
                                    .run = write_npy,
                                    .check = is_unchanged,
                                    .context = &files};
    every_allocation_fails(&write);
    for (int fortran = 0; fortran < 2; fortran++) {
        char bytes[128 + 24];
        memset(bytes, ' ', sizeof bytes);
        static const char magic[10] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
        memcpy(bytes, magic, sizeof magic);
        const char *text = fortran ? "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}"
                                   : "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3)}";
        copy_text(bytes + 10, text);
        bytes[127] = '\n';
        put_file(files.path, bytes, sizeof bytes);
        const struct operation read = {
            .name = "NPY read", .path = files.path, .run = read_arrays, .context = &files};
        every_allocation_fails(&read);
    }
}

static void npz(void **state) {
    (void)state;
    if (!c4_npz_available()) skip();
    static const char *const names[] = {"npz-deflated.npz", "npz-mixed.npz", "npz-names.npz"};
    for (int i = 0; i < 3; i++) {
        char path[640];
        snprintf(path, sizeof path, "%s/arrays/%s", C4_TEST_REFERENCE, names[i]);
        struct files files = {.path = path};
        const struct operation read = {
            .name = names[i],
            .path = path,
            .run = read_arrays,
            .context = &files,
            /* newlocale() is called again, and libarchive can do without some of its memory. For
             * some of the rest it ends the program, with a message of its own, or crashes. */
            .excused = "the locale C.UTF-8 cannot be loaded",
            .unnoticed = 60,
            .ends = 60,
            .signals = 5,
            .leaks = true};
        assert_int_equal(read_arrays(&files), C4_OK);
        every_allocation_fails(&read);
    }
}

/* --- JSON, tables, hashes, folders --- */

static enum c4_status save_json(void *context) {
    const struct files *files = context;
    c4_json_begin();
    json_t *value = json_object();
    json_t *text = value ? c4_json_text("a\xff") : NULL;
    json_t *lines = text ? c4_json_text_lines("a\nb\xff\n") : NULL;
    bool made = lines && json_object_set(value, "text", text) == 0 &&
                json_object_set(value, "lines", lines) == 0;
    enum c4_status status = made ? c4_json_save(files->path, value)
                                 : c4_fail(C4_ERR_MEMORY, "%s: out of memory", files->path);
    json_decref(value);
    json_decref(text);
    json_decref(lines);
    return status;
}

static enum c4_status keep_all(void *context, const json_t *line, bool *keeps) {
    (void)context;
    *keeps = line != NULL;
    return C4_OK;
}

/* Every whole line stays: a line that cannot be parsed for want of memory must not be cut off. */
static enum c4_status append_line(void *context) {
    const struct files *files = context;
    struct c4_json_lines *lines;
    c4_json_begin();
    enum c4_status status = c4_json_lines_continue(&lines, files->path, keep_all, NULL);
    if (status != C4_OK) return status;
    json_t *line = json_object();
    status = line ? c4_json_lines_append(lines, line)
                  : c4_fail(C4_ERR_MEMORY, "%s: out of memory", files->path);
    json_decref(line);
    enum c4_status closed = c4_json_lines_close(&lines);
    return status == C4_OK ? closed : status;
}

static bool begins_with_lines(void *context, enum c4_status status) {
    (void)status;
    const struct files *files = context;
    char text[32] = "";
    FILE *file = fopen(files->path, "rb");
    size_t length = file ? fread(text, 1, 18, file) : 0;
    if (file) fclose(file);
    if (length == 18 && strcmp(text, "{\"a\":1}\n{\"b\":[2]}\n") == 0) return true;
    printf("the lines of %s are lost\n", files->path);
    return false;
}

static enum c4_status save_csv(void *context) {
    const struct files *files = context;
    struct c4_csv csv = {0};
    for (int i = 0; i < 200; i++) c4_csv_text(&csv, "cell");
    c4_csv_end_row(&csv);
    enum c4_status status = c4_csv_save(&csv, files->path);
    c4_csv_free(&csv);
    return status;
}

static enum c4_status hash(void *context) {
    const struct files *files = context;
    char hex[C4_SHA256_HEX_SIZE];
    return c4_sha256_file(files->path, hex);
}

static enum c4_status digest(void *context) {
    const struct files *files = context;
    struct c4_digest digest;
    C4_TRY(c4_digest_file(files->path, &digest));
    return digest.md5[0] ? C4_OK : c4_fail(C4_ERR_RESULT, "no MD5");
}

static enum c4_status look_after_folders(void *context) {
    const struct files *files = context;
    char inner[700];
    snprintf(inner, sizeof inner, "%s.folder/inner", files->path);
    C4_TRY(c4_dir_make(inner));
    C4_TRY(c4_dir_probe(inner));
    C4_TRY(c4_file_probe(files->path, 10));
    return c4_leftovers_remove_of(files->path);
}

static void texts(void **state) {
    struct files files = made(state, "a");
    const struct operation operations[] = {
        {.name = "JSON",
         .path = files.path,
         .run = save_json,
         .check = is_unchanged,
         .context = &files},
        {.name = "CSV",
         .path = files.path,
         .run = save_csv,
         .check = is_unchanged,
         .context = &files},
        {.name = "SHA-256",
         .path = files.path,
         .run = hash,
         .check = is_unchanged,
         .context = &files},
        {.name = "digest",
         .path = files.path,
         .run = digest,
         .check = is_unchanged,
         .context = &files},
        {.name = "folders",
         .path = files.path,
         .run = look_after_folders,
         .check = NULL,
         .context = &files},
    };
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        every_allocation_fails(&operations[i]);
    put_file(files.path, "{\"a\":1}\n{\"b\":[2]}\n", 18);
    const struct operation append = {.name = "JSON lines",
                                     .path = files.path,
                                     .run = append_line,
                                     .check = begins_with_lines,
                                     .context = &files};
    every_allocation_fails(&append);
    assert_true(begins_with_lines(&files, C4_OK));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(checkpoints, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(safetensors, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(npy, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(npz, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(texts, scratch_set_up, scratch_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
