/* How wide each run's team should be. */
#include "repro/planning/scheduler_parts.h"

/* What a run has to be ahead of another to lose places to it. */
static const double margin = 0.25;

int c4_team_index(int width) {
    int index = 0;
    while (1 << (index + 1) <= width) index++;
    return index;
}

double c4_team_seconds(const struct c4_team_speeds *speeds, int width, double seconds) {
    return seconds / (width * speeds->of_ideal[c4_team_index(width)]);
}

static double end_of(const struct c4_sched_view *view, const struct c4_sched_active *active,
                     int width) {
    return c4_team_seconds(view->input->speeds, width, active->chain);
}

/* Whether runs of these widths can all have a block: of each width as many as there are, less what
 * wider ones cover. Exact where blocks nest. */
static bool fits(const struct c4_sched_view *view, const int *runs) {
    int covered = 0;
    for (int k = C4_TEAM_SIZES - 1; k >= 0; k--) {
        covered = 2 * covered + runs[k];
        if (runs[k] > 0 && covered > view->blocks.total[k]) return false;
    }
    return covered <= view->blocks.total[0];
}

static void count_widths(const struct c4_sched_view *view, int *runs) {
    for (int k = 0; k < C4_TEAM_SIZES; k++) runs[k] = 0;
    for (int i = 0; i < view->actives; i++) runs[c4_team_index(view->active[i].width)]++;
}

static bool fits_now(const struct c4_sched_view *view) {
    int runs[C4_TEAM_SIZES];
    count_widths(view, runs);
    return fits(view, runs);
}

/* The team that would end first with half its places; NULL if all are single. */
static struct c4_sched_active *least_hurt(const struct c4_sched_view *view,
                                          const struct c4_sched_active *but) {
    struct c4_sched_active *best = NULL;
    for (int i = 0; i < view->actives; i++) {
        struct c4_sched_active *one = &view->active[i];
        if (one == but || one->width == 1) continue;
        if (!best || end_of(view, one, one->width / 2) < end_of(view, best, best->width / 2))
            best = one;
    }
    return best;
}

static bool is_faster(const struct c4_sched_view *view, const struct c4_sched_active *one) {
    return one->width < view->input->widest && one->width < C4_TEAM_WIDEST && one->left > 0 &&
           end_of(view, one, 2 * one->width) < end_of(view, one, one->width);
}

/* Whether the run would do better with half its places: speeds that are measured change. */
static bool is_slow(const struct c4_sched_view *view, const struct c4_sched_active *one) {
    return one->width > 1 && end_of(view, one, one->width) >= end_of(view, one, one->width / 2) &&
           one->chain > 0;
}

/* A run that may start now goes before one that is equal but for rounding. */
static bool is_more_urgent(const struct c4_sched_view *view, const struct c4_sched_active *one,
                           const struct c4_sched_active *other) {
    double mine = end_of(view, one, one->width), its = end_of(view, other, other->width);
    double alike = 1e-9 * (mine + its);
    if (mine > its + alike) return true;
    return mine >= its - alike && one->free && !other->free;
}

/* The run that would end last of those that could double their team: whose `fits` is asked for, and
 * which then fit. */
static struct c4_sched_active *most_urgent(const struct c4_sched_view *view, bool must_fit) {
    struct c4_sched_active *best = NULL;
    int runs[C4_TEAM_SIZES];
    count_widths(view, runs);
    for (int i = 0; i < view->actives; i++) {
        struct c4_sched_active *one = &view->active[i];
        if (!is_faster(view, one) || (best && !is_more_urgent(view, one, best))) continue;
        int k = c4_team_index(one->width);
        if (view->blocks.total[k + 1] == 0) continue;
        runs[k]--;
        runs[k + 1]++;
        if (!must_fit || fits(view, runs)) best = one;
        runs[k]++;
        runs[k + 1]--;
    }
    return best;
}

/* Halves teams that are far ahead so that the last one may double; undone if it does not work. */
static bool exchange(struct c4_sched_view *view) {
    struct c4_sched_active *late = most_urgent(view, false), *early;
    if (!late) return false;
    double end = end_of(view, late, late->width);
    struct c4_sched_active *halved[C4_TEAM_WIDEST];
    int count = 0;
    late->width *= 2;
    while (!fits_now(view) && count < C4_TEAM_WIDEST && (early = least_hurt(view, late)) &&
           end_of(view, early, early->width / 2) < (1 - margin) * end) {
        early->width /= 2;
        halved[count++] = early;
    }
    if (fits_now(view)) return true;
    while (count > 0) halved[--count]->width *= 2;
    late->width /= 2;
    return false;
}

void c4_sched_widths(struct c4_sched_view *view) {
    struct c4_sched_active *one;
    for (int i = 0; i < view->actives; i++) {
        one = &view->active[i];
        one->width = one->count > 1 ? one->count : 1;
        while (one->width > view->input->widest || is_slow(view, one)) one->width /= 2;
    }
    while (!fits_now(view) && (one = least_hurt(view, NULL))) one->width /= 2;
    do {
        while ((one = most_urgent(view, true))) one->width *= 2;
    } while (exchange(view));
}
