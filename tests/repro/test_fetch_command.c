/* conv4 data fetch, verify and import as a user types them: a data set in the real layout, from a
 * server on this machine. */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include "core/fetch/download.h"
#include "core/fetch/unpack.h"

#if C4_HAVE_CURL && C4_HAVE_ARCHIVE

#include "core/cli/cli.h"
#include "core/data/digest.h"
#include "core/fetch/sums.h"
#include "tests/core/http_server.h"
#include "tests/core/test_archive.h"
#include "tests/core/test_file_scratch.h"

#include <fcntl.h>

enum { RECORDS_BYTES = 30730000, MEMBERS = 6 };

static const char *const members[MEMBERS] = {"data_batch_1.bin", "data_batch_2.bin",
                                             "data_batch_3.bin", "data_batch_4.bin",
                                             "data_batch_5.bin", "test_batch.bin"};

extern const struct c4_command c4_cmd_data;
static const struct c4_command *const commands[] = {&c4_cmd_data, NULL};
static const struct c4_program program = {
    .name = "conv4", .version = "0", .build = "", .summary = "", .commands = commands};

static struct http_server server;
static struct c4_digest digest; /* of the archive */
static char root[512];          /* archive, table, requests */
static char said[65536];        /* output of the last command, both streams */

static const char *in_root(const char *name) {
    static char paths[4][600];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", root, name);
    return paths[turn];
}

/* Starts conv4 ARGUMENTS in a child, with its streams in a file. */
static pid_t begin_command(const char *arguments) {
    static char line[4096];
    char *argv[32];
    int argc = 0;
    snprintf(line, sizeof line, "conv4 %s", arguments);
    for (char *word = strtok(line, " "); word != NULL && argc < 31; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int out = open(in_root("said"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (out < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(99);
        int code = c4_cli_run(&program, argc, argv, stdout, stderr);
        fflush(NULL);
        _exit(code);
    }
    return child;
}

static int end_command(pid_t child) {
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    FILE *file = fopen(in_root("said"), "rb");
    assert_non_null(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Runs "conv4 FORMAT" and checks its exit status and words of its output. */
__attribute__((format(printf, 3, 4))) static void expect(int code, const char *words,
                                                         const char *format, ...) {
    char arguments[3000];
    va_list args;
    va_start(args, format);
    vsnprintf(arguments, sizeof arguments, format, args);
    va_end(args);
    int got = end_command(begin_command(arguments));
    if (got != code || strstr(said, words) == NULL)
        fail_msg("conv4 %s: status %d (want %d), said (want \"%s\"):\n%s", arguments, got, code,
                 words, said);
}

/* A table with one mirror that behaves like this. */
static const char *table(const char *how) {
    FILE *file = fopen(in_root("table.ini"), "w");
    assert_non_null(file);
    fprintf(file, "[file set.tar.gz]\nset = cifar10\nbytes = %zu\nmd5 = %s\nsha256 = %s\n",
            server.size, digest.md5, digest.sha256);
    fprintf(file, "url = http://127.0.0.1:%d/%s\nunpack = cifar-10-batches-bin\n", server.port,
            how);
    for (int i = 0; i < MEMBERS; i++) fprintf(file, "member = %s %d\n", members[i], RECORDS_BYTES);
    assert_int_equal(fclose(file), 0);
    return in_root("table.ini");
}

/* A table of as many sets as there may be. */
static const char *many_sets(void) {
    FILE *file = fopen(in_root("sets.ini"), "w");
    assert_non_null(file);
    for (int i = 0; i < C4_SOURCES_MAX; i++)
        fprintf(file, "[file f%d]\nset = a-set-with-a-long-name-%d\nbytes = 1\nurl = http://h\n", i,
                i);
    assert_int_equal(fclose(file), 0);
    return in_root("sets.ini");
}

static void a_set_is_fetched_and_checked(void **state) {
    struct scratch *scratch = *state;
    const char *data = scratch->folder;
    expect(0, "6 files unpacked", "data fetch cifar10 --data %s/new/folder --mirrors %s", data,
           table("ok"));
    assert_non_null(strstr(said, digest.sha256));
    assert_null(strstr(said, "conv4 data fetch:")); /* nothing to report */
    assert_non_null(strstr(said, "MB (100%)"));
    expect(0, "already there", "data fetch --data %s/new/folder --mirrors %s", data, table("404"));
    expect(0, "7 ok, 0 differ, 0 unknown, 0 missing", "data verify %s/new/folder --mirrors %s",
           data, table("404"));
    expect(0, "CIFAR-10 test, 10000 images", "data info %s/new/folder", data);

    /* The archive may go; a damaged or missing file is found, and not replaced. */
    remove(scratch_path(state, "new/folder/set.tar.gz"));
    expect(0, "unpacked from its verified archive", "data fetch --data %s/new/folder --mirrors %s",
           data, table("404"));
    expect(0, "6 ok, 0 differ, 0 unknown, 0 missing", "data verify %s/new/folder --mirrors %s",
           data, table("404"));
    const char *batch = scratch_path(state, "new/folder/cifar-10-batches-bin/data_batch_3.bin");
    int descriptor = open(batch, O_WRONLY);
    assert_int_equal(pwrite(descriptor, "x", 1, 12345), 1);
    close(descriptor);
    expect(3, "data_batch_3.bin: has SHA-256", "data verify %s/new/folder --mirrors %s", data,
           table("404"));
    assert_non_null(strstr(said, "5 ok, 1 differ, 0 unknown, 0 missing"));
    assert_non_null(strstr(said, "1 of 6 files differ or are missing"));
    expect(3, "has changed since it was unpacked", "data fetch --data %s/new/folder --mirrors %s",
           data, table("ok"));
    batch = scratch_path(state, "new/folder/cifar-10-batches-bin/data_batch_3.bin");
    assert_int_equal(remove(batch), 0);
    expect(3, "5 ok, 0 differ, 0 unknown, 1 missing", "data verify %s/new/folder --mirrors %s",
           data, table("404"));
    expect(0, "6 files unpacked", "data fetch --quiet --data %s/new/folder --mirrors %s", data,
           table("ok"));
    assert_null(strstr(said, "MB ("));
    expect(0, "\"verdict\": \"ok\"", "data verify --json %s/new/folder --mirrors %s", data,
           table("404"));
}

static void killed_and_started_again(void **state) {
    struct scratch *scratch = *state;
    char arguments[2000];
    struct stat info = {0};
    snprintf(arguments, sizeof arguments, "data fetch --data %s --mirrors %s", scratch->folder,
             table("slow"));
    const char *part = scratch_path(state, "set.tar.gz.part");
    for (int signal_number = SIGINT;; signal_number = SIGKILL) {
        off_t before = info.st_size;
        pid_t child = begin_command(arguments);
        for (int i = 0; i < 2000 && info.st_size <= before; i++) {
            http_pause(5);
            if (stat(part, &info) != 0) info.st_size = 0;
        }
        assert_true(info.st_size > before);
        kill(child, signal_number);
        int code = end_command(child);
        assert_int_equal(stat(part, &info), 0);
        if (signal_number == SIGINT) {
            assert_int_equal(code, 130);
            assert_non_null(strstr(said, "the same command goes on from there"));
        } else {
            assert_int_equal(code, 128 + SIGKILL);
            break;
        }
    }
    remove(server.log);
    expect(0, "6 files unpacked", "%s", arguments);
    char want[100];
    snprintf(want, sizeof want, "/slow bytes=%ld- \"new\"\n", (long)info.st_size);
    assert_text_file_is(server.log, want);
    expect(0, "7 ok, 0 differ", "data verify %s --mirrors %s", scratch->folder, table("ok"));
}

static void failures_are_said(void **state) {
    struct scratch *scratch = *state;
    const char *data = scratch->folder;
    expect(1, "none of its mirrors (1) sent it complete and correct",
           "data fetch --data %s --mirrors %s", data, table("404"));
    assert_non_null(strstr(said, "answered with HTTP status 404 (not found)"));
    expect(3, "none of its mirrors (1)", "data fetch --data %s --mirrors %s", data, table("wrong"));
    assert_int_equal(scratch_entries(state), 0);
    expect(2, "no data set 'mnist' to fetch; choose from: cifar10, svhn",
           "data fetch mnist --data %s", data);
    expect(2, ", a-set-with-a-long-name-31", "data fetch mnist --mirrors %s", many_sets());
    expect(3, "nowhere.ini: there is no such file", "data fetch --data %s --mirrors %s/nowhere.ini",
           data, data);
    put_file(scratch_path(state, "bad.ini"), "[file]\nx=1\n", 11);
    expect(2, "bad.ini, line 2", "data fetch --data %s --mirrors %s/bad.ini", data, data);
    expect(3, "nowhere: is not a folder; get the data with 'conv4 data fetch",
           "data verify %s/nowhere", data);
    expect(0, "[file train_32x32.mat]", "data fetch --print-mirrors");
    put_file(scratch_path(state, "printed.ini"), said, strlen(said));
    expect(2, "no data set 'x' to fetch", "data fetch x --mirrors %s/printed.ini", data);
    /* A file in the place of the folder. */
    expect(1, "a file where a folder is needed", "data fetch --data %s/bad.ini --mirrors %s", data,
           table("ok"));
    /* Synthetic images are not overwritten. */
    expect(0, "synth", "data synth %s/synth --train 10 --test 10", data);
    expect(3, "already exists and is not known to come from the archive",
           "data fetch --data %s/synth --mirrors %s", data, table("ok"));
    expect(0, "synthetic images", "data verify %s/synth", data);
    /* A record file with other labels than the official one differs, although it is well-formed. */
    assert_int_equal(c4_dir_make(scratch_path(state, "odd")), C4_OK);
    unsigned char *ones = malloc(RECORDS_BYTES);
    assert_non_null(ones);
    memset(ones, 1, RECORDS_BYTES);
    for (int i = 0; i < MEMBERS; i++) {
        char name[64];
        snprintf(name, sizeof name, "odd/%s", members[i]);
        put_file(scratch_path(state, name), ones, RECORDS_BYTES);
    }
    free(ones);
    expect(3, "its label counts differ from the official file's", "data verify %s/odd", data);
    assert_non_null(strstr(said, "0 ok, 6 differ"));
}

/* Files already on the machine; the built-in table decides which archives are official. */
static void imports(void **state) {
    struct scratch *scratch = *state;
    const char *data = scratch->folder;
    assert_int_equal(c4_dir_make(scratch_path(state, "from")), C4_OK);
    expect(3, "no CIFAR-10 here", "data import %s/from %s/to", data, data);
    assert_non_null(strstr(said, "0 files written"));
    put_file(scratch_path(state, "from/cifar-10-binary.tar.gz"), server.body, server.size);
    expect(3, "the official file has 170052171", "data import %s/from %s/to", data, data);
    assert_int_equal(access(scratch_path(state, "to"), F_OK), -1);
    assert_int_equal(rename(scratch_path(state, "from/cifar-10-binary.tar.gz"),
                            scratch_path(state, "from/set.tar.gz")),
                     0);
    expect(0, "6 files written to", "data import %s/from %s/unpacked --mirrors %s", data, data,
           table("404"));
    expect(0, "6 ok, 0 differ", "data verify %s/unpacked --mirrors %s", data, table("404"));
    /* An archive with its unpacked files beside it is not read. */
    expect(0, "6 files unpacked", "data fetch --data %s/fetched --mirrors %s", data, table("ok"));
    assert_int_equal(rename(scratch_path(state, "fetched/cifar-10-batches-bin"),
                            scratch_path(state, "from/cifar-10-batches-bin")),
                     0);
    expect(0, "6 files written to", "data import %s/from %s/to", data, data);
    expect(0, "CIFAR-10 train, 10000 images", "data info %s/to", data);
    expect(2, "unexpected argument", "data import a b c");
}

static int make_archive(void **state) {
    (void)state;
    struct archive_maker maker;
    unsigned char *bytes;
    const char *parent = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/conv4-fetch-XXXXXX",
             parent != NULL && parent[0] != '\0' ? parent : "/tmp");
    if (mkdtemp(root) == NULL) return -1;
    static char log[600];
    snprintf(log, sizeof log, "%s/requests", root);
    archive_begin(&maker, in_root("set.tar.gz"));
    for (int i = 0; i < MEMBERS; i++) {
        char name[64];
        snprintf(name, sizeof name, "cifar-10-batches-bin/%s", members[i]);
        archive_add(&maker, name, AE_IFREG, NULL, RECORDS_BYTES, i + 1);
    }
    archive_end(&maker);
    assert_int_equal(c4_file_read(in_root("set.tar.gz"), &bytes, &server.size), C4_OK);
    assert_int_equal(c4_digest_file(in_root("set.tar.gz"), &digest), C4_OK);
    server.body = bytes;
    server.log = log;
    setenv("no_proxy", "*", 1);
    http_start(&server);
    return 0;
}

static int drop_archive(void **state) {
    (void)state;
    http_stop(&server);
    scratch_remove(root);
    return 0;
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH(a_set_is_fetched_and_checked),
        SCRATCH(killed_and_started_again),
        SCRATCH(failures_are_said),
        SCRATCH(imports),
    };
    return cmocka_run_group_tests(tests, make_archive, drop_archive);
}

#else

#include <stdio.h>

int main(void) {
    printf("this build has no libcurl or no libarchive\n");
    return 77;
}

#endif
