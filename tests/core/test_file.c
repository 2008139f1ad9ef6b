/* Atomic files, reading, folders, paths and SHA-256. */
#include "core/file/file.h"
#include "core/file/leftovers.h"
#include "core/file/sha256.h"
#include "core/file/temporary.h"
#include "tests/core/test_file_scratch.h"

#include <errno.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static void written_bytes_come_back(void **state) {
    unsigned char bytes[1000], *got;
    size_t size_bytes;
    const char *path = scratch_path(state, "a.bin");
    for (int i = 0; i < 1000; i++) bytes[i] = (unsigned char)(i * 7);
    assert_int_equal(c4_file_write_atomic(path, bytes, sizeof bytes), C4_OK);
    assert_file_is(path, bytes, sizeof bytes);
    assert_int_equal(c4_file_read(path, &got, &size_bytes), C4_OK);
    assert_int_equal(size_bytes, sizeof bytes);
    assert_memory_equal(got, bytes, sizeof bytes);
    assert_int_equal(got[size_bytes], 0);
    assert_int_equal((uintptr_t)got % 64, 0);
    free(got);

    assert_int_equal(c4_file_write_atomic(path, NULL, 0), C4_OK);
    assert_int_equal(c4_file_read(path, &got, &size_bytes), C4_OK);
    assert_int_equal(size_bytes, 0);
    assert_int_equal(got[0], 0);
    free(got);

    const struct c4_file_part parts[3] = {{"one ", 4}, {NULL, 0}, {"two", 3}};
    assert_int_equal(c4_file_write_parts(path, parts, 3), C4_OK);
    assert_text_file_is(path, "one two");
    assert_int_equal(scratch_entries(state), 1);
}

static void relative_path_is_written_here(void **state) {
    struct scratch *scratch = *state;
    char old[1024];
    assert_non_null(getcwd(old, sizeof old));
    assert_int_equal(chdir(scratch->folder), 0);
    enum c4_status status = c4_file_write_atomic("here", "x", 1);
    assert_int_equal(chdir(old), 0);
    assert_int_equal(status, C4_OK);
    assert_text_file_is(scratch_path(state, "here"), "x");
}

/* A process that is gone. */
static pid_t dead_process(void) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return child;
}

static void temporaries_have_marks(void **state) {
    char *name[2];
    int descriptor;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(c4_temporary_open(scratch_path(state, "a"), &name[i], &descriptor), 0);
        assert_int_equal(close(descriptor), 0);
        assert_int_equal(c4_temporary_writer(name[i], NULL), getpid());
        assert_int_equal(c4_temporary_target_length(name[i]), strlen(scratch_path(state, "a")));
    }
    assert_string_not_equal(name[0], name[1]);
    for (int i = 0; i < 2; i++) {
        unlink(name[i]);
        free(name[i]);
    }
    assert_int_equal(c4_temporary_open(scratch_path(state, "none/a"), &name[0], &descriptor),
                     ENOENT);
    assert_null(name[0]);
    assert_int_equal(c4_temporary_writer("a.tmp.12.0123abcd", NULL), 12);
    assert_int_equal(c4_temporary_writer("a.tmp.12.0123abcd.svg", ".svg"), 12);
    static const char *const others[] = {"a.tmp.12",
                                         "a.tmp.12.0123abc",
                                         "a.tmp.12.0123abcde",
                                         "a.tmp.12.0123abcX",
                                         "a.tmp.012.0123abcd",
                                         ".tmp.12.0123abcd",
                                         "a.tmp.12.0123abcd.mine",
                                         "a.tmp.12-0123abcd",
                                         "a"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(c4_temporary_writer(others[i], ".svg"), 0);
}

/* What was planted at a name that could be foreseen in 0.1.0 stays what it is. */
static void planted_files_are_left_alone(void **state) {
    char planted[64];
    snprintf(planted, sizeof planted, "a.tmp.%ld", (long)getpid());
    put_file(scratch_path(state, "users"), "users", 5);
    assert_int_equal(link(scratch_path(state, "users"), scratch_path(state, planted)), 0);
    assert_int_equal(c4_file_write_atomic(scratch_path(state, "a"), "new", 3), C4_OK);
    assert_text_file_is(scratch_path(state, "users"), "users");
    assert_text_file_is(scratch_path(state, "a"), "new");
    assert_int_equal(unlink(scratch_path(state, planted)), 0);
    assert_int_equal(mkfifo(scratch_path(state, planted), 0666), 0);
    assert_int_equal(c4_file_write_atomic(scratch_path(state, "a"), "newer", 5), C4_OK);
    assert_int_equal(scratch_entries(state), 3);
    assert_int_equal(unlink(scratch_path(state, planted)), 0);
}

static void leftovers_of_the_dead_go(void **state) {
    struct scratch *scratch = *state;
    pid_t child = dead_process();
    char dead[64], drawn[64], live[64], old[64], mine[64];
    snprintf(dead, sizeof dead, "a.tmp.%ld.0123abcd", (long)child);
    snprintf(drawn, sizeof drawn, ".fig.tmp.%ld.0123abcd.svg", (long)child);
    snprintf(live, sizeof live, "a.tmp.%ld.0123abcd", (long)getpid());
    snprintf(old, sizeof old, "a.tmp.%ld", (long)child);
    snprintf(mine, sizeof mine, "a.tmp.%ld.0123abcd.mine", (long)child);
    const char *const kept[] = {live, old, mine, "a", "a.tmp", "a.tmp.", "tmp.1"};
    put_file(scratch_path(state, dead), "x", 1);
    put_file(scratch_path(state, drawn), "x", 1);
    for (int i = 0; i < 7; i++) put_file(scratch_path(state, kept[i]), "x", 1);
    assert_int_equal(c4_leftovers_remove(scratch->folder), C4_OK);
    for (int i = 0; i < 7; i++) assert_true(c4_path_exists(scratch_path(state, kept[i])));
    assert_int_equal(scratch_entries(state), 7);
    assert_int_equal(c4_leftovers_remove(scratch_path(state, "no-such")), C4_OK);
}

static void leftovers_of_one_file_go_alone(void **state) {
    pid_t child = dead_process();
    static const char *const kept[] = {
        "a.tmp.%ld.0123abcd.svg", "b.tmp.%ld.0123abcd", "ba.tmp.%ld.0123abcd",
        "a.tmp.0%ld.0123abcd",    "a.tmp.%ld",          "a.tmp.%ld.0123ABCD"};
    char name[64];
    snprintf(name, sizeof name, "a.tmp.%ld.0123abcd", (long)getpid());
    put_file(scratch_path(state, name), "x", 1);
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, kept[i], (long)child);
        put_file(scratch_path(state, name), "x", 1);
    }
    snprintf(name, sizeof name, "a.tmp.%ld.0123abcd", (long)child);
    put_file(scratch_path(state, name), "x", 1);
    assert_int_equal(c4_leftovers_remove_of(scratch_path(state, "a")), C4_OK);
    assert_false(c4_path_exists(scratch_path(state, name)));
    assert_int_equal(scratch_entries(state), 7);

    /* Writing created neither a folder nor a link. */
    assert_int_equal(mkdir(scratch_path(state, name), 0777), 0);
    assert_int_equal(c4_leftovers_remove_of(scratch_path(state, "a")), C4_OK);
    assert_int_equal(rmdir(scratch_path(state, name)), 0);
    assert_int_equal(symlink("b", scratch_path(state, name)), 0);
    assert_int_equal(c4_leftovers_remove_of(scratch_path(state, "a")), C4_OK);
    assert_int_equal(unlink(scratch_path(state, name)), 0);

    assert_int_equal(mkdir(scratch_path(state, "links"), 0777), 0);
    put_file(scratch_path(state, "a"), "x", 1);
    put_file(scratch_path(state, name), "x", 1);
    assert_int_equal(symlink("../a", scratch_path(state, "links/to-a")), 0);
    assert_int_equal(c4_leftovers_remove_of(scratch_path(state, "links/to-a")), C4_OK);
    assert_int_equal(scratch_entries(state), 9);
    assert_int_equal(c4_leftovers_remove_of(scratch_path(state, "none/a")), C4_OK);
}

static void one_file_has_many_names(void **state) {
    struct scratch *scratch = *state;
    char old[1024];
    assert_non_null(getcwd(old, sizeof old));
    assert_int_equal(chdir(scratch->folder), 0);
    assert_int_equal(mkdir("in", 0777), 0);
    put_file("file", "x", 1);
    const int made[] = {link("file", "twin"),        symlink("file", "link"),
                        symlink("in/..", "here"),    symlink("new", "ahead"),
                        symlink("ahead", "further"), symlink("round", "round")};
    for (int i = 0; i < 6; i++) assert_int_equal(made[i], 0);
    char long_name[5000];
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"file", "./file", true},
        {"file", "twin", true},
        {"file", "link", true},
        {"here/file", "in/../twin", true},
        {"file", scratch_path(state, "file"), true},
        {"file", "new", false},
        {"file", "in/file", false},
        {"new", "new", true},
        {"new", ".//new", true},
        {"new", "in/../new", true},
        {"here/new", scratch_path(state, "new"), true},
        {"new", "ahead", true},
        {"further", "here/ahead", true},
        {"new", "newer", false},
        {"new", "in/new", false},
        {"none/new", "none/new", false},
        {"round", "new", false},
        {"new", "", false},
        {long_name, long_name, false},
    };
    bool same[2][sizeof cases / sizeof *cases];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        same[0][i] = c4_path_same(cases[i].a, cases[i].b);
        same[1][i] = c4_path_same(cases[i].b, cases[i].a);
    }
    assert_int_equal(chdir(old), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int way = 0; way < 2; way++)
            if (same[way][i] != cases[i].same)
                fail_msg("%s and %s are %d", cases[i].a, cases[i].b, same[way][i]);
}

static void failed_write_leaves_the_old_file(void **state) {
    enum { LARGE = 100000 };
    char *large = calloc(1, LARGE);
    struct rlimit old;
    const char *path = scratch_path(state, "kept");
    assert_non_null(large);
    put_file(path, "old", 3);
    file_size_limit_begin(LARGE / 2, &old);
    enum c4_status status = c4_file_write_atomic(path, large, LARGE);
    file_size_limit_end(&old);
    free(large);
    assert_failed(status, C4_ERR_FAILED, "ulimit -f");
    assert_text_file_is(path, "old");
    assert_int_equal(scratch_entries(state), 1);
}

static void on_alarm(int signal_number) {
    (void)signal_number;
}

/* Slowly reads a pipe to its end; exits with 0 if it has `size_bytes` bytes and byte i is i mod
 * 251. */
static void check_slowly(int descriptor, size_t size_bytes) {
    static unsigned char piece[1 << 16];
    size_t done = 0;
    int wrong = 0;
    for (ssize_t got; (got = read(descriptor, piece, sizeof piece)) > 0;) {
        for (ssize_t i = 0; i < got; i++) wrong |= piece[i] != (done + (size_t)i) % 251;
        done += (size_t)got;
        nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
    }
    _exit(wrong || done != size_bytes);
}

/* An alarm every millisecond cuts the writes to a full pipe short or ends them with EINTR. */
static void interrupted_writes_go_on(void **state) {
    enum { SIZE_BYTES = 1 << 20 };
    (void)state;
    int ends[2], child_status = -1;
    unsigned char *bytes = malloc(SIZE_BYTES);
    assert_non_null(bytes);
    for (size_t i = 0; i < SIZE_BYTES; i++) bytes[i] = (unsigned char)(i % 251);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[1]);
        check_slowly(ends[0], SIZE_BYTES);
    }
    close(ends[0]);
    struct sigaction action = {.sa_handler = on_alarm}, old;
    struct itimerval every = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
    enum c4_status status = c4_file_write_all(ends[1], "pipe", bytes, SIZE_BYTES);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    close(ends[1]);
    free(bytes);
    assert_int_equal(waitpid(child, &child_status, 0), child);
    assert_int_equal(status, C4_OK);
    assert_int_equal(child_status, 0);
}

static void impossible_targets_are_refused(void **state) {
    const char *folder = scratch_path(state, "folder"), *pipe = scratch_path(state, "pipe");
    assert_failed(c4_file_write_atomic(scratch_path(state, "none/x"), "x", 1), C4_ERR_FAILED,
                  "its folder does not exist");
    put_file(scratch_path(state, "file"), "f", 1);
    assert_failed(c4_file_write_atomic(scratch_path(state, "file/x"), "x", 1), C4_ERR_FAILED,
                  "is a file, not a folder");
    assert_int_equal(mkdir(folder, 0777), 0);
    assert_failed(c4_file_write_atomic(folder, "x", 1), C4_ERR_FAILED, "is a folder");
    assert_int_equal(mkfifo(pipe, 0666), 0);
    assert_failed(c4_file_write_atomic(pipe, "x", 1), C4_ERR_FAILED, "device or pipe");
    assert_failed(c4_file_write_atomic("", "x", 1), C4_ERR_FAILED, "does not exist");
    char name[300];
    memset(name, 'n', 299);
    name[299] = '\0';
    assert_failed(c4_file_write_atomic(scratch_path(state, name), "x", 1), C4_ERR_FAILED,
                  "too long");
    assert_int_equal(scratch_entries(state), 3);
}

static void symbolic_links_are_followed(void **state) {
    struct stat info;
    const char *file = scratch_path(state, "file"), *link = scratch_path(state, "link");
    put_file(file, "old", 3);
    assert_int_equal(symlink("file", link), 0);
    assert_int_equal(c4_file_write_atomic(link, "new", 3), C4_OK);
    assert_text_file_is(file, "new");
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
}

static void missing_permission_is_said(void **state) {
    struct scratch *scratch = *state;
    unsigned char *bytes = NULL;
    size_t size_bytes;
    const char *locked = scratch_path(state, "locked"), *secret = scratch_path(state, "secret");
    const char *folder = scratch_path(state, "folder"), *inner = scratch_path(state, "folder/x");
    assert_int_equal(chmod(scratch->folder, 0777), 0);
    put_file(locked, "old", 3);
    put_file(secret, "old", 3);
    assert_int_equal(mkdir(folder, 0777), 0);
    assert_int_equal(chmod(locked, 0444), 0);
    assert_int_equal(chmod(secret, 0), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    unprivileged_begin();
    enum c4_status over_locked = c4_file_write_atomic(locked, "new", 3);
    char sentence[1024];
    snprintf(sentence, sizeof sentence, "%s", c4_error());
    enum c4_status into_folder = c4_file_write_atomic(inner, "new", 3);
    enum c4_status made = c4_dir_make(inner);
    enum c4_status again = c4_dir_make(folder);
    enum c4_status read = c4_file_read(secret, &bytes, &size_bytes);
    unprivileged_end();
    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(over_locked, C4_ERR_ENVIRONMENT);
    assert_non_null(strstr(sentence, "permission to write"));
    assert_int_equal(into_folder, C4_ERR_ENVIRONMENT);
    assert_int_equal(made, C4_ERR_ENVIRONMENT);
    assert_int_equal(again, C4_OK);
    assert_failed(read, C4_ERR_ENVIRONMENT, "permission to read");
    assert_null(bytes);
    assert_text_file_is(locked, "old");
    assert_int_equal(scratch_entries(state), 3);
}

/* A probe gives the error that a write would, and leaves no trace. */
static void probes_leave_nothing(void **state) {
    struct scratch *scratch = *state;
    struct rlimit before, small = {.rlim_cur = 1000};
    const char *file = scratch_path(state, "file"), *made = scratch_path(state, "made/deep");
    put_file(file, "old", 3);
    assert_int_equal(c4_file_probe(file, 1 << 20), C4_OK);
    assert_int_equal(c4_file_probe(scratch_path(state, "new"), 1 << 20), C4_OK);
    assert_text_file_is(file, "old");
    assert_failed(c4_file_probe(scratch_path(state, "no/file"), 0), C4_ERR_FAILED,
                  "folder does not exist");
    assert_failed(c4_file_probe(scratch->folder, 0), C4_ERR_FAILED, "is a folder");
    assert_failed(c4_file_probe("/dev/null", 0), C4_ERR_FAILED, "device or pipe");
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum c4_status too_large = c4_file_probe(file, 1001), fits = c4_file_probe(file, 1000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(too_large, C4_ERR_FAILED);
    assert_int_equal(fits, C4_OK);
    assert_int_equal(scratch_entries(state), 1);
    assert_int_equal(c4_dir_probe(made), C4_OK);
    assert_failed(c4_dir_probe(file), C4_ERR_FAILED, "is a file where a folder is needed");
    assert_int_equal(rmdir(made), 0);
}

static void every_errno_has_a_sentence(void **state) {
    (void)state;
    const struct {
        int error;
        enum c4_status status;
        const char *words;
    } writes[] = {
        {ENOSPC, C4_ERR_FAILED, "p: cannot be written because the disk is full; free"},
        {EDQUOT, C4_ERR_FAILED, "quota"},
        {EROFS, C4_ERR_ENVIRONMENT, "read-only file system"},
        {EPERM, C4_ERR_ENVIRONMENT, "permission to write"},
        {ENOMEM, C4_ERR_MEMORY, "out of memory"},
        {EIO, C4_ERR_FAILED, "Input/output error"},
    };
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++)
        assert_failed(c4_fail_write("p", writes[i].error), writes[i].status, writes[i].words);
    assert_failed(c4_fail_read("p", EIO), C4_ERR_FAILED, "Input/output error");
    assert_failed(c4_fail_read("p", ENAMETOOLONG), C4_ERR_DATA, "too long");
}

static void unreadable_things_are_refused(void **state) {
    struct scratch *scratch = *state;
    unsigned char byte = 0, *bytes = &byte;
    size_t size_bytes = 1;
    const char *pipe = scratch_path(state, "pipe");
    assert_failed(c4_file_read(scratch_path(state, "none"), &bytes, &size_bytes), C4_ERR_DATA,
                  "no such file; check the path");
    assert_null(bytes);
    assert_int_equal(size_bytes, 0);
    assert_failed(c4_file_read(scratch->folder, &bytes, &size_bytes), C4_ERR_DATA, "is a folder");
    assert_int_equal(mkfifo(pipe, 0666), 0);
    assert_failed(c4_file_read(pipe, &bytes, &size_bytes), C4_ERR_DATA, "device or pipe");
    assert_failed(c4_file_read("/dev/zero", &bytes, &size_bytes), C4_ERR_DATA, "device or pipe");
}

static void folders_are_made_with_parents(void **state) {
    const char *deep = scratch_path(state, "a/b//c/"), *file = scratch_path(state, "file");
    assert_int_equal(c4_path_exists(deep), 0);
    assert_int_equal(c4_dir_make(deep), C4_OK);
    assert_int_equal(c4_path_exists(deep), 1);
    assert_int_equal(c4_dir_make(deep), C4_OK);
    assert_int_equal(c4_dir_make("/"), C4_OK);
    assert_int_equal(c4_dir_make("."), C4_OK);
    put_file(file, "f", 1);
    assert_int_equal(c4_path_exists(file), 1);
    assert_failed(c4_dir_make(file), C4_ERR_FAILED, "is a file where a folder");
    assert_failed(c4_dir_make(scratch_path(state, "file/x")), C4_ERR_FAILED, "is a file");
    assert_failed(c4_dir_make(""), C4_ERR_USAGE, "empty");
}

static void paths_are_joined(void **state) {
    (void)state;
    const char *cases[][3] = {{"a", "b", "a/b"},    {"a/", "b", "a/b"}, {"", "b", "b"},
                              {"a", "/b", "/b"},    {"/", "b", "/b"},   {"a", "", "a/"},
                              {"a/b", "c", "a/b/c"}};
    char out[16];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(c4_path_join(out, sizeof out, cases[i][0], cases[i][1]), C4_OK);
        assert_string_equal(out, cases[i][2]);
    }
    assert_int_equal(c4_path_join(out, 4, "a", "b"), C4_OK);
    assert_failed(c4_path_join(out, 3, "a", "b"), C4_ERR_USAGE, "longer than 2");
    assert_string_equal(out, "");
    assert_int_equal(c4_path_join(out, 0, "a", "b"), C4_ERR_USAGE);
}

/* FIPS 180-4's examples. */
static void sha256_known_answers(void **state) {
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    const char *want_two = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
    char hex[C4_SHA256_HEX_SIZE];
    assert_int_equal(c4_sha256_hex(NULL, 0, hex), C4_OK);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(c4_sha256_hex("abc", 3, hex), C4_OK);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    for (size_t split = 0; split <= 56; split++) {
        struct c4_sha256 hash;
        assert_int_equal(c4_sha256_init(&hash), C4_OK);
        assert_int_equal(c4_sha256_update(&hash, two_blocks, split), C4_OK);
        assert_int_equal(c4_sha256_update(&hash, two_blocks + split, 56 - split), C4_OK);
        assert_int_equal(c4_sha256_final(&hash, hex), C4_OK);
        c4_sha256_free(&hash);
        c4_sha256_free(&hash);
        assert_string_equal(hex, want_two);
    }

    enum { MILLION = 1000000 };
    char *as = malloc(MILLION);
    const char *path = scratch_path(state, "as");
    assert_non_null(as);
    memset(as, 'a', MILLION);
    put_file(path, as, MILLION);
    free(as);
    assert_int_equal(c4_sha256_file(path, hex), C4_OK);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_failed(c4_sha256_file(scratch_path(state, "none"), hex), C4_ERR_DATA, "no such file");
    assert_failed(c4_sha256_file("/dev/zero", hex), C4_ERR_DATA, "device or pipe");
}

#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(written_bytes_come_back),
        SCRATCH_TEST(relative_path_is_written_here),
        SCRATCH_TEST(temporaries_have_marks),
        SCRATCH_TEST(planted_files_are_left_alone),
        SCRATCH_TEST(leftovers_of_one_file_go_alone),
        SCRATCH_TEST(one_file_has_many_names),
        SCRATCH_TEST(leftovers_of_the_dead_go),
        SCRATCH_TEST(failed_write_leaves_the_old_file),
        cmocka_unit_test(interrupted_writes_go_on),
        SCRATCH_TEST(impossible_targets_are_refused),
        SCRATCH_TEST(symbolic_links_are_followed),
        SCRATCH_TEST(missing_permission_is_said),
        SCRATCH_TEST(probes_leave_nothing),
        cmocka_unit_test(every_errno_has_a_sentence),
        SCRATCH_TEST(unreadable_things_are_refused),
        SCRATCH_TEST(folders_are_made_with_parents),
        cmocka_unit_test(paths_are_joined),
        SCRATCH_TEST(sha256_known_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
