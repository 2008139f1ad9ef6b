/* A run whose team grows and shrinks between its segments. */
#include "tests/repro/run_bench.h"

/* Does the run in segments of one epoch by one execution, whose team grows and shrinks: segment k
 * has threads[k % 4]. */
static void do_run_in_teams(struct bench *bench, const char *family, const int threads[4],
                            struct c4_row_list *rows, struct c4_known_checkpoint *last) {
    struct c4_segment segment = {.from = -1};
    struct c4_execution *execution;
    assert_true(c4_run_describe(&bench->study, &bench->scale, family, 1, &segment.run));
    *rows = (struct c4_row_list){.statistics = "batch"};
    bench->runner.threads = threads[0];
    assert_int_equal(c4_execution_new(&bench->runner, &execution), C4_OK);
    for (int k = 0; segment.from < (int64_t)segment.run.epochs; k++) {
        bool faulty;
        bench->runner.threads = threads[k % 4];
        assert_int_equal(c4_execution_change_team(execution), C4_OK);
        segment.to = (uint32_t)(segment.from + 1);
        if (c4_execution_segment(execution, &segment, rows, last, &faulty) != C4_OK)
            fail_msg("%s", c4_error());
        segment.from = segment.to;
        segment.last = *last;
    }
    c4_execution_free(execution);
    bench->runner.threads = 1;
}

/* Rows and checkpoints of a run whose team changes at every segment are those of one thread. The
 * last segment's checkpoint is as good as a whole run's: momentum goes along. */
static void teams_change(void **state) {
    static struct bench bench;
    static const int changes[][4] = {{1, 2, 4, 1}, {3, 1, 8, 2}};
    struct c4_row_list whole, teams;
    struct c4_known_checkpoint a, b;
    set_up(&bench, scratch_path(state, "."));
    assert_int_equal(c4_study_set(&bench.study, &bench.scale, "pretrain_epochs=4"), C4_OK);
    do_run(&bench, "pretrain-d0", 5, NULL, &whole, &a);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        do_run_in_teams(&bench, "pretrain-d0", changes[i], &teams, &b);
        assert_int_equal(whole.result_count, teams.result_count);
        assert_memory_equal(whole.results, teams.results,
                            (size_t)teams.result_count * sizeof *teams.results);
        assert_string_equal(a.sha256, b.sha256);
        c4_out_free(&teams);
    }
    c4_out_free(&whole);
    tear_down(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(teams_change, scratch_set_up, scratch_tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
