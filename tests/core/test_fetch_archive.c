/* Archives of data: a good one is unpacked, and nothing of a hostile one is. */
#include "core/fetch/unpack.h"

#if C4_HAVE_ARCHIVE

#include "core/data/unofficial.h"
#include "core/fetch/install.h"
#include "core/fetch/sums.h"
#include "tests/core/test_archive.h"
#include "tests/core/test_file_scratch.h"

static const struct c4_source source = {.path = "set.tar.gz",
                                        .set = "set",
                                        .size_bytes = 1,
                                        .unpack = "inner",
                                        .member = {{"a.bin", 5000}, {"b.bin", 70}},
                                        .members = 2};

static struct archive_maker maker;

static void begin(void **state) {
    archive_begin(&maker, scratch_path(state, "set.tar.gz"));
}

static void add(const char *name, size_t size, int fill) {
    archive_add(&maker, name, AE_IFREG, NULL, size, fill);
}

static enum c4_status install(void **state) {
    struct scratch *scratch = *state;
    return c4_install_archive(&source, scratch_path(state, "set.tar.gz"), scratch->folder);
}

static void member_is(void **state, const char *name, size_t size, int fill) {
    unsigned char bytes[5000];
    memset(bytes, fill, size);
    assert_file_is(scratch_path(state, name), bytes, size);
}

static bool whole(void **state) {
    struct scratch *scratch = *state;
    bool is_whole;
    assert_int_equal(c4_install_check(&source, scratch->folder, &is_whole), C4_OK);
    return is_whole;
}

static void a_good_archive_is_unpacked(void **state) {
    struct scratch *scratch = *state;
    begin(state);
    archive_add(&maker, "inner", AE_IFDIR, NULL, 0, 0);
    add("inner/readme.html", 300, 'r');
    add("inner/b.bin", 70, 'b');
    add("./inner/a.bin", 5000, 'a');
    add("inner/deeper/a.bin", 10, 'x');
    add("a.bin", 10, 'x');
    archive_end(&maker);
    assert_false(whole(state));
    assert_int_equal(install(state), C4_OK);
    member_is(state, "inner/a.bin", 5000, 'a');
    member_is(state, "inner/b.bin", 70, 'b');
    assert_int_equal(access(scratch_path(state, "inner/readme.html"), F_OK), -1);
    assert_int_equal(access(scratch_path(state, "inner/deeper"), F_OK), -1);
    assert_int_equal(scratch_entries(state), 3); /* with the archive and the list of hashes */
    assert_true(whole(state));
    struct c4_sums sums;
    char sha256[C4_SHA256_HEX_SIZE];
    assert_int_equal(c4_sums_load(scratch->folder, &sums), C4_OK);
    assert_int_equal(sums.count, 2);
    assert_int_equal(c4_sha256_file(scratch_path(state, "inner/a.bin"), sha256), C4_OK);
    assert_string_equal(c4_sums_find(&sums, "inner/a.bin"), sha256);

    /* Half of it, as after a kill; and again over existing files. */
    remove(scratch_path(state, "inner/b.bin"));
    assert_false(whole(state));
    assert_int_equal(install(state), C4_OK);
    assert_int_equal(install(state), C4_OK);
    assert_true(whole(state));
}

static void other_files_are_left_alone(void **state) {
    struct scratch *scratch = *state;
    bool is_whole;
    begin(state);
    add("inner/a.bin", 5000, 'a');
    add("inner/b.bin", 70, 'b');
    archive_end(&maker);
    assert_int_equal(c4_dir_make(scratch_path(state, "inner")), C4_OK);
    put_file(scratch_path(state, "inner/b.bin"), "mine", 4);
    assert_failed(c4_install_check(&source, scratch->folder, &is_whole), C4_ERR_DATA,
                  "inner/b.bin already exists and is not known to come from the archive");
    assert_false(is_whole);
    assert_failed(
        install(state), C4_ERR_DATA,
        "inner/b.bin already exists and differs from the archive's; it is left unchanged");
    assert_text_file_is(scratch_path(state, "inner/b.bin"), "mine");
    remove(scratch_path(state, "inner/b.bin"));
    assert_int_equal(install(state), C4_OK);
    put_file(scratch_path(state, "inner/b.bin"), "more", 4);
    assert_failed(c4_install_check(&source, scratch->folder, &is_whole), C4_ERR_DATA,
                  "has changed since it was unpacked");
    put_file(scratch_path(state, C4_SUMS_NAME), "nonsense\n", 9);
    assert_failed(c4_install_check(&source, scratch->folder, &is_whole), C4_ERR_DATA,
                  "conv4.sha256: line 1 is not a SHA-256 and a file name");
}

/* What an import recorded about other files of these names does not apply to the archive's. A file
 * that only has the mark's name stops unpacking before anything is placed. */
static void members_lose_the_mark_of_other_files(void **state) {
    struct scratch *scratch = *state;
    struct c4_unofficial mark;
    struct c4_source batches = source;
    snprintf(batches.member[1].name, sizeof batches.member[1].name, "test_batch.bin");
    begin(state);
    add("inner/a.bin", 5000, 'a');
    add("inner/test_batch.bin", 70, 'b');
    archive_end(&maker);
    const char *archive = scratch_path(state, "set.tar.gz");
    const char *inner = scratch_path(state, "inner");
    assert_int_equal(c4_dir_make(inner), C4_OK);
    put_file(scratch_path(state, "inner/UNOFFICIAL"), "mine", 4);
    assert_failed(c4_install_archive(&batches, archive, scratch->folder), C4_ERR_DATA,
                  "inner/UNOFFICIAL: not a list of unofficial files");
    assert_text_file_is(scratch_path(state, "inner/UNOFFICIAL"), "mine");
    assert_int_equal(access(scratch_path(state, "inner/a.bin"), F_OK), -1);
    remove(scratch_path(state, "inner/UNOFFICIAL"));
    assert_int_equal(c4_unofficial_put(inner, "test_batch.bin", "differs"), C4_OK);
    assert_int_equal(c4_unofficial_put(inner, "data_batch_1.bin", "differs"), C4_OK);
    assert_int_equal(c4_install_archive(&batches, archive, scratch->folder), C4_OK);
    assert_int_equal(c4_unofficial_read(inner, &mark), C4_OK);
    assert_int_equal(mark.count, 1);
    assert_string_equal(c4_unofficial_find(&mark, "data_batch_1.bin"), "differs");
}

/* Nothing may appear but the archive and an empty folder. */
static void refused(void **state, const char *words) {
    archive_end(&maker);
    assert_failed(install(state), C4_ERR_DATA, words);
    assert_int_equal(scratch_entries(state), 2);
    assert_int_equal(rmdir(scratch_path(state, "inner")), 0);
}

static void hostile_archives_are_refused(void **state) {
    begin(state);
    add("../escaped", 4, 'e');
    refused(state, "'../escaped' leads outside the folder");
    begin(state);
    add("inner/../../escaped", 4, 'e');
    refused(state, "leads outside the folder");
    begin(state);
    add("/tmp/conv4-escaped", 4, 'e');
    refused(state, "leads outside the folder");
    assert_int_equal(access("/tmp/conv4-escaped", F_OK), -1);
    begin(state);
    archive_add(&maker, "inner/a.bin", AE_IFLNK, "/etc/passwd", 0, 0);
    refused(state, "'inner/a.bin' is not a regular file");
    begin(state);
    archive_add(&maker, "inner/a.bin", AE_IFREG, "inner/b.bin", 0, 0);
    refused(state, "'inner/a.bin' is not a regular file");
    begin(state);
    archive_add(&maker, "inner/a.bin", AE_IFDIR, NULL, 0, 0); /* "inner/a.bin/" */
    refused(state, "has no member 'inner/a.bin'");
    begin(state);
    archive_add(&maker, "inner/a.bin", AE_IFIFO, NULL, 0, 0);
    refused(state, "is not a regular file");
    begin(state);
    add("inner/a.bin", 5001, 'a');
    refused(state, "'inner/a.bin' differs in size from the official one");
    begin(state);
    add("huge", 20 << 20, 0);
    refused(state, "'huge' makes the archive unpack to far more than the official one");
    begin(state);
    for (int i = 0; i < 5; i++) add("large", 4 << 20, 0);
    add("inner/a.bin", 5000, 'a');
    refused(state, "far more than the official one");
    begin(state);
    add("inner/c.bin", 70, 'a');
    refused(state, "has no member 'inner/a.bin'; it is a different archive");
}

/* Only a user's own link in place of the folder would lead the files elsewhere; a link from the
 * archive is passed over. */
static void a_link_to_a_folder_is_passed_over(void **state) {
    begin(state);
    archive_add(&maker, "elsewhere", AE_IFLNK, "/tmp", 0, 0);
    add("elsewhere/conv4-escaped", 4, 'e');
    add("inner/a.bin", 5000, 'a');
    add("inner/b.bin", 70, 'b');
    archive_end(&maker);
    assert_int_equal(install(state), C4_OK);
    assert_int_equal(access(scratch_path(state, "elsewhere"), F_OK), -1);
    assert_int_equal(access("/tmp/conv4-escaped", F_OK), -1);
}

static void twice_is_refused(void **state) {
    begin(state);
    add("inner/a.bin", 5000, 'a');
    add("inner/a.bin", 5000, 'z');
    archive_end(&maker);
    assert_failed(install(state), C4_ERR_DATA, "'inner/a.bin' is there twice");
    member_is(state, "inner/a.bin", 5000, 'a');
}

static void damaged_archives_are_refused(void **state) {
    unsigned char *bytes;
    size_t size;
    begin(state);
    for (int i = 0; i < 200; i++) add("inner/filler", (size_t)i * 7, i);
    add("inner/a.bin", 5000, 'a');
    add("inner/b.bin", 70, 'b');
    archive_end(&maker);
    const char *path = scratch_path(state, "set.tar.gz");
    assert_int_equal(c4_file_read(path, &bytes, &size), C4_OK);
    put_file(path, bytes, size / 2);
    assert_failed(install(state), C4_ERR_DATA, "is not a complete tar archive");
    put_file(path, "no archive at all", 17);
    assert_failed(install(state), C4_ERR_DATA, "is not a complete tar archive");
    put_file(path, "", 0);
    assert_failed(install(state), C4_ERR_DATA, "set.tar.gz");
    /* Flipped bits never cause a crash or an unexpected file name. */
    for (size_t i = 0; i < 300; i++) {
        size_t at = i * 7919 % size;
        bytes[at] ^= (unsigned char)(1 << i % 8);
        put_file(scratch_path(state, "set.tar.gz"), bytes, size);
        enum c4_status status = install(state);
        if (status != C4_OK) assert_failed(status, C4_ERR_DATA, "set.tar.gz");
        bytes[at] ^= (unsigned char)(1 << i % 8);
        scratch_remove(scratch_path(state, "inner"));
        remove(scratch_path(state, C4_SUMS_NAME));
        assert_int_equal(scratch_entries(state), 1);
    }
    free(bytes);
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH(a_good_archive_is_unpacked),           SCRATCH(other_files_are_left_alone),
        SCRATCH(members_lose_the_mark_of_other_files), SCRATCH(hostile_archives_are_refused),
        SCRATCH(a_link_to_a_folder_is_passed_over),    SCRATCH(twice_is_refused),
        SCRATCH(damaged_archives_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

#include <stdio.h>

int main(void) {
    printf("this build has no libarchive\n");
    return 77;
}

#endif
