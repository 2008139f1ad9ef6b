#include "tests/load/pretend.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/file.h"
#include "repro/run/resume.h"
#include "simd/dispatch.h"

/* As many numbers of images for CKA as the paper's scale has, the third that of every epoch. */
static const char few_images[] =
    "degrees=0,9,finetune_degrees=0,9,svhn_degrees=0,9,sizes=16,size_epochs=2,pretrain_images=48,"
    "pretrain_epochs=2,finetune_images=32,finetune_epochs=2,train_accuracy_images=32,"
    "accuracy_images=80,cka_images=40,curve_images=40,control_images=8,16,40,80";

_Static_assert(sizeof(struct pretend_shared) == offsetof(struct pretend_shared, cost) &&
                   sizeof(struct c4_cost_row) % _Alignof(struct c4_result_row) == 0,
               "the rows follow the head");

/* Everything that runs of a few images use, and their rows. */
struct maker {
    struct c4_study study;
    struct c4_scale scale;
    struct c4_schedule schedule;
    struct c4_images images;
    struct c4_dispatch dispatch;
    struct c4_runner runner;
    struct c4_known_checkpoint *last;
    struct c4_row_list rows; /* of all kinds and parts */
    struct pretend_shared head;
};

static enum c4_status advance(void *context, uint32_t images) {
    (void)context;
    (void)images;
    return C4_OK;
}

static bool has_true_labels(const struct c4_run *run) {
    return run->labels.rule == C4_LABELS_TRUE ||
           (run->labels.rule == C4_LABELS_RANDOM && run->labels.degree == 0);
}

const struct pretend_kind *pretend_kind_of(const struct pretend_shared *shared,
                                           const struct c4_run *run) {
    for (int i = 0; i < shared->kinds; i++) {
        const struct pretend_kind *kind = &shared->kind[i];
        if (kind->kind == run->kind && kind->data == run->data &&
            kind->true_labels == has_true_labels(run))
            return kind;
    }
    return NULL;
}

int pretend_part(const struct c4_run *run, int64_t epoch) {
    return epoch == 0 ? PRETEND_FIRST : epoch < run->epochs ? PRETEND_INNER : PRETEND_LAST;
}

static enum c4_status open_maker(const char *folder, struct maker *m) {
    C4_TRY(c4_study_load(NULL, &m->study));
    C4_TRY(c4_study_find_scale(&m->study, "paper", &(const struct c4_scale *){NULL}));
    m->scale = *c4_study_scale(&m->study, "paper");
    C4_TRY(c4_study_set(&m->study, &m->scale, few_images));
    C4_TRY(c4_seeds_read("1", &m->scale.seeds));
    C4_TRY(c4_schedule_make(&m->study, &m->scale, NULL, &m->schedule));
    C4_TRY(c4_images_load(NULL, &m->study.protocol, &m->scale, &m->schedule, &m->images));
    C4_TRY(c4_dispatch("auto", &m->dispatch));
    m->runner = (struct c4_runner){.folder = folder,
                                   .protocol = &m->study.protocol,
                                   .scale = &m->scale,
                                   .images = &m->images,
                                   .step = m->dispatch.backend.step,
                                   .gram = c4_backend_gram(&m->dispatch.backend),
                                   .backend = m->dispatch.backend.name,
                                   .threads = 1,
                                   .advance = advance};
    m->last = calloc((size_t)m->schedule.count, sizeof *m->last);
    return m->last ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory");
}

static enum c4_status add_result(struct maker *m, const struct c4_result_row *row) {
    C4_TRY(c4_out_result(&m->rows, row->quantity, row->value, row->n));
    m->rows.results[m->rows.result_count - 1] = *row;
    return C4_OK;
}

static enum c4_status add_cost(struct maker *m, const struct c4_cost_row *row) {
    C4_TRY(c4_out_seconds(&m->rows, row->what, row->seconds));
    m->rows.costs[m->rows.cost_count - 1] = *row;
    return C4_OK;
}

/* Sorts the rows of a run into parts. A checkpoint's cost is a segment's, not an epoch's. */
static enum c4_status take_rows(struct maker *m, const struct c4_run *run,
                                const struct c4_row_list *rows) {
    if (pretend_kind_of(&m->head, run)) return C4_OK;
    if (m->head.kinds == PRETEND_KINDS) return c4_fail(C4_ERR_FAILED, "more kinds than expected");
    struct pretend_kind *kind = &m->head.kind[m->head.kinds++];
    kind->kind = run->kind;
    kind->data = run->data;
    kind->true_labels = has_true_labels(run);
    for (int part = 0; part < PRETEND_PARTS; part++) {
        kind->result[part] = m->rows.result_count;
        kind->cost[part] = m->rows.cost_count;
        for (int i = 0; i < rows->result_count; i++)
            if (rows->results[i].epoch == part) C4_TRY(add_result(m, &rows->results[i]));
        for (int i = 0; i < rows->cost_count; i++) {
            const struct c4_cost_row *row = &rows->costs[i];
            if (row->epoch == part && row->what != C4_COST_CHECKPOINT &&
                !c4_cost_is_shared(row->what))
                C4_TRY(add_cost(m, row));
        }
    }
    kind->result[PRETEND_PARTS] = m->rows.result_count;
    kind->cost[PRETEND_PARTS] = m->rows.cost_count;
    return C4_OK;
}

static enum c4_status make_rows(struct maker *m) {
    for (int i = 0; i < m->schedule.count; i++) {
        const int after = m->schedule.after[i];
        struct c4_segment segment = {.run = m->schedule.run[i], .from = -1};
        struct c4_row_list rows = {.statistics = "batch"};
        struct c4_execution *execution;
        bool faulty;
        segment.to = segment.run.epochs;
        if (segment.to + 1 != PRETEND_PARTS) return c4_fail(C4_ERR_FAILED, "not three epochs");
        if (after >= 0) segment.source = m->last[after];
        C4_TRY(c4_execution_new(&m->runner, &execution));
        enum c4_status status =
            c4_execution_segment(execution, &segment, &rows, &m->last[i], &faulty);
        if (status == C4_OK) status = take_rows(m, &segment.run, &rows);
        c4_execution_free(execution);
        c4_out_free(&rows);
        C4_TRY(status);
    }
    return C4_OK;
}

static enum c4_status make(struct maker *m, const char *folder, const char *path) {
    C4_TRY(open_maker(folder, m));
    C4_TRY(make_rows(m));
    m->head.results = m->rows.result_count;
    m->head.costs = m->rows.cost_count;
    const struct c4_file_part parts[] = {
        {&m->head, sizeof m->head},
        {m->rows.costs, (size_t)m->rows.cost_count * sizeof *m->rows.costs},
        {m->rows.results, (size_t)m->rows.result_count * sizeof *m->rows.results}};
    return c4_file_write_parts(path, parts, 3);
}

enum c4_status pretend_write(const char *folder, const char *path, double segment_seconds) {
    struct maker *m = calloc(1, sizeof *m);
    if (!m) return c4_fail(C4_ERR_MEMORY, "out of memory");
    m->head.segment_seconds = segment_seconds;
    enum c4_status status = make(m, folder, path);
    c4_out_free(&m->rows);
    free(m->last);
    c4_images_free(&m->images);
    c4_schedule_free(&m->schedule);
    free(m);
    return status;
}

struct pretend_shared *pretend_map(const char *path) {
    struct stat info;
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return NULL;
    void *mapping =
        fstat(descriptor, &info) == 0
            ? mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
            : MAP_FAILED;
    close(descriptor);
    return mapping == MAP_FAILED ? NULL : mapping;
}
