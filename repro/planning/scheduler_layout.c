/* Which places each run's team should have. */
#include <limits.h>
#include <stdlib.h>

#include "repro/planning/scheduler_parts.h"

/* Costs of a block for a run: a place where another is in mid-segment or between two, leaving one's
 * own places, references that have to be prepared anew; and going to where another would have to
 * leave: chains of such moves could wait for each other in a circle. */
enum { COST_BUSY = 16, COST_OTHER = 8, COST_MOVE = 4, COST_SEED = 1, COST_DRIVE = 1000 };

/* Places that belong together: the first, and how many. */
struct group {
    int first, count;
};

static bool same(const struct c4_sched_place *a, const struct c4_sched_place *b, bool l3) {
    return a->node == b->node && a->kind == b->kind && (!l3 || a->l3 == b->l3);
}

static struct group group_of(const struct c4_sched_input *input, int p, bool l3) {
    struct group group = {p, 1};
    while (group.first > 0 && same(&input->place[group.first - 1], &input->place[p], l3))
        group.first--, group.count++;
    while (group.first + group.count < input->places &&
           same(&input->place[group.first + group.count], &input->place[p], l3))
        group.count++;
    return group;
}

/* The widest L3 domain of a node. */
static int widest_of(const struct c4_sched_input *input, struct group node) {
    int widest = 0;
    for (int p = node.first; p < node.first + node.count;) {
        struct group l3 = group_of(input, p, true);
        if (l3.count > widest) widest = l3.count;
        p = l3.first + l3.count;
    }
    return widest;
}

static void mark_blocks(const struct c4_sched_input *input, struct group group, int k,
                        struct c4_sched_blocks *blocks) {
    int width = 1 << k;
    for (int p = group.first; p + width <= group.first + group.count; p += width) {
        bool whole = true;
        for (int i = p; i < p + width; i++) whole = whole && !input->seat[i].away;
        blocks->block[k][p] = whole;
        blocks->total[k] += whole;
    }
}

void c4_sched_find_blocks(const struct c4_sched_input *input, struct c4_sched_blocks *blocks) {
    for (int k = 0; k < C4_TEAM_SIZES; k++) {
        blocks->total[k] = 0;
        for (int p = 0; p < input->places; p++) blocks->block[k][p] = false;
    }
    for (int n = 0; n < input->places;) {
        struct group node = group_of(input, n, false);
        int widest = widest_of(input, node);
        for (int k = 0; k < C4_TEAM_SIZES; k++) {
            if (1 << k > widest) {
                mark_blocks(input, node, k, blocks);
                continue;
            }
            for (int p = node.first; p < node.first + node.count;) {
                struct group l3 = group_of(input, p, true);
                mark_blocks(input, l3, k, blocks);
                p = l3.first + l3.count;
            }
        }
        n = node.first + node.count;
    }
}

enum c4_status c4_scheduler_teams(const struct c4_sched_place *place, int places, bool *may) {
    struct c4_sched_seat *seat = calloc((size_t)places + 1, sizeof *seat); /* nobody is away */
    struct c4_sched_blocks blocks;
    if (!seat) return c4_fail(C4_ERR_MEMORY, "out of memory for the teams of %d places", places);
    for (int k = 0; k < C4_TEAM_SIZES; k++) blocks.block[k] = may + (size_t)k * (size_t)places;
    const struct c4_sched_input input = {.place = place, .seat = seat, .places = places};
    c4_sched_find_blocks(&input, &blocks);
    free(seat);
    return C4_OK;
}

static int cost_of(const struct c4_sched_view *view, int index, int first) {
    const struct c4_sched_active *one = &view->active[index];
    const struct c4_sched_seat *seat = &view->input->seat[first];
    bool moves = one->count > 0 && (one->first < first || one->first >= first + one->width);
    bool drives = false;
    int cost = moves * COST_MOVE;
    for (int p = first; p < first + one->width; p++) {
        if (view->owner[p] < 0 || view->owner[p] == index) continue;
        const struct c4_sched_active *owner = &view->active[view->owner[p]];
        cost += owner->free ? owner->at < 0 ? COST_OTHER : 0 : COST_BUSY;
        drives = drives || owner->at < 0;
    }
    if (moves && drives) cost += COST_DRIVE;
    if (!seat->has_seed || seat->seed != view->input->schedule->run[one->run].seed)
        cost += COST_SEED;
    return cost;
}

static bool is_unused(const struct c4_sched_view *view, int first, int width) {
    for (int p = first; p < first + width; p++)
        if (view->used[p]) return false;
    return true;
}

static void use(struct c4_sched_view *view, struct c4_sched_active *one, int first) {
    one->at = first;
    for (int p = first; p < first + one->width; p++) view->used[p] = true;
}

static bool can_stay(const struct c4_sched_view *view, const struct c4_sched_active *one) {
    return one->count == one->width && view->blocks.block[c4_team_index(one->width)][one->first] &&
           is_unused(view, one->first, one->width);
}

/* Places the run at the cheapest block of its width that costs at most `most`; -1 if there is none.
 */
static int place(struct c4_sched_view *view, int index, int most) {
    struct c4_sched_active *one = &view->active[index];
    const bool *block = view->blocks.block[c4_team_index(one->width)];
    int best = -1, least = most + 1;
    for (int p = 0; p + one->width <= view->input->places; p++) {
        if (!block[p] || !is_unused(view, p, one->width)) continue;
        int cost = cost_of(view, index, p);
        if (cost >= least) continue;
        best = p;
        least = cost;
    }
    if (best >= 0) use(view, one, best);
    return best;
}

/* Doubles teams in place where the other half of a block is left over. */
static void fill(struct c4_sched_view *view) {
    for (bool grown = true; grown;) {
        grown = false;
        for (int i = 0; i < view->actives; i++) {
            struct c4_sched_active *one = &view->active[i];
            int k = c4_team_index(one->width), other = one->at + one->width;
            if (one->width >= view->input->widest || one->width >= C4_TEAM_WIDEST ||
                one->left <= 0 || one->at < 0 ||
                c4_team_seconds(view->input->speeds, 2 * one->width, 1) >=
                    c4_team_seconds(view->input->speeds, one->width, 1))
                continue;
            int first = one->at;
            if (first >= one->width && !view->blocks.block[k + 1][first])
                first -= one->width, other = first;
            if (!view->blocks.block[k + 1][first] || !is_unused(view, other, one->width)) continue;
            one->width *= 2;
            use(view, one, first);
            grown = true;
        }
    }
}

/* Those of a width: first those that stay as they are, then those that need nobody's places but
 * their own, then those that can start now. A run for which no block is left takes a narrower one.
 */
static void place_all(struct c4_sched_view *view, int width) {
    for (int i = 0; i < view->actives; i++) {
        struct c4_sched_active *one = &view->active[i];
        if (one->width == width && can_stay(view, one)) use(view, one, one->first);
    }
    for (int i = 0; i < view->actives; i++) {
        const struct c4_sched_active *one = &view->active[i];
        if (one->width == width && one->at < 0 && one->count > 0) place(view, i, COST_SEED);
    }
    for (int free = 1; free >= 0; free--)
        for (int i = 0; i < view->actives; i++) {
            struct c4_sched_active *one = &view->active[i];
            if (one->width != width || one->at >= 0 || one->free != (free == 1)) continue;
            if (place(view, i, INT_MAX - 1) < 0) one->width /= 2;
        }
}

void c4_sched_layout(struct c4_sched_view *view) {
    for (int p = 0; p < view->input->places; p++) view->used[p] = false;
    for (int i = 0; i < view->actives; i++) view->active[i].at = -1;
    for (int width = C4_TEAM_WIDEST; width >= 1; width /= 2) place_all(view, width);
    fill(view);
}
