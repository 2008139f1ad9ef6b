/* Publishes a study's database: figures, claims, report.html, report.json. Nothing is trained, and
 * the database is only read. */
#ifndef C4_REPRO_REPORT_PUBLISH_H
#define C4_REPRO_REPORT_PUBLISH_H

#include <jansson.h>

#include "repro/claims/claims.h"
#include "repro/figures/figures.h"
#include "repro/results/suspects.h"

enum {
    C4_SETTING_IMAGES = C4_LIST_MAX + 1,    /* numbers of images for CKA */
    C4_SETTINGS_MAX = 8 * C4_SETTING_IMAGES /* times order, statistics and estimator */
};

/* A setting under which claims are judged again, and the verdicts. */
struct c4_setting_verdicts {
    struct c4_claim_setting setting;
    bool is_usual;  /* the protocol's setting */
    bool in_report; /* differs from it in at most one value */
    char label[48]; /* what differs: "debiased", "n = 200"; "as reported" */
    enum c4_verdict verdict[C4_CLAIMS_MAX];
};

/* States of the scale's runs. */
struct c4_run_counts {
    int all, done, begun, planned, failed, unknown; /* unknown: not in the store */
};

struct c4_publication {
    const char *folder;
    const struct c4_study *study;
    const struct c4_scale *scale;
    struct c4_rows rows;
    enum c4_judging judging;
    struct c4_claims claims;
    struct c4_setting_verdicts *settings; /* C4_SETTINGS_MAX */
    int setting_count;
    struct c4_figure_result *figure;
    int figures;
    struct c4_origins origins;
    struct c4_places places;
    struct c4_cost_sum *costs;
    int cost_count;
    struct c4_run_counts runs;
    bool *known, *done; /* [rows.runs]: the study has the run; the run is done */
    bool plain;         /* notes appear on the page, not in the pictures */
    bool synthetic, substitute;
    bool unofficial;                 /* some images are known not to come from the official files */
    struct c4_suspects suspects;     /* of the whole folder */
    struct c4_version_runs *version; /* of similarity, in the whole folder */
    int versions;
    struct c4_shown_set set[C4_SETS_MAX]; /* by the index in c4_sets */
    struct c4_text images; /* titles of the sets that the study uses: "CIFAR-10 and SVHN" */
    int warnings;
    struct c4_text *warning;
    size_t warning_capacity;
    json_t *environment;
    char report[C4_STORE_PATH_SIZE], json[C4_STORE_PATH_SIZE]; /* paths written */
};

/* Reads FOLDER/study.db, draws the selected figures into FOLDER/figures (NULL: all; the report
 * names those without rows), judges the claims, and writes FOLDER/report.html and
 * FOLDER/report.json. `plain`: notes appear below the pictures on the page, not in them. `study`
 * and `scale` are those that the rows were made with; figures use the scale's seeds. A figure that
 * fails, or finds no values although a run that it draws is done, or is selected and has no runs in
 * the study, becomes a warning and costs nothing else; see c4_publication_status(). Errors as for
 * the other files. Release with c4_publication_free(), also on failure. */
enum c4_status c4_study_publish(const char *folder, const struct c4_study *study,
                                const struct c4_scale *scale, const bool *selected, bool plain,
                                struct c4_publication *publication);
void c4_publication_free(struct c4_publication *publication);

/* The status of the first figure that failed, with a sentence that names it; C4_OK if none did. */
enum c4_status c4_publication_status(const struct c4_publication *publication);

/* Text for the end of a command: verdicts, warnings, number of figures, the report's path, and the
 * path of the first figure's picture as the last line. */
void c4_publication_text(const struct c4_publication *publication, FILE *out);

/* Content of report.json; NULL and c4_error() if out of memory. */
json_t *c4_publication_json(const struct c4_publication *publication);

/* Writes report.html. */
enum c4_status c4_publication_html(const struct c4_publication *publication, const char *path);

/* Judges the claims under every combination of order, statistics, estimator and n, which runs over
 * the scale's control_images and the protocol's cka_images. */
enum c4_status c4_claim_settings(struct c4_publication *publication);

#endif
