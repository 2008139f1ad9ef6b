/* The summary that conv4 repro prints at its end, as text or JSON. */
#ifndef C4_REPRO_COMMANDS_SUMMARY_H
#define C4_REPRO_COMMANDS_SUMMARY_H

#include <stdio.h>

#include "core/data/dataset.h"
#include "repro/report/publish.h"

struct c4_repro_summary {
    const struct c4_publication *publication;
    const struct c4_dataset *training, *evaluation;
    const char *backend;
    int places, threads, runs;
    bool finished;       /* no run is left to do */
    double seconds;      /* of this invocation */
    double images_per_s; /* in training; 0: nothing was trained */
};

/* A table of CKA after the last epoch for Figure 1 and whether it falls from layer to layer; then
 * c4_publication_text(). */
enum c4_status c4_repro_summary_text(const struct c4_repro_summary *summary, FILE *out);

/* The same as one JSON object. C4_ERR_MEMORY. */
enum c4_status c4_repro_summary_json(const struct c4_repro_summary *summary, FILE *out);

#endif
