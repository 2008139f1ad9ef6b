#include "repro/commands/redo.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "repro/results/study_reader.h"

/* Runs of one kind: those of the schedule, and the number of others in the folder. */
struct found {
    const struct c4_schedule *schedule;
    bool *asked;       /* [runs of the schedule] */
    const bool *known; /* runs that were counted before, or NULL */
    int runs, others;
};

static void take(void *context, const char *key) {
    struct found *found = context;
    int i = 0;
    while (i < found->schedule->count && strcmp(found->schedule->run[i].key, key) != 0) i++;
    if (i == found->schedule->count) {
        found->others++;
    } else if (!found->known || !found->known[i]) {
        found->asked[i] = true;
        found->runs++;
    }
}

static const char *plural(int count) {
    return count == 1 ? "" : "s";
}

/* Refuses to add right rows to suspect ones. */
static enum c4_status refuse(const struct c4_redo *of, const struct c4_suspects *suspects) {
    struct c4_text sentence = {0};
    enum c4_status status = c4_text_add(
        &sentence,
        "%" PRId64 " rows of %d run%s are suspect: %s. --redo trains these runs again and "
        "keeps everything else; 'conv4 report' draws them, marked as suspect",
        suspects->rows, suspects->runs, plural(suspects->runs), c4_suspects_reason);
    if (status == C4_OK && of->dry_run)
        fprintf(of->messages, "Without --redo nothing would be done: %s.\n",
                c4_text_string(&sentence));
    else if (status == C4_OK)
        status = c4_fail(C4_ERR_DATA, "%s/study.db: %s", of->folder, c4_text_string(&sentence));
    c4_text_free(&sentence);
    return status;
}

/* `whose` says what kind of runs they are. */
static void say(const struct c4_redo *of, const struct found *found, const char *whose) {
    if (found->runs + found->others == 0) return;
    fprintf(of->messages, "To be trained again: %d run%s %s.\n", found->runs, plural(found->runs),
            whose);
    if (found->others)
        fprintf(of->messages, "%d more such run%s not requested this time and %s unchanged.\n",
                found->others, found->others == 1 ? " is" : "s are",
                found->others == 1 ? "stays" : "stay");
}

static void say_all(const struct c4_redo *of, const struct found *suspect,
                    const struct found *other) {
    if (suspect->runs + suspect->others + other->runs + other->others == 0)
        fprintf(of->messages, "There are no suspect rows: nothing is trained again.\n");
    say(of, suspect, "with suspect rows");
    say(of, other, "whose CKA is of another version of the similarity than this conv4's");
}

enum c4_status c4_redo_find(const struct c4_redo *of, bool *again) {
    const size_t runs = (size_t)of->schedule->count + 1;
    struct c4_suspects suspects = {0};
    struct c4_study_reader *reader = NULL;
    struct found suspect = {.schedule = of->schedule, .asked = again};
    struct found other = {.schedule = of->schedule, .known = again};
    other.asked = calloc(runs, sizeof *other.asked);
    enum c4_status status =
        other.asked ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for the list of runs");
    if (status == C4_OK) status = c4_study_reader_open(of->folder, &reader);
    if (status == C4_OK) status = c4_study_reader_suspects(reader, take, &suspect, &suspects);
    if (status == C4_OK) status = c4_study_reader_other_versions(reader, take, &other);
    c4_study_reader_close(reader);
    if (status == C4_OK && of->redo) {
        for (int i = 0; i < of->schedule->count; i++) again[i] = again[i] || other.asked[i];
        say_all(of, &suspect, &other);
    } else if (status == C4_OK && suspects.runs) {
        status = refuse(of, &suspects);
    }
    free(other.asked);
    return status;
}

enum c4_status c4_redo_restart(const struct c4_redo *of, const bool *again,
                               struct c4_store *store) {
    for (int i = 0; i < of->schedule->count && of->redo; i++)
        if (again[i]) C4_TRY(c4_store_restart(store, of->schedule->run[i].key));
    return C4_OK;
}
