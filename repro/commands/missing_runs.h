/* Which runs of a study its folder does not have, or has unfinished. */
#ifndef C4_REPRO_COMMANDS_MISSING_RUNS_H
#define C4_REPRO_COMMANDS_MISSING_RUNS_H

#include "repro/study/schedule.h"

struct c4_missing_run {
    char key[C4_RUN_KEY_SIZE];
    const char *state; /* "absent", or as in run.status but "done" */
};

struct c4_missing_runs {
    int all, count; /* runs of the study; those below */
    struct c4_missing_run *run;
    struct c4_text unknown; /* why they are not known, a sentence; or empty */
};

/* C4_ERR_USAGE and others of c4_study_load(): there is no such description. */
enum c4_status c4_missing_runs_check(const char *study);

/* Finds them for all figures of the description `study` (a path; NULL: the built-in one) and the
 * folder's scale, seeds and values. Release with c4_missing_runs_free(), also on failure. */
enum c4_status c4_missing_runs_find(const char *folder, const char *study,
                                    struct c4_missing_runs *missing);
void c4_missing_runs_free(struct c4_missing_runs *missing);

#endif
