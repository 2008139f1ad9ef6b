/* Merging studies: which rows stay, what is compared, and that nothing is half done. */
#include "tests/repro/store_sample.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/file/sha256.h"
#include "repro/merge/merge.h"

enum { EPOCHS = 3 };

/* What a study of the sample's run has. */
struct made {
    const char *backend, *started;
    int epochs;       /* epochs 0 .. epochs - 1 are done; the run with all of EPOCHS + 1 */
    int missing_from; /* from this epoch on there are no files of checkpoints */
    double value;     /* of the loss after epoch 1; NaN: NULL */
    double reference; /* seconds of two equal rows of cost without a run */
};
static const struct made usual = {.backend = "ref",
                                  .started = "2024-01-01T00:00:00Z",
                                  .epochs = EPOCHS + 1,
                                  .missing_from = EPOCHS + 1,
                                  .value = 0.1,
                                  .reference = 0.5};

static void add_segment(void **state, struct c4_store *store, const char *name, int epoch,
                        const struct made *made) {
    struct c4_provenance from = provenance;
    from.backend = made->backend;
    const struct c4_result_row rows[] = {
        {epoch, "cka_biased", "pool1", "initialisation", "cifar10-test", "batch", NAN, 500, 1},
        {epoch, "loss", "", "", "", "batch", epoch == 1 ? made->value : 2, 64, 0}};
    struct c4_cost_row costs[] = {{.epoch = epoch, .what = C4_COST_TRAIN, .seconds = 1},
                                  {.what = C4_COST_REFERENCE_FEATURES, .seconds = made->reference},
                                  {.what = C4_COST_REFERENCE_FEATURES, .seconds = made->reference}};
    for (int i = 0; i < 3; i++)
        snprintf(costs[i].started, sizeof costs->started, "%s", made->started);
    char path[128], file[256];
    snprintf(path, sizeof path, "checkpoints/" RUN "/epoch-%04d.safetensors", epoch);
    snprintf(file, sizeof file, "%s/%s", name, path);
    struct c4_store_segment segment = {.run = RUN,
                                       .state = epoch == EPOCHS ? C4_RUN_DONE : C4_RUN_RUNNING,
                                       .provenance = &from,
                                       .results = rows,
                                       .result_count = 2,
                                       .costs = costs,
                                       .cost_count = epoch == 0 ? 3 : 1,
                                       .threads = 1,
                                       .host = "h",
                                       .place = "0",
                                       .node = -1,
                                       .memory_node = -1,
                                       .program = "1.0",
                                       .epoch = (uint32_t)epoch,
                                       .checkpoint = path};
    /* No network: only files with different hashes are read. */
    assert_int_equal(c4_sha256_hex(&epoch, sizeof epoch, segment.checkpoint_sha256), C4_OK);
    if (epoch < made->missing_from)
        put_file(scratch_path(state, file), (char *)&epoch, sizeof epoch);
    assert_int_equal(c4_store_segment(store, &segment), C4_OK);
}

static void make(void **state, const char *name, struct made made) {
    char inside[128];
    struct c4_store *store = open_study(state, name);
    assert_int_equal(c4_store_setting(store, "batch", "32"), C4_OK);
    assert_int_equal(add_run(store, 500), C4_OK);
    snprintf(inside, sizeof inside, "%s/checkpoints", name);
    assert_int_equal(mkdir(scratch_path(state, inside), 0777), 0);
    snprintf(inside, sizeof inside, "%s/checkpoints/" RUN, name);
    assert_int_equal(mkdir(scratch_path(state, inside), 0777), 0);
    for (int epoch = 0; epoch < made.epochs; epoch++) add_segment(state, store, name, epoch, &made);
    c4_store_close(store);
}

/* Calls of watch() until it interrupts; -1: never. */
static int calls_left;

static enum c4_status watch(void *context) {
    (void)context;
    if (calls_left > 0) calls_left--;
    return calls_left == 0 ? c4_fail(C4_ERR_INTERRUPTED, "interrupted") : C4_OK;
}

static char said[1024];

static void report(void *context, const char *sentence) {
    (void)context;
    c4_text_fit(said, sizeof said, sentence);
}

static struct c4_merge_outcome outcome;

/* Merges two folders (the second may be NULL) into a third. */
static enum c4_status merge(void **state, const char *out, const char *a, const char *b) {
    char path[3][640], *folders[2] = {path[1], path[2]};
    const char *const name[3] = {out, a, b ? b : ""};
    for (int i = 0; i < 3; i++)
        snprintf(path[i], sizeof path[i], "%s", scratch_path(state, name[i]));
    const struct c4_merge_request request = {
        .out = path[0], .folder = folders, .folders = b ? 2 : 1, .watch = watch, .report = report};
    said[0] = '\0';
    c4_merge_outcome_free(&outcome);
    return c4_merge(&request, &outcome);
}

/* The text that a query of a study returns; valid until the next call. */
static const char *text_of(void **state, const char *name, const char *sql) {
    static char text[4096];
    char database[64];
    sqlite3 *db;
    sqlite3_stmt *statement;
    snprintf(database, sizeof database, "%s/study.db", name);
    assert_int_equal(sqlite3_open(scratch_path(state, database), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const unsigned char *found = sqlite3_column_text(statement, 0);
    snprintf(text, sizeof text, "%s", found ? (const char *)found : "NULL");
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return text;
}
#define assert_text(name, sql, text) assert_string_equal(text_of(state, name, sql), text)

static void rows_are_compared_bit_for_bit(void **state) {
    struct made other = usual;
    calls_left = -1;
    make(state, "a", usual);
    make(state, "b", usual);
    assert_int_equal(merge(state, "ab", "a", "b"), C4_OK);
    assert_int_equal(outcome.rows, 2 * (EPOCHS + 1));
    assert_int_equal(outcome.networks, 2);
    assert_int_equal(outcome.copied, 2);
    assert_string_equal(said, "");
    other.value = nextafter(usual.value, 1);
    make(state, "c", other);
    assert_int_equal(merge(state, "ac", "a", "c"), C4_ERR_RESULT);
    assert_sentence("run " RUN ", epoch 1, loss: value is 0.10000000000000001 in ");
    assert_sentence("/a and 0.10000000000000002 in ");
    assert_int_equal(access(scratch_path(state, "ac"), F_OK), -1);
    assert_int_equal(merge(state, "ab", "c", NULL), C4_ERR_RESULT);
    assert_sentence("/ab and 0.10000000000000002 in ");
    other.value = NAN;
    make(state, "d", other);
    assert_int_equal(merge(state, "ac", "d", "a"), C4_ERR_RESULT);
    assert_sentence("value is NULL in ");
}

/* Whatever the order: the provenance that is the smallest by content, the cost that began first. */
static void choices_do_not_depend_on_the_order(void **state) {
    struct made early = usual;
    early.backend = "avx2";
    early.started = "2023-01-01T00:00:00Z";
    calls_left = -1;
    make(state, "a", usual);
    make(state, "b", early);
    for (int i = 0; i < 2; i++) {
        const char *out = i ? "ba" : "ab";
        assert_int_equal(merge(state, out, i ? "b" : "a", i ? "a" : "b"), C4_OK);
        assert_text(out, "SELECT group_concat(DISTINCT backend) FROM results", "avx2");
        assert_text(out, "SELECT count(*) FROM provenance", "1");
        assert_text(out, "SELECT group_concat(DISTINCT started) FROM cost WHERE run NOT NULL",
                    "2023-01-01T00:00:00Z");
        assert_text(out, "SELECT count(*) FROM cost WHERE run NOT NULL", "4");
    }
    /* The ids of cost follow the order of its rows. */
    char costs[4096];
    static const char all[] = "SELECT group_concat(id || what || coalesce(run, '') || started ||"
                              " seconds) FROM (SELECT * FROM cost ORDER BY id)";
    snprintf(costs, sizeof costs, "%s", text_of(state, "ab", all));
    assert_text("ba", all, costs);
}

/* Work on references is done for each machine, and more than once on one; what is merged twice is
 * not counted twice. */
static void reference_costs_are_kept(void **state) {
    static const char sum[] = "SELECT sum(seconds) FROM cost WHERE run IS NULL";
    struct made other = usual;
    other.reference = 0.25;
    calls_left = -1;
    make(state, "a", usual);
    make(state, "b", other);
    assert_int_equal(merge(state, "out", "a", NULL), C4_OK);
    assert_text("out", sum, "1.0");
    assert_int_equal(merge(state, "out", "a", "b"), C4_OK);
    assert_text("out", sum, "1.5");
    assert_int_equal(merge(state, "out", "b", "a"), C4_OK);
    assert_text("out", sum, "1.5");
}

/* An unfinished run is taken from where its last sound checkpoint is the latest. */
static void the_farthest_run_is_taken(void **state) {
    static const char last[] = "SELECT max(epoch) || status || coalesce(rows_sha256, '')"
                               " FROM result JOIN run ON run.key = run";
    struct made early = usual, late = usual;
    early.epochs = 2;
    late.epochs = 3;
    calls_left = -1;
    make(state, "early", early);
    make(state, "late", late);
    late.missing_from = 1;
    make(state, "lost", late);
    assert_int_equal(merge(state, "one", "early", "late"), C4_OK);
    assert_text("one", last, "2planned");
    assert_text("one", "SELECT group_concat(epoch) FROM checkpoint", "1,2");
    assert_text("one", "SELECT group_concat(epoch) FROM cost WHERE run NOT NULL", "0,1,2");
    assert_int_equal(outcome.rows, 4);
    /* Its newer rows have no network that is sound. */
    assert_int_equal(merge(state, "two", "lost", "early"), C4_OK);
    assert_non_null(strstr(said, "lost: 2 of 2 networks are left out, the first because "));
    assert_text("two", last, "1planned");
    make(state, "done", usual);
    assert_int_equal(merge(state, "two", "done", "late"), C4_OK);
    assert_int_equal(strncmp(text_of(state, "two", last), "3done", 5), 0);
    assert_text("two", "SELECT group_concat(epoch) FROM checkpoint", "2,3");
    /* Rows of a finished run do not need its networks. */
    late = usual;
    late.missing_from = 0;
    make(state, "bare", late);
    assert_int_equal(merge(state, "three", "bare", NULL), C4_OK);
    assert_string_equal(said, "1 finished run is without a last network: 'conv4 report' draws it, "
                              "'conv4 repro' trains it again");
    assert_text("three", "SELECT status || count(*) FROM run JOIN result ON run = key", "done8");
    assert_text("three", "SELECT count(*) FROM checkpoint", "0");
    /* A path that leads out of the folder is no checkpoint's. */
    make(state, "away", usual);
    alter(state, "away/study.db",
          "UPDATE checkpoint SET path = 'checkpoints/../../done/' || path WHERE epoch = 3");
    assert_int_equal(merge(state, "four", "away", NULL), C4_OK);
    assert_text("four", "SELECT group_concat(epoch) FROM checkpoint", "2");
}

/* Interrupted anywhere, OUT is as it was. */
static void interruptions_change_nothing(void **state) {
    struct made early = usual;
    early.epochs = 2;
    make(state, "out", early);
    make(state, "a", usual);
    char before[4096];
    static const char all[] = "SELECT group_concat(epoch || quantity || status) || (SELECT"
                              " count(*) FROM cost) FROM result JOIN run ON key = run";
    snprintf(before, sizeof before, "%s", text_of(state, "out", all));
    int calls = 0;
    enum c4_status status;
    do {
        calls_left = ++calls;
        status = merge(state, "out", "a", NULL);
        if (status == C4_OK) break;
        assert_int_equal(status, C4_ERR_INTERRUPTED);
        assert_text("out", all, before);
        assert_text("out", "SELECT group_concat(epoch) FROM checkpoint", "0,1");
    } while (calls < 1000);
    assert_in_range(calls, 10, 999);
    assert_text("out", "SELECT group_concat(epoch) FROM checkpoint", "2,3");
    /* Files that no row has any more are gone. */
    assert_int_equal(
        access(scratch_path(state, "out/checkpoints/" RUN "/epoch-0001.safetensors"), F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(rows_are_compared_bit_for_bit), TEST(choices_do_not_depend_on_the_order),
        TEST(reference_costs_are_kept),      TEST(the_farthest_run_is_taken),
        TEST(interruptions_change_nothing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    c4_merge_outcome_free(&outcome);
    return failed;
}
