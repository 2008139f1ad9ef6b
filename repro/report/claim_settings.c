/* Verdicts under all combinations of block order, evaluation statistics, estimator and number of
 * images. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/op/names.h"
#include "repro/report/publish.h"

/* Lists the numbers of images that CKA was measured with: the scale's control_images and the
 * protocol's cka_images, ascending. */
static int list_images(const struct c4_publication *p, int64_t images[C4_SETTING_IMAGES]) {
    const struct c4_list *control = &p->scale->control_images;
    int64_t usual = p->rows.cka_images;
    int count = 0;
    bool there = false;
    for (int i = 0; i < control->count; i++) {
        if (!there && control->value[i] >= usual) {
            if (control->value[i] > usual) images[count++] = usual;
            there = true;
        }
        images[count++] = control->value[i];
    }
    if (!there) images[count++] = usual;
    return count;
}

static void describe(const struct c4_publication *p, struct c4_setting_verdicts *column) {
    const struct c4_claim_setting *setting = &column->setting;
    char part[4][24];
    int differs = 0;
    if (setting->order != p->study->protocol.order)
        snprintf(part[differs++], sizeof *part, "%s", c4_order_names[setting->order]);
    if (strcmp(setting->statistics, p->rows.statistics) != 0)
        snprintf(part[differs++], sizeof *part, "%s statistics", setting->statistics);
    if (setting->debiased) snprintf(part[differs++], sizeof *part, "debiased");
    if (setting->n != p->rows.cka_images)
        snprintf(part[differs++], sizeof *part, "n = %" PRId64, setting->n);
    column->is_usual = differs == 0;
    column->in_report = differs <= 1;
    snprintf(column->label, sizeof column->label, "%s", differs ? part[0] : "as reported");
    for (int i = 1; i < differs; i++) {
        size_t used = strlen(column->label);
        snprintf(column->label + used, sizeof column->label - used, ", %s", part[i]);
    }
}

enum c4_status c4_claim_settings(struct c4_publication *p) {
    struct c4_claims *claims = malloc(sizeof *claims);
    enum c4_status status = C4_OK;
    int64_t images[C4_SETTING_IMAGES];
    int n = list_images(p, images);
    p->setting_count = 0;
    if (!claims) return c4_fail(C4_ERR_MEMORY, "out of memory for the table of settings");
    for (int i = 0; i < 8 * n && status == C4_OK; i++) {
        struct c4_setting_verdicts *column = &p->settings[p->setting_count];
        /* i in mixed radix, fastest first: n, estimator, statistics, order. */
        *column = (struct c4_setting_verdicts){
            .setting = {.n = images[i % n],
                        .debiased = i / n % 2,
                        .statistics = c4_statistics_names[i / n / 2 % 2],
                        .order = (enum c4_order)(i / n / 4)}};
        describe(p, column);
        status = c4_claims_judge(p->study, &p->rows, p->scale->seeds.seed, p->scale->seeds.count,
                                 p->judging, &column->setting, claims);
        for (int c = 0; c < claims->count; c++) column->verdict[c] = claims->claim[c].verdict;
        p->setting_count++;
    }
    free(claims);
    return status;
}
