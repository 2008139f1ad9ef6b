/* Fetching from mirrors that behave and from mirrors that do not: what arrives, what is kept, and
 * what the user is told. Length: all tests share one server and its table. */
#include "core/fetch/download.h"
#include "core/fetch/fetch.h"
#include "core/fetch/sums.h"
#include "core/fetch/verify.h"
#include "tests/core/http_server.h"
#include "tests/core/test_file_scratch.h"

#include <openssl/evp.h>

enum { BODY_BYTES = 100000 };

static unsigned char body[BODY_BYTES];
static struct http_server server = {.body = body, .size = BODY_BYTES};

/* What a fetch reported. */
static struct {
    char notes[20000];
    uint64_t begun_at, ended_at;
    uint64_t stop_at; /* interrupt after this many bytes; 0: never */
} told;

static void watch_begin(void *context, const char *name, uint64_t done, uint64_t size) {
    (void)context;
    assert_string_equal(name, "file.bin");
    assert_int_equal(size, BODY_BYTES);
    told.begun_at = done;
}

static enum c4_status watch_tick(void *context, uint64_t done) {
    (void)context;
    assert_true(done <= BODY_BYTES);
    if (told.stop_at == 0 || done < told.stop_at) return C4_OK;
    return c4_fail(C4_ERR_INTERRUPTED, "interrupted");
}

static void watch_end(void *context, uint64_t done) {
    (void)context;
    told.ended_at = done;
}

static void watch_note(void *context, const char *sentence) {
    (void)context;
    size_t used = strlen(told.notes);
    snprintf(told.notes + used, sizeof told.notes - used, "%s\n", sentence);
}

static const struct c4_fetch_watch watch = {NULL, watch_begin, watch_tick, watch_end, watch_note};

static struct c4_source source;

static void add_place(const char *how) {
    snprintf(source.url[source.urls++], C4_SOURCE_URL_BYTES, "http://127.0.0.1:%d/%s", server.port,
             how);
}

static void hex_of(const EVP_MD *kind, char *hex) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    assert_int_equal(EVP_Digest(body, BODY_BYTES, digest, &size, kind, NULL), 1);
    for (unsigned i = 0; i < size; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* A table with one file and up to three mirrors. */
static void places(const char *a, const char *b, const char *c) {
    source = (struct c4_source){.path = "file.bin", .set = "test", .size_bytes = BODY_BYTES};
    hex_of(EVP_md5(), source.md5);
    hex_of(EVP_sha256(), source.sha256);
    add_place(a);
    if (b != NULL) add_place(b);
    if (c != NULL) add_place(c);
    told.notes[0] = '\0';
    told.stop_at = 0;
    remove(server.log);
}

static enum c4_status fetch(void **state, struct c4_fetch_result *result) {
    struct scratch *scratch = *state;
    struct c4_fetch request = {.source = &source,
                               .folder = scratch->folder,
                               .stall_s = 1,
                               .retry_wait_ms = 1,
                               .watch = &watch};
    return c4_fetch_file(&request, result);
}

static void requests_are(const char *want) {
    unsigned char *text;
    size_t size;
    assert_int_equal(c4_file_read(server.log, &text, &size), C4_OK);
    assert_string_equal((char *)text, want);
    free(text);
}

static void noted(const char *words) {
    if (strstr(told.notes, words) == NULL) fail_msg("\"%s\" is not in: %s", words, told.notes);
}

/* The file is there and right, and nothing else but the list of hashes. */
static void arrives(void **state) {
    struct c4_fetch_result result;
    if (fetch(state, &result) != C4_OK) fail_msg("%s; %s", c4_error(), told.notes);
    assert_false(result.was_there);
    assert_true(result.hash_known);
    assert_string_equal(result.digest.sha256, source.sha256);
    assert_string_equal(result.digest.md5, source.md5);
    assert_file_is(scratch_path(state, "file.bin"), body, BODY_BYTES);
    char list[200];
    snprintf(list, sizeof list, "%s  file.bin\n", source.sha256);
    assert_text_file_is(scratch_path(state, C4_SUMS_NAME), list);
    assert_int_equal(scratch_entries(state), 2);
}

static void again(void **state) {
    scratch_remove(scratch_path(state, "file.bin"));
    scratch_remove(scratch_path(state, C4_SUMS_NAME));
}

/* PART with the first bytes of the file, as if a mirror had sent them. */
static void put_part(void **state, size_t size, const char *how, const char *etag) {
    char text[512];
    put_file(scratch_path(state, "file.bin.part"), body, size);
    snprintf(text, sizeof text, "conv4 download\nurl http://127.0.0.1:%d/%s\netag %s\nmodified \n",
             server.port, how, etag);
    put_file(scratch_path(state, "file.bin.part.from"), text, strlen(text));
}

static void a_good_place_gives_the_file(void **state) {
    struct c4_fetch_result result;
    places("ok", NULL, NULL);
    arrives(state);
    requests_are("/ok - -\n");
    assert_string_equal(told.notes, "");
    assert_int_equal(told.begun_at, 0);
    assert_int_equal(told.ended_at, BODY_BYTES);
    /* A second fetch finds the file and sends no request. */
    remove(server.log);
    assert_int_equal(fetch(state, &result), C4_OK);
    assert_true(result.was_there);
    assert_int_equal(access(server.log, F_OK), -1);
    again(state);
    places("redirect", NULL, NULL);
    arrives(state);
    requests_are("/redirect - -\n/ok - -\n");
    again(state);
    places("chunked", NULL, NULL);
    arrives(state);
}

static void a_part_is_continued(void **state) {
    places("ok", NULL, NULL);
    put_part(state, 60000, "ok", "\"new\"");
    arrives(state);
    requests_are("/ok bytes=60000- \"new\"\n");
    assert_int_equal(told.begun_at, 60000);
    /* From another mirror of the same file, without a tag. */
    again(state);
    places("ok/mirror", NULL, NULL);
    put_part(state, 60000, "ok", "\"other\"");
    arrives(state);
    requests_are("/ok/mirror bytes=60000- -\n");
    /* Its origin is unknown. */
    again(state);
    places("noetag", NULL, NULL);
    put_part(state, 60000, "noetag", "");
    remove(scratch_path(state, "file.bin.part.from"));
    arrives(state);
    requests_are("/noetag bytes=60000- -\n");
    /* It is complete; only the final name is missing. */
    again(state);
    places("404", NULL, NULL);
    put_part(state, BODY_BYTES, "404", "");
    arrives(state);
    assert_int_equal(access(server.log, F_OK), -1);
}

static void a_cut_connection_is_taken_up_again(void **state) {
    places("cut", NULL, NULL);
    arrives(state);
    requests_are("/cut - -\n/cut bytes=20000- \"new\"\n/cut bytes=40000- \"new\"\n"
                 "/cut bytes=60000- \"new\"\n/cut bytes=80000- \"new\"\n");
    noted("the connection ended at 20000 of 100000 bytes");
    again(state);
    places("empty", "ok", NULL);
    arrives(state);
    requests_are("/empty - -\n/empty - -\n/ok - -\n");
    noted("giving up on this mirror");
}

static void a_stall_is_noticed(void **state) {
    places("stallonce", NULL, NULL);
    arrives(state);
    requests_are("/stallonce - -\n/stallonce bytes=20000- \"new\"\n");
    noted("stalled, less than 1 kB/s for 1 s, at 20000 of 100000 bytes; trying this mirror again");
}

static void a_place_that_ignores_ranges(void **state) {
    places("norange", NULL, NULL);
    put_part(state, 60000, "norange", "\"new\"");
    arrives(state);
    requests_are("/norange bytes=60000- \"new\"\n");
    assert_int_equal(told.begun_at, 0); /* progress starts again */
    /* The old bytes are wrong: the new ones win. */
    again(state);
    places("norange", NULL, NULL);
    unsigned char bad[60000];
    memcpy(bad, body, sizeof bad);
    bad[33333] ^= 1;
    put_part(state, 1, "norange", "");
    put_file(scratch_path(state, "file.bin.part"), bad, sizeof bad);
    arrives(state);
    again(state);
    places("no416", NULL, NULL);
    put_part(state, 60000, "no416", "\"new\"");
    arrives(state);
    requests_are("/no416 bytes=60000- \"new\"\n/no416 - -\n");
    /* A part longer than the file is discarded. */
    again(state);
    places("ok", NULL, NULL);
    put_part(state, 1, "ok", "\"new\"");
    assert_int_equal(truncate(scratch_path(state, "file.bin.part"), BODY_BYTES + 1), 0);
    arrives(state);
    requests_are("/ok - -\n");
}

static void a_file_that_changes_on_the_way(void **state) {
    places("changed", NULL, NULL);
    arrives(state);
    requests_are("/changed - -\n/changed bytes=20000- \"old\"\n");
    again(state);
    places("lies", NULL, NULL);
    arrives(state);
    requests_are("/lies - -\n/lies bytes=20000- \"old\"\n/lies - -\n");
    assert_null(strstr(told.notes, "SHA-256")); /* found by the tag, not by the hash of a mixture */
    /* The old part is from another mirror, so only the hash can tell. */
    again(state);
    unsigned char old[20000];
    memset(old, 7, sizeof old);
    places("ok", NULL, NULL);
    put_part(state, 1, "elsewhere", "\"old\"");
    put_file(scratch_path(state, "file.bin.part"), old, sizeof old);
    arrives(state);
    requests_are("/ok bytes=20000- -\n/ok - -\n");
    noted("part of it came from an earlier download");
    again(state);
    places("shifted", NULL, NULL);
    put_part(state, 60000, "shifted", "\"new\"");
    arrives(state);
    requests_are("/shifted bytes=60000- \"new\"\n/shifted - -\n");
}

static void wrong_files_are_refused(void **state) {
    struct c4_fetch_result result;
    places("short", "long", "more");
    assert_failed(
        fetch(state, &result), C4_ERR_FAILED,
        "file.bin: none of its mirrors (3) sent it complete and correct; check the network");
    noted("/short: offers 99999 bytes, but the file has 100000; this is a different file");
    noted("/long: offers 100001 bytes");
    noted("/more: sends more than the file's 100000 bytes");
    assert_int_equal(scratch_entries(state), 0);
    places("wrong", NULL, NULL);
    assert_failed(fetch(state, &result), C4_ERR_DATA, "none of its mirrors (1)");
    noted("has SHA-256 ");
    noted("it is removed");
    assert_int_equal(scratch_entries(state), 0);
    requests_are("/wrong - -\n");
    places("wrong", "ok", NULL);
    arrives(state);
    /* With only its MD5. */
    again(state);
    places("wrong", "ok", NULL);
    source.sha256[0] = '\0';
    struct c4_digest digest = {.size_bytes = BODY_BYTES, .md5 = "00"};
    assert_failed(c4_digest_check("x", &digest, &source), C4_ERR_DATA, "has MD5 00");
    assert_int_equal(fetch(state, &result), C4_OK);
    noted("has MD5 ");
    assert_true(result.hash_known);
    /* With only its size, the hash is reported, not checked. */
    again(state);
    places("wrong", NULL, NULL);
    source.sha256[0] = source.md5[0] = '\0';
    assert_int_equal(fetch(state, &result), C4_OK);
    assert_false(result.hash_known);
    assert_int_equal(strlen(result.digest.sha256), 64);
    /* 206 with another size: refused, and the part is kept for a better mirror. */
    again(state);
    places("othersize", "ok", NULL);
    put_part(state, 60000, "othersize", "\"new\"");
    arrives(state);
    requests_are("/othersize bytes=60000- \"new\"\n/ok bytes=60000- -\n");
}

/* A path of 3,000 bytes, and what is said about the file is after it. */
static void sentences_on_long_paths_are_whole(void **state) {
    struct scratch *scratch = *state;
    struct c4_fetch_result result;
    struct c4_text folder = {0}, command = {0};
    assert_int_equal(c4_text_add(&folder, "%s", scratch->folder), C4_OK);
    for (int i = 0; i < 14; i++) assert_int_equal(c4_text_add(&folder, "/%0200d", i), C4_OK);
    struct c4_fetch request = {.source = &source,
                               .folder = folder.bytes,
                               .stall_s = 1,
                               .retry_wait_ms = 1,
                               .watch = &watch};
    places("wrong", NULL, NULL);
    assert_int_equal(c4_fetch_file(&request, &result), C4_ERR_DATA);
    noted(source.sha256);
    noted("; it is removed\n");
    assert_non_null(strstr(c4_error(), "/file.bin: none of its mirrors"));
    assert_int_equal(c4_text_add(&folder, "/file.bin"), C4_OK);
    put_file(folder.bytes, "x", 1);
    folder.bytes[folder.length - strlen("/file.bin")] = '\0';
    request.folder = folder.bytes;
    assert_int_equal(c4_fetch_file(&request, &result), C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), "; move it away and run the same command again"));
    struct c4_sources *known = calloc(1, sizeof *known);
    struct c4_verification *found = calloc(1, sizeof *found);
    assert_true(known && found);
    known->file[known->count++] = source;
    assert_int_equal(c4_verify_folder(folder.bytes, known, found), C4_OK);
    assert_int_equal(found->count, 1);
    assert_non_null(strstr(found->file[0].why, "/file.bin: has 1 byte"));
    free(known);
    free(found);
    assert_int_equal(c4_text_add(&command, "rm -rf %s/0*", scratch->folder), C4_OK);
    assert_int_equal(system(command.bytes), 0); /* NOLINT: the test's own folder */
    c4_text_free(&command);
    c4_text_free(&folder);
}

static void places_that_have_nothing(void **state) {
    struct c4_fetch_result result;
    places("404", "403", "loop");
    assert_failed(fetch(state, &result), C4_ERR_FAILED, "none of its mirrors (3)");
    noted("/404: answered with HTTP status 404 (not found); giving up on this mirror");
    noted("/403: answered with HTTP status 403");
    noted("/loop: redirects more than 5 times");
    assert_int_equal(scratch_entries(state), 0);
    places("tofile", "500", "ok");
    snprintf(source.url[2], C4_SOURCE_URL_BYTES, "http://127.0.0.1:1/nobody");
    assert_failed(fetch(state, &result), C4_ERR_FAILED, "none of its mirrors (3)");
    noted("/tofile: leads to a URL that is neither http nor https");
    noted("/500: answered with HTTP status 500; trying this mirror again");
    noted("/500: answered with HTTP status 500; giving up on this mirror");
    noted("127.0.0.1:1/nobody: Failed to connect");
    /* What arrived before is kept and reported. */
    put_part(state, 60000, "500", "\"new\"");
    assert_failed(fetch(state, &result), C4_ERR_FAILED,
                  "60000 of 100000 bytes are kept; the same command goes on from there");
    places("404", "ok", NULL);
    arrives(state);
    requests_are("/404 bytes=60000- -\n/ok bytes=60000- -\n");
}

static void an_interruption_keeps_what_came(void **state) {
    struct c4_fetch_result result;
    places("stall", NULL, NULL);
    told.stop_at = CUT_BYTES;
    assert_int_equal(fetch(state, &result), C4_ERR_INTERRUPTED);
    assert_file_is(scratch_path(state, "file.bin.part"), body, CUT_BYTES);
    places("ok", NULL, NULL);
    arrives(state);
    requests_are("/ok bytes=20000- -\n");
}

/* The whole process is killed while bytes arrive. */
static void kill_loses_nothing(void **state) {
    struct stat info = {0};
    struct c4_fetch_result result;
    places("slow", NULL, NULL);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(fetch(state, &result) == C4_OK ? 0 : 1);
    const char *part = scratch_path(state, "file.bin.part");
    for (int i = 0; i < 2000 && info.st_size < CUT_BYTES; i++) {
        http_pause(5);
        if (stat(part, &info) != 0) info.st_size = 0;
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(stat(part, &info), 0);
    assert_in_range(info.st_size, CUT_BYTES, BODY_BYTES - 1);
    places("slow", NULL, NULL);
    arrives(state);
    char want[100];
    snprintf(want, sizeof want, "/slow bytes=%ld- \"new\"\n", (long)info.st_size);
    requests_are(want);
}

static void only_one_process_fetches(void **state) {
    struct c4_fetch_result result;
    places("stall", NULL, NULL);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(fetch(state, &result) == C4_OK ? 0 : 1);
    const char *part = scratch_path(state, "file.bin.part");
    struct stat info = {0};
    for (int i = 0; i < 2000 && info.st_size < CUT_BYTES; i++) {
        http_pause(5);
        if (stat(part, &info) != 0) info.st_size = 0;
    }
    assert_failed(fetch(state, &result), C4_ERR_FAILED, "another process is fetching this file");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    places("ok", NULL, NULL);
    arrives(state);
}

/* Appending to it would change the other file, too. */
static void a_part_with_another_name_is_refused(void **state) {
    struct c4_fetch_result result;
    places("ok", NULL, NULL);
    put_part(state, 60000, "ok", "\"new\"");
    assert_int_equal(link(scratch_path(state, "file.bin.part"), scratch_path(state, "users")), 0);
    assert_failed(fetch(state, &result), C4_ERR_FAILED, "is not a regular file of one name");
    assert_file_is(scratch_path(state, "users"), body, 60000);
}

static void a_full_disk_is_said(void **state) {
    struct c4_fetch_result result;
    struct rlimit old;
    places("ok", "ok", NULL);
    file_size_limit_begin(50000, &old);
    enum c4_status status = fetch(state, &result);
    file_size_limit_end(&old);
    assert_failed(status, C4_ERR_FAILED, "file.bin.part: is larger than the file size limit");
    requests_are("/ok - -\n"); /* another mirror would not help */
    assert_file_is(scratch_path(state, "file.bin.part"), body, 50000);
    places("ok", NULL, NULL);
    arrives(state);
    requests_are("/ok bytes=50000- \"new\"\n");
}

static void a_folder_that_cannot_be_written(void **state) {
    struct scratch *scratch = *state;
    struct c4_fetch_result result;
    places("ok", NULL, NULL);
    assert_int_equal(chmod(scratch->folder, 0555), 0);
    unprivileged_begin();
    enum c4_status status = fetch(state, &result);
    unprivileged_end();
    assert_int_equal(chmod(scratch->folder, 0755), 0);
    assert_failed(status, C4_ERR_ENVIRONMENT, "no permission to write it");
}

static void a_file_that_is_there_is_never_replaced(void **state) {
    struct c4_fetch_result result;
    places("ok", NULL, NULL);
    put_file(scratch_path(state, "file.bin"), "mine", 4);
    assert_failed(fetch(state, &result), C4_ERR_DATA,
                  "file.bin: has 4 bytes, the official file has 100000; move it away");
    assert_text_file_is(scratch_path(state, "file.bin"), "mine");
    assert_int_equal(access(server.log, F_OK), -1);
}

static void a_damaged_origin_is_no_origin(void **state) {
    static const char *const texts[] = {"", "conv4 download\n", "conv4 download\nurl x\netag y",
                                        "conv4 download\nurl \netag \nmodified \nmore\n",
                                        "\xff\xfe"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        places("ok", NULL, NULL);
        put_part(state, 60000, "ok", "\"old\"");
        put_file(scratch_path(state, "file.bin.part.from"), texts[i], strlen(texts[i]));
        arrives(state);
        requests_are("/ok bytes=60000- -\n");
        again(state);
    }
}

static int start(void **state) {
    static char log[600];
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(log, sizeof log, "%s/conv4-requests-%ld",
             parent != NULL && parent[0] != '\0' ? parent : "/tmp", (long)getpid());
    server.log = log;
    for (size_t i = 0; i < BODY_BYTES; i++) body[i] = (unsigned char)(i * 7 + i / 251);
    setenv("no_proxy", "*", 1);
    http_start(&server);
    return 0;
}

static int stop(void **state) {
    (void)state;
    http_stop(&server);
    remove(server.log);
    return 0;
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH(a_good_place_gives_the_file),
        SCRATCH(a_part_is_continued),
        SCRATCH(a_cut_connection_is_taken_up_again),
        SCRATCH(a_stall_is_noticed),
        SCRATCH(a_place_that_ignores_ranges),
        SCRATCH(a_file_that_changes_on_the_way),
        SCRATCH(wrong_files_are_refused),
        SCRATCH(sentences_on_long_paths_are_whole),
        SCRATCH(places_that_have_nothing),
        SCRATCH(an_interruption_keeps_what_came),
        SCRATCH(kill_loses_nothing),
        SCRATCH(only_one_process_fetches),
        SCRATCH(a_part_with_another_name_is_refused),
        SCRATCH(a_full_disk_is_said),
        SCRATCH(a_folder_that_cannot_be_written),
        SCRATCH(a_file_that_is_there_is_never_replaced),
        SCRATCH(a_damaged_origin_is_no_origin),
    };
    if (!c4_download_available()) {
        printf("this build has no libcurl\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, start, stop);
}
