/* Loops, from the outside: a strip of features, packed once for all rows; a block of rows, whose
 * panels stay in the L2 cache; a tile of columns; the block's tiles of rows. A tile's elements are
 * touched once a chunk, from L1 or L2. While threads multiply a strip they also pack the next, a
 * little after each tile. What comes next from farther than L2 is fetched while a tile is
 * multiplied: the next tile's elements, the next tile of columns, and the rows to be packed. */
#include "core/similarity/gram_product.h"

#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/clock.h"

enum {
    TILE = C4_CKA_TILE,
    AREA = TILE * TILE,
    PANEL = C4_GRAM_PANEL,
    TILE_PANELS = TILE / PANEL,
    STRIP = 2 * C4_GRAM_CHUNK, /* features; a panel of a strip has 32 KB */
    BLOCK_TILES = 3,           /* tiles of rows in a block: 288 KB of a strip */
    FIRST_ROWS = 8,            /* of a tile, which a micro-kernel adds to first */
    GAP = 17 * 16              /* floats between panels, or they would share cache sets */
};

_Static_assert(TILE % PANEL == 0, "a tile is whole panels");

/* Who does steps: a thread takes `share` of them at a time. With BLOCK_TILES steps that is a
 * block's tiles of a column, but at the diagonal, since a block has a multiple of them; single
 * tiles where threads would otherwise wait for each other. */
struct team {
    int threads;
    size_t share;
};
_Static_assert(BLOCK_TILES *(BLOCK_TILES + 1) / 2 % BLOCK_TILES == 0, "tiles of a block");

static struct team team_of(int threads, size_t places) {
    const bool many = places / BLOCK_TILES >= 4 * (size_t)threads;
    return (struct team){threads, many ? BLOCK_TILES : 1};
}

/* A tile of the lower triangle. */
struct place {
    uint32_t i, j;
};

_Static_assert(PANEL + 4 <= C4_GRAM_AHEAD_SPANS, "rows of a panel, itself, tiles, columns");

struct product {
    const struct c4_centring *x;
    const struct c4_gram_slots *slots;
    size_t panels, stride; /* of a strip */
    float *strip[2];       /* even and odd strips */
    struct place *place;   /* in the order of work */
    size_t places;
    double *tiles;
};

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static void order_places(struct product *product, size_t tiles) {
    struct place *to = product->place;
    for (size_t block = 0; block < tiles; block += BLOCK_TILES) {
        const size_t end = least(block + BLOCK_TILES, tiles);
        for (size_t j = 0; j < end; j++)
            for (size_t i = j > block ? j : block; i < end; i++)
                *to++ = (struct place){(uint32_t)i, (uint32_t)j};
    }
    product->places = (size_t)(to - product->place);
}

static enum c4_status allocate(const struct c4_centring *x, struct product *product) {
    const size_t rows = x->features->rows, strip = least(x->features->features, STRIP);
    void *memory;
    product->panels = (rows + PANEL - 1) / PANEL;
    product->stride = strip * PANEL + GAP;
    for (int k = 0; k < 2; k++) {
        C4_TRY(c4_cka_allocate(product->panels, product->stride * sizeof(float), "packed features",
                               &memory));
        product->strip[k] = memory;
    }
    C4_TRY(c4_cka_allocate(c4_triangle_count(rows), sizeof(struct place),
                           "the order of a Gram matrix's tiles", &memory));
    product->place = memory;
    order_places(product, c4_tile_count(rows));
    return C4_OK;
}

static void release(struct product *product) {
    free(product->strip[0]);
    free(product->strip[1]);
    free(product->place);
}

/* Features of strip s; 0 past the last. */
static size_t strip_features(const struct product *product, size_t s) {
    const size_t all = product->x->features->features, first = s * STRIP;
    return first < all ? least(STRIP, all - first) : 0;
}

static void pack(const struct product *product, size_t s, size_t p, int64_t *ns) {
    const int64_t start = c4_clock_ns();
    const struct c4_features *from = product->x->features;
    const size_t features = strip_features(product, s), row = p * PANEL;
    product->slots->pack((const float *)from->data + row * from->features + s * STRIP,
                         least(PANEL, from->rows - row), features, from->features,
                         product->x->shift + s * STRIP, (float)product->x->scale,
                         product->strip[s % 2] + p * product->stride);
    *ns += c4_clock_ns() - start;
}

/* --- what is fetched ahead --- */

static void add_span(struct c4_gram_ahead *ahead, const void *from, size_t bytes) {
    if (bytes == 0 || ahead->spans == C4_GRAM_AHEAD_SPANS) return;
    ahead->span[ahead->spans++] =
        (struct c4_gram_span){(const char *)from, (const char *)from + bytes};
}

static double *tile_of(const struct product *product, const struct place *at) {
    return product->tiles + ((size_t)at->i * (at->i + 1) / 2 + at->j) * AREA;
}

/* Elements of the tile itself from its second row of micro-tiles on, and of the next one before
 * that, if this thread is sure to come to it: others may be writing it. */
static void add_tiles(const struct product *product, size_t k, const struct team *team,
                      struct c4_gram_ahead *ahead) {
    const bool sure = team->threads == 1 || (k + 1) % team->share != 0;
    add_span(ahead, tile_of(product, &product->place[k]) + FIRST_ROWS * TILE,
             (TILE - FIRST_ROWS) * TILE * sizeof(double));
    if (sure && k + 1 < product->places)
        add_span(ahead, tile_of(product, &product->place[k + 1]),
                 FIRST_ROWS * TILE * sizeof(double));
}

/* The steps of a share fetch a part each of the columns of this thread's next share, which most
 * likely is the one that follows those of the other threads. */
static void add_columns(const struct product *product, size_t s, size_t k, const struct team *team,
                        struct c4_gram_ahead *ahead) {
    const size_t later = (k / team->share + (size_t)team->threads) * team->share;
    if (later >= product->places) return;
    const size_t panel = product->place[later].j * TILE_PANELS,
                 floats = least(TILE_PANELS, product->panels - panel) * product->stride,
                 part = (floats + team->share - 1) / team->share, from = k % team->share * part;
    if (from < floats)
        add_span(ahead, product->strip[s % 2] + panel * product->stride + from,
                 least(part, floats - from) * sizeof(float));
}

/* Of `count` things that are done one by one in `places` steps, how many are done before step k. */
static size_t done_before(size_t k, size_t count, size_t places) {
    return k * count / places;
}

/* The rows of the next strip, so that those of a panel are there when it is packed, and the panel
 * itself, which is written. */
static void add_packing(const struct product *product, size_t s, size_t k,
                        struct c4_gram_ahead *ahead) {
    const struct c4_features *from = product->x->features;
    const size_t features = strip_features(product, s + 1), rows = product->panels * PANEL,
                 end = least(done_before(k + 1, rows, product->places), from->rows),
                 floats = product->panels * product->stride,
                 at = done_before(k, floats, product->places);
    if (features == 0) return;
    for (size_t row = done_before(k, rows, product->places); row < end; row++)
        add_span(ahead, (const float *)from->data + row * from->features + (s + 1) * STRIP,
                 features * sizeof(float));
    add_span(ahead, product->strip[(s + 1) % 2] + at,
             (done_before(k + 1, floats, product->places) - at) * sizeof(float));
}

static void look_ahead(const struct product *product, size_t s, size_t k, const struct team *team,
                       struct c4_gram_ahead *ahead) {
    ahead->spans = ahead->done = 0;
    add_tiles(product, k, team, ahead);
    add_columns(product, s, k, team, ahead);
    add_packing(product, s, k, ahead);
}

/* --- work --- */

/* Of a tile on the diagonal only what lies in or left of each panel's own columns. */
static void multiply_tile(const struct product *product, size_t s, const struct place *at,
                          struct c4_gram_ahead *ahead) {
    const size_t rows = c4_tile_rows(product->x->features->rows, at->i), stride = product->stride,
                 features = strip_features(product, s);
    const float *x = product->strip[s % 2] + at->i * TILE_PANELS * stride;
    const float *y = product->strip[s % 2] + at->j * TILE_PANELS * stride;
    double *tile = tile_of(product, at);
    if (s == 0) memset(tile, 0, AREA * sizeof *tile);
    if (at->i != at->j) {
        product->slots->block(x, y, rows, TILE_PANELS, features, stride, tile, TILE, ahead);
        return;
    }
    for (size_t p = 0; p * PANEL < rows; p++)
        product->slots->block(x + p * stride, y, least(PANEL, rows - p * PANEL), p + 1, features,
                              stride, tile + p * PANEL * TILE, TILE, ahead);
}

static void multiply(const struct product *product, size_t s, size_t k, const struct team *team,
                     int64_t *ns) {
    const int64_t start = c4_clock_ns();
    struct c4_gram_ahead ahead;
    look_ahead(product, s, k, team, &ahead);
    multiply_tile(product, s, &product->place[k], &ahead);
    *ns += c4_clock_ns() - start;
}

/* The other half of the diagonal tiles. */
static void mirror(double *tiles, size_t rows) {
    for (size_t i = 0; i < c4_tile_count(rows); i++) {
        double *tile = tiles + (i * (i + 1) / 2 + i) * AREA;
        for (size_t a = 0; a < TILE; a++)
            for (size_t b = (a / PANEL + 1) * PANEL; b < TILE; b++)
                tile[a * TILE + b] = tile[b * TILE + a];
    }
}

/* Packs the first strip alone, then multiplies each one, and packs a part of the next after each
 * tile. */
static void run(const struct product *product, int threads, struct c4_gram_times *times) {
    const size_t places = product->places, panels = product->panels;
    int64_t pack_ns = 0, product_ns = 0;
#pragma omp parallel num_threads(threads) if (places > 1) reduction(+ : pack_ns, product_ns)
    {
        const struct team team = team_of(omp_get_num_threads(), places);
#pragma omp for schedule(static)
        for (size_t p = 0; p < panels; p++) pack(product, 0, p, &pack_ns);
        for (size_t s = 0; strip_features(product, s) > 0; s++) {
            const size_t next = strip_features(product, s + 1) > 0 ? panels : 0;
#pragma omp for schedule(dynamic, team.share)
            for (size_t k = 0; k < places; k++) {
                multiply(product, s, k, &team, &product_ns);
                for (size_t p = done_before(k, next, places); p < done_before(k + 1, next, places);
                     p++)
                    pack(product, s + 1, p, &pack_ns);
            }
        }
    }
    times->pack_seconds += 1e-9 * (double)pack_ns;
    times->product_seconds += 1e-9 * (double)product_ns;
}

enum c4_status c4_gram_product(const struct c4_centring *x, const struct c4_gram_slots *slots,
                               int threads, double *tiles, struct c4_gram_times *times) {
    struct product product = {.x = x, .slots = slots, .tiles = tiles};
    enum c4_status status = allocate(x, &product);
    if (status == C4_OK) {
        run(&product, threads, times);
        mirror(tiles, x->features->rows);
    }
    release(&product);
    return status;
}
