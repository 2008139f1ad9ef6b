#include "bench/scale/rows.h"

#include <stdlib.h>

int c4_scale_widths(int most, int width[C4_SCALE_WIDTHS]) {
    int count = 0;
    for (int64_t each = 1; each < most; each *= 2) width[count++] = (int)each;
    width[count++] = most;
    return count;
}

enum c4_status c4_scale_name(int workers, int threads, struct c4_text *name) {
    if (threads == 1) return c4_text_add(name, "%d worker%s", workers, workers == 1 ? "" : "s");
    if (workers == 1) return c4_text_add(name, "team of %d", threads);
    return c4_text_add(name, "%d teams of %d", workers, threads);
}

/* The same machine with one PU a core, so that no placement uses a sibling. */
static enum c4_status without_siblings(const struct c4_topology *topology,
                                       struct c4_topology *single) {
    *single = *topology;
    single->pus = 0;
    single->pu = calloc((size_t)topology->pus, sizeof *single->pu);
    if (!single->pu) return c4_fail(C4_ERR_MEMORY, "out of memory for a list of cores");
    for (int i = 0; i < topology->pus; i++)
        if (i == 0 || topology->pu[i].core != topology->pu[i - 1].core)
            single->pu[single->pus++] = topology->pu[i];
    return C4_OK;
}

/* The most cores that any L3 domain has. */
static int widest_domain(const struct c4_topology *single) {
    int widest = 0, count = 0;
    for (int i = 0; i < single->pus; i++) {
        count = i > 0 && single->pu[i].l3 == single->pu[i - 1].l3 ? count + 1 : 1;
        if (count > widest) widest = count;
    }
    return widest;
}

static enum c4_status add(const struct c4_topology *single, int workers, int threads,
                          struct c4_scale_shapes *shapes) {
    const struct c4_placement_policy policy = {.scope = threads > 1 ? C4_PLACE_L3 : C4_PLACE_CORE,
                                               .threads = threads,
                                               .max_places = workers};
    struct c4_scale_shape *shape = &shapes->shape[shapes->count];
    C4_TRY(c4_placement_make(single, &policy, &shape->placement));
    shape->workers = shape->placement.places;
    shape->threads = threads;
    shapes->count++;
    return C4_OK;
}

static enum c4_status add_teams(const struct c4_topology *single, int cores, int threads,
                                struct c4_scale_shapes *shapes) {
    const int widest = widest_domain(single);
    if (threads < 2 || threads > cores) return C4_OK;
    if (threads > widest)
        return c4_text_add(
            &shapes->left_out,
            "%sTeams of %d threads are left out: no L3 domain has more than %d cores "
            "that this process may use.",
            shapes->left_out.length ? " " : "", threads, widest);
    C4_TRY(add(single, 1, threads, shapes));
    if (cores / threads < 2) return C4_OK;
    C4_TRY(add(single, cores / threads, threads, shapes));
    struct c4_scale_shape *last = &shapes->shape[shapes->count - 1];
    if (last->workers > 1) return C4_OK;
    c4_placement_free(&last->placement); /* the domains have room for one only */
    shapes->count--;
    return C4_OK;
}

enum c4_status c4_scale_shapes_make(const struct c4_topology *topology, int cores, int threads,
                                    struct c4_scale_shapes *shapes) {
    struct c4_topology single;
    int width[C4_SCALE_WIDTHS];
    *shapes = (struct c4_scale_shapes){.count = 0};
    C4_TRY(without_siblings(topology, &single));
    if (cores > single.pus) cores = single.pus;
    int count = c4_scale_widths(cores, width);
    enum c4_status status = C4_OK;
    for (int i = 0; i < count && status == C4_OK; i++) status = add(&single, width[i], 1, shapes);
    count = c4_scale_widths(threads, width);
    for (int i = 0; i < count && status == C4_OK; i++)
        status = add_teams(&single, cores, width[i], shapes);
    free(single.pu);
    return status;
}

void c4_scale_shapes_free(struct c4_scale_shapes *shapes) {
    for (int i = 0; i < shapes->count; i++) c4_placement_free(&shapes->shape[i].placement);
    c4_text_free(&shapes->left_out);
    *shapes = (struct c4_scale_shapes){.count = 0};
}
