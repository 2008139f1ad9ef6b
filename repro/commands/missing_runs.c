#include "repro/commands/missing_runs.h"

#include <stdlib.h>
#include <string.h>

#include "repro/results/study_reader.h"

enum c4_status c4_missing_runs_check(const char *study) {
    struct c4_study *read = malloc(sizeof *read);
    if (!read) return c4_fail(C4_ERR_MEMORY, "out of memory for the study's description");
    enum c4_status status = c4_study_load(study, read);
    free(read);
    return status;
}

/* Everything that is needed to list the runs of a folder's study. */
struct listing {
    struct c4_study study;
    struct c4_scale scale;
    struct c4_schedule schedule;
    struct c4_study_reader *reader;
};

/* Sets the scale to the folder's, or says why there is none. */
static enum c4_status find_scale(struct listing *l, struct c4_text *unknown) {
    struct c4_text name = {0};
    const struct c4_scale *scale = NULL;
    enum c4_status status = c4_study_reader_setting(l->reader, "scale", &name);
    if (status == C4_OK) status = c4_study_find_scale(&l->study, c4_text_string(&name), &scale);
    if (status == C4_ERR_USAGE)
        status = c4_text_add(unknown,
                             "Which runs are missing is not known: the description has no scale "
                             "'%s'; give the study's own with --study.",
                             c4_text_string(&name));
    if (scale) l->scale = *scale;
    c4_text_free(&name);
    return status;
}

static enum c4_status look_at_runs(struct listing *l, struct c4_missing_runs *missing) {
    missing->all = l->schedule.count;
    missing->run = calloc((size_t)l->schedule.count + 1, sizeof *missing->run);
    if (!missing->run) return c4_fail(C4_ERR_MEMORY, "out of memory for the list of runs");
    for (int i = 0; i < l->schedule.count; i++) {
        const struct c4_run *run = &l->schedule.run[i];
        enum c4_run_state state;
        bool known;
        C4_TRY(c4_study_reader_run_state(l->reader, run->key, &known, &state));
        if (known && state == C4_RUN_DONE) continue;
        struct c4_missing_run *to = &missing->run[missing->count++];
        memcpy(to->key, run->key, sizeof to->key);
        to->state = known ? c4_run_state_names[state] : "absent";
    }
    return C4_OK;
}

static enum c4_status find(struct listing *l, const char *folder, const char *study,
                           struct c4_missing_runs *missing) {
    C4_TRY(c4_study_load(study, &l->study));
    C4_TRY(c4_study_reader_open(folder, &l->reader));
    C4_TRY(find_scale(l, &missing->unknown));
    if (missing->unknown.length > 0) return C4_OK;
    C4_TRY(c4_study_reader_apply(l->reader, &l->study, &l->scale));
    C4_TRY(c4_schedule_make(&l->study, &l->scale, NULL, &l->schedule));
    return look_at_runs(l, missing);
}

enum c4_status c4_missing_runs_find(const char *folder, const char *study,
                                    struct c4_missing_runs *missing) {
    struct listing *l = calloc(1, sizeof *l);
    *missing = (struct c4_missing_runs){0};
    if (!l) return c4_fail(C4_ERR_MEMORY, "out of memory for the list of runs");
    enum c4_status status = find(l, folder, study, missing);
    c4_study_reader_close(l->reader);
    c4_schedule_free(&l->schedule);
    free(l);
    return status;
}

void c4_missing_runs_free(struct c4_missing_runs *missing) {
    free(missing->run);
    c4_text_free(&missing->unknown);
    *missing = (struct c4_missing_runs){0};
}
