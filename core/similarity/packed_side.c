/* A prepared side in the Gram form as bytes: a head, the sums of each number of examples, and the
 * tiles. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/similarity/reference.h"

enum { TILE = C4_CKA_TILE, AREA = TILE * TILE, LINE = 64 / sizeof(double), MARK = 0x4b433463 };

struct head {
    uint64_t mark, sides;
    size_t bytes;
    struct c4_cka_cost own;
    struct c4_cka_result work;
    enum c4_feature_type type;
    struct packed {
        size_t n;
        struct c4_cka_reasons undefined;
        struct c4_inner self;
        double squares;
    } side[C4_CKA_SIZES_MAX + 1];
};

/* Doubles that begin on a 64-byte boundary. */
static size_t whole_lines(size_t count) {
    return (count + LINE - 1) / LINE * LINE;
}

static size_t head_doubles(void) {
    return whole_lines((sizeof(struct head) + sizeof(double) - 1) / sizeof(double));
}

static size_t tile_doubles(const struct c4_cka_reference *r) {
    return r->tiles ? c4_triangle_count(r->work.n) * AREA : 0;
}

size_t c4_cka_packed_bytes(const struct c4_cka_reference *r) {
    size_t doubles = head_doubles() + tile_doubles(r);
    if (r->options.method != C4_CKA_GRAM || r->work.careful) return 0;
    for (size_t k = 0; k < r->sides; k++) doubles += 2 * whole_lines(r->side[k].n);
    return doubles * sizeof(double);
}

static double *put(double *to, const double *values, size_t count) {
    if (values)
        memcpy(to, values, count * sizeof *to);
    else
        memset(to, 0, count * sizeof *to);
    return to + whole_lines(count);
}

void c4_cka_pack(const struct c4_cka_reference *r, void *bytes) {
    struct head *head = bytes;
    double *to = (double *)bytes + head_doubles();
    memset(head, 0, sizeof *head);
    head->mark = MARK;
    head->sides = r->sides;
    head->bytes = c4_cka_packed_bytes(r);
    head->own = r->own;
    head->work = r->work;
    head->type = r->type;
    for (size_t k = 0; k < r->sides; k++) {
        const struct c4_cka_side *side = &r->side[k];
        head->side[k] = (struct packed){side->n, side->undefined, side->self, side->gram.squares};
        to = put(to, side->gram.rows, side->n);
        to = put(to, side->gram.diagonal, side->n);
    }
    if (r->tiles) put(to, r->tiles, tile_doubles(r));
}

enum c4_status c4_cka_open(const void *bytes, size_t size, const struct c4_cka_options *options,
                           struct c4_cka_reference **reference) {
    const struct head *head = bytes;
    *reference = NULL;
    if (size < sizeof *head || head->mark != MARK || head->bytes > size ||
        head->sides > C4_CKA_SIZES_MAX + 1)
        return c4_fail(C4_ERR_DATA, "these bytes are no prepared side of CKA");
    struct c4_cka_reference *r = calloc(1, sizeof *r);
    if (!r) return c4_fail(C4_ERR_MEMORY, "out of memory for a reference");
    /* They are only read. */
    union {
        const void *read;
        double *values;
    } at = {.read = (const double *)bytes + head_doubles()};
    r->options = *options;
    r->options.method = C4_CKA_GRAM;
    r->type = head->type;
    r->borrows = true;
    r->own = head->own;
    r->work = head->work;
    r->sides = head->sides;
    for (size_t k = 0; k < r->sides; k++) {
        struct c4_cka_side *side = &r->side[k];
        *side = (struct c4_cka_side){
            .n = head->side[k].n, .undefined = head->side[k].undefined, .self = head->side[k].self};
        side->gram = (struct c4_gram){.n = side->n, .squares = head->side[k].squares};
        side->gram.rows = at.values;
        at.values += whole_lines(side->n);
        side->gram.diagonal = at.values;
        at.values += whole_lines(side->n);
    }
    r->tiles = at.values;
    for (size_t k = 0; k < r->sides; k++) r->side[k].gram.tiles = r->tiles;
    *reference = r;
    return C4_OK;
}
