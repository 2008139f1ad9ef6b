/* All rows of a small study, as the store receives them: every native backend gives the
 * reference's, in both block orders, by both statistics, with one and two threads in turn; and a
 * hash of rows lets machines without a common backend be compared. Accuracy is measured on more
 * images than CKA needs, and the last batch is partial. */
#include "tests/core/test_file_scratch.h"

#include "core/data/synthetic.h"
#include "core/file/sha256.h"
#include "repro/run/measure.h"
#include "simd/dispatch.h"
#include "tests/harness/check_want.h"

enum { RUNS_MAX = 8 };

struct small_study {
    struct c4_study study;
    struct c4_scale scale;
    struct c4_schedule schedule;
    struct c4_images images;
    struct c4_runner runner;
};

/* The rows of every run of a schedule. */
struct study_rows {
    int runs;
    struct c4_row_list run[RUNS_MAX];
};

static enum c4_status advance(void *context, uint32_t images) {
    (void)context;
    (void)images;
    return C4_OK;
}

/* Everything but the images, which may already be loaded. */
static void set_up(struct small_study *s, const char *folder, const char *values) {
    assert_int_equal(c4_study_load(NULL, &s->study), C4_OK);
    s->scale = *c4_study_scale(&s->study, "smoke");
    if (c4_study_set(&s->study, &s->scale, values) != C4_OK) fail_msg("%s", c4_error());
    s->runner = (struct c4_runner){.folder = folder,
                                   .protocol = &s->study.protocol,
                                   .scale = &s->scale,
                                   .images = &s->images,
                                   .advance = advance};
}

static void use(struct small_study *s, const struct c4_backend *table, int threads) {
    static struct c4_dispatch dispatch;
    if (c4_dispatch(table->name, &dispatch) != C4_OK) fail_msg("%s", c4_error());
    s->runner.step = table->step;
    s->runner.gram = c4_backend_gram(table->gram_block ? table : &dispatch.backend);
    s->runner.backend = table->name;
    s->runner.threads = threads;
}

/* Backend `number`, 0, 1, ..., of those that must give the reference's bits; NULL past the last. */
static const struct c4_backend *subject(int number) {
    const struct c4_backend *table;
    for (int i = 0; c4_backend_name(i, &table, NULL); i++)
        if (table && table->bit_exact && table->step && c4_wants(table) && number-- == 0)
            return table;
    return NULL;
}

/* Does one run in one segment; earlier runs have left their last checkpoints in `last`. */
static void do_run(const struct small_study *s, int i, struct c4_known_checkpoint *last,
                   struct c4_row_list *rows) {
    struct c4_segment segment = {.run = s->schedule.run[i], .from = -1};
    struct c4_execution *execution;
    bool faulty;
    segment.to = segment.run.epochs;
    if (s->schedule.after[i] >= 0) segment.source = last[s->schedule.after[i]];
    *rows = (struct c4_row_list){
        .statistics = s->study.protocol.statistics == C4_BN_BATCH ? "batch" : "running"};
    assert_int_equal(c4_execution_new(&s->runner, &execution), C4_OK);
    if (c4_execution_segment(execution, &segment, rows, &last[i], &faulty) != C4_OK)
        fail_msg("%s: %s", segment.run.key, c4_error());
    c4_execution_free(execution);
}

static void do_study(const struct small_study *s, struct study_rows *rows) {
    struct c4_known_checkpoint last[RUNS_MAX] = {0};
    rows->runs = s->schedule.count;
    assert_in_range(rows->runs, 1, RUNS_MAX);
    for (int i = 0; i < rows->runs; i++) {
        assert_true(s->schedule.after[i] < i);
        do_run(s, i, last, &rows->run[i]);
    }
}

static void free_rows(struct study_rows *rows) {
    for (int i = 0; i < rows->runs; i++) c4_out_free(&rows->run[i]);
}

static void write_row(const struct c4_result_row *row, char text[256]) {
    snprintf(text, 256, "%d %s %s %s %s %s %d %a\n", (int)row->epoch, row->quantity, row->layer,
             row->reference, row->images, row->statistics, (int)row->n, row->value);
}

/* As text, so that a difference can be read. */
static void assert_same_rows(const struct study_rows *want, const struct study_rows *got,
                             const char *what) {
    assert_int_equal(want->runs, got->runs);
    for (int run = 0; run < want->runs; run++) {
        const struct c4_row_list *a = &want->run[run], *b = &got->run[run];
        int differing = 0;
        char first_a[256] = "", first_b[256] = "";
        assert_int_equal(a->result_count, b->result_count);
        for (int i = a->result_count - 1; i >= 0; i--) {
            char text_a[256], text_b[256];
            write_row(&a->results[i], text_a);
            write_row(&b->results[i], text_b);
            if (strcmp(text_a, text_b) == 0) continue;
            differing++;
            memcpy(first_a, text_a, sizeof text_a);
            memcpy(first_b, text_b, sizeof text_b);
        }
        if (differing)
            fail_msg("%s, run %d: %d of %d rows differ, the first one is\n%sand should be\n%s",
                     what, run, differing, a->result_count, first_b, first_a);
    }
}

/* In the most common mode with one thread and with two, in others with one number of threads. */
static void compare_all(struct small_study *s, const char *mode, int number) {
    const struct c4_backend *table;
    struct c4_dispatch reference;
    struct study_rows want = {0}, got = {0};
    assert_int_equal(c4_dispatch("ref", &reference), C4_OK);
    assert_int_equal(c4_schedule_make(&s->study, &s->scale, NULL, &s->schedule), C4_OK);
    if (c4_images_test(&s->images)->count == 0) { /* the same for all modes */
        if (c4_images_load(NULL, &s->study.protocol, &s->scale, &s->schedule, &s->images) != C4_OK)
            fail_msg("%s", c4_error());
        assert_int_equal(c4_images_add_patch_sums(&s->images, subject(0)->stem_moments), C4_OK);
    }
    use(s, reference.step_origin, 1);
    do_study(s, &want);
    for (int i = 0; (table = subject(i)); i++)
        for (int threads = 1; threads <= 2; threads++) {
            char what[96];
            bool in_turn = number == 0 || threads == 1 + (i + number) % 2;
            if (table == reference.step_origin || !in_turn) continue;
            use(s, table, threads);
            do_study(s, &got);
            snprintf(what, sizeof what, "%s, %s, threads: %d", table->name, mode, threads);
            assert_same_rows(&want, &got, what);
            free_rows(&got);
        }
    free_rows(&want);
    c4_schedule_free(&s->schedule);
}

/* CKA of 40 images needs a forward pass of 64; accuracy is measured on 104. */
static void native_backends_give_the_reference_rows(void **state) {
    static struct small_study s;
    for (int order = 0; order < 2; order++)
        for (int statistics = 0; statistics < 2; statistics++) {
            char mode[64], values[512];
            snprintf(mode, sizeof mode, "order=%s,statistics=%s", order ? "relu-bn" : "bn-relu",
                     statistics ? "running" : "batch");
            snprintf(values, sizeof values,
                     "seeds=1,pretrain_images=48,pretrain_epochs=1,finetune_images=33,"
                     "finetune_epochs=1,train_accuracy_images=40,accuracy_images=104,cka_images=40,"
                     "curve_images=20,control_images=20,40,sizes=16,size_epochs=1,degrees=0,"
                     "finetune_degrees=9,svhn_degrees=0,%s",
                     mode);
            set_up(&s, scratch_path(state, "."), values);
            compare_all(&s, mode, 2 * order + statistics);
        }
    c4_images_free(&s.images);
}

static void hash_rows(const struct c4_row_list *rows, char hash[C4_SHA256_HEX_SIZE]) {
    struct c4_sha256 sha;
    assert_int_equal(c4_sha256_init(&sha), C4_OK);
    for (int i = 0; i < rows->result_count; i++) {
        char text[256];
        write_row(&rows->results[i], text);
        assert_int_equal(c4_sha256_update(&sha, text, strlen(text)), C4_OK);
    }
    assert_int_equal(c4_sha256_final(&sha, hash), C4_OK);
    c4_sha256_free(&sha);
}

/* Small enough for an emulator: one run of 40 images, measured on 104, of which CKA needs 64. */
static void rows_have_the_recorded_hash(void **state) {
    static const char recorded[] =
        "2fc9b3426f5e15fc56a8fbfe6ce482bfc430c64eefa70e83a53937a32d462087";
    static struct small_study s;
    struct c4_run run;
    const struct c4_backend *table;
    int checked = 0;
    set_up(&s, scratch_path(state, "."),
           "seeds=1,pretrain_images=40,pretrain_epochs=1,train_accuracy_images=32,"
           "accuracy_images=104,cka_images=40,curve_images=20,control_images=none");
    assert_true(c4_run_describe(&s.study, &s.scale, "pretrain-d9", 1, &run));
    s.schedule = (struct c4_schedule){.count = 1, .run = &run, .after = (int[]){-1}};
    assert_int_equal(
        c4_synthetic_make(&c4_synthetic_objects, C4_TRAIN, 1, 40, &s.images.set[0].split[C4_TRAIN]),
        C4_OK);
    assert_int_equal(
        c4_synthetic_make(&c4_synthetic_objects, C4_TEST, 1, 104, &s.images.set[0].split[C4_TEST]),
        C4_OK);
    for (int i = 0; (table = subject(i)); i++) {
        struct study_rows rows = {0};
        char hash[C4_SHA256_HEX_SIZE];
        if (i == 0)
            assert_int_equal(c4_images_add_patch_sums(&s.images, table->stem_moments), C4_OK);
        use(&s, table, 2);
        do_study(&s, &rows);
        hash_rows(&rows.run[0], hash);
        printf("%s: rows hash %s\n", table->name, hash);
        assert_string_equal(hash, recorded);
        free_rows(&rows);
        checked++;
    }
    assert_true(checked > 0);
    c4_images_free(&s.images);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest hash[] = {TEST(rows_have_the_recorded_hash)};
    const struct CMUnitTest all[] = {hash[0], TEST(native_backends_give_the_reference_rows)};
    return c4_want_emulated() ? cmocka_run_group_tests(hash, NULL, NULL)
                              : cmocka_run_group_tests(all, NULL, NULL);
}
