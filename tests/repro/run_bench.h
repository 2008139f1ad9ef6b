/* For tests of runs: a study of a few images, and runs of it without workers. */
#ifndef C4_TESTS_REPRO_RUN_BENCH_H
#define C4_TESTS_REPRO_RUN_BENCH_H

#include "tests/core/test_file_scratch.h"

#include "repro/run/run.h"
#include "simd/dispatch.h"

/* A study of a few images, and everything that its runs use. */
struct bench {
    struct c4_study study;
    struct c4_scale scale;
    struct c4_schedule schedule;
    struct c4_images images;
    struct c4_dispatch dispatch;
    struct c4_runner runner;
    uint64_t images_done;
};

static enum c4_status advance(void *context, uint32_t images) {
    struct bench *bench = context;
    bench->images_done += images;
    return C4_OK;
}

static void set_up(struct bench *bench, const char *folder) {
    memset(bench, 0, sizeof *bench);
    assert_int_equal(c4_study_load(NULL, &bench->study), C4_OK);
    bench->scale = *c4_study_scale(&bench->study, "smoke");
    assert_int_equal(
        c4_study_set(&bench->study, &bench->scale,
                     "pretrain_images=48,pretrain_epochs=2,finetune_images=32,finetune_epochs=1,"
                     "train_accuracy_images=32,accuracy_images=80,cka_images=40,curve_images=20,"
                     "control_images=20,40,60,sizes=16,size_epochs=1,degrees=0,finetune_degrees=9,"
                     "svhn_degrees=none"),
        C4_OK);
    assert_int_equal(c4_schedule_make(&bench->study, &bench->scale, NULL, &bench->schedule), C4_OK);
    assert_int_equal(c4_images_load(NULL, &bench->study.protocol, &bench->scale, &bench->schedule,
                                    &bench->images),
                     C4_OK);
    assert_int_equal(c4_dispatch("auto", &bench->dispatch), C4_OK);
    bench->runner = (struct c4_runner){.folder = folder,
                                       .protocol = &bench->study.protocol,
                                       .scale = &bench->scale,
                                       .images = &bench->images,
                                       .step = bench->dispatch.backend.step,
                                       .gram = c4_backend_gram(&bench->dispatch.backend),
                                       .backend = bench->dispatch.backend.name,
                                       .threads = 1,
                                       .advance = advance,
                                       .context = bench};
}

static void tear_down(struct bench *bench) {
    c4_images_free(&bench->images);
    c4_schedule_free(&bench->schedule);
}

/* Does the run in segments of `each` epochs, each by its own execution. */
static void do_run(struct bench *bench, const char *family, uint32_t each,
                   const struct c4_known_checkpoint *source, struct c4_row_list *rows,
                   struct c4_known_checkpoint *last) {
    struct c4_segment segment = {.from = -1};
    assert_true(c4_run_describe(&bench->study, &bench->scale, family, 1, &segment.run));
    if (source) segment.source = *source;
    *rows = (struct c4_row_list){.statistics = "batch"};
    do {
        struct c4_execution *execution;
        bool faulty;
        segment.to = (uint32_t)(segment.from + 1) + each - 1;
        if (segment.to > segment.run.epochs) segment.to = segment.run.epochs;
        assert_int_equal(c4_execution_new(&bench->runner, &execution), C4_OK);
        enum c4_status status = c4_execution_segment(execution, &segment, rows, last, &faulty);
        if (status != C4_OK) fail_msg("%s", c4_error());
        assert_int_equal(last->epoch, segment.to);
        c4_execution_free(execution);
        segment.from = segment.to;
        segment.last = *last;
    } while (segment.to < segment.run.epochs);
}

#endif
