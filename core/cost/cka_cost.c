#include "core/cost/cka_cost.h"

/* Elements of the lower triangle with its diagonal. */
static double triangle(size_t rows) {
    return (double)rows * ((double)rows + 1) / 2;
}

static double tiles(size_t rows) {
    size_t count = rows / C4_CKA_TILE + (rows % C4_CKA_TILE != 0);
    return (double)count;
}

/* Rows that the tiles of a lower triangle read: each tile of rows is read tiles(rows) + 1 times. */
static double triangle_rows(size_t rows) {
    return (double)rows * (tiles(rows) + 1);
}

/* Read, and written shifted or centred. */
static double packing_bytes(size_t n, size_t features, size_t value_bytes) {
    return 2 * (double)n * (double)features * (double)value_bytes;
}

static struct c4_cka_cost gram_of(size_t n, size_t features, size_t value_bytes) {
    struct c4_cka_cost cost;
    cost.flops = 2 * triangle(n) * (double)features;
    cost.bytes = packing_bytes(n, features, value_bytes) +
                 triangle_rows(n) * (double)features * (double)value_bytes +
                 (double)sizeof(double) * triangle(n); /* the cached Gram matrix, written or read */
    return cost;
}

static struct c4_cka_cost self_of(size_t n, size_t features, size_t value_bytes) {
    struct c4_cka_cost cost;
    cost.flops = 2 * triangle(features) * (double)n;
    cost.bytes = packing_bytes(n, features, value_bytes) +
                 triangle_rows(features) * (double)n * (double)value_bytes;
    return cost;
}

static void add(struct c4_cka_cost *sum, struct c4_cka_cost cost) {
    sum->flops += cost.flops;
    sum->bytes += cost.bytes;
}

struct c4_cka_cost c4_cka_gram_cost(const struct c4_cka_shape *shape) {
    struct c4_cka_cost sum = gram_of(shape->n, shape->q, shape->value_bytes);
    if (!shape->reference_cached) add(&sum, gram_of(shape->n, shape->p, shape->value_bytes));
    return sum;
}

struct c4_cka_cost c4_cka_feature_cost(const struct c4_cka_shape *shape) {
    struct c4_cka_cost sum = self_of(shape->n, shape->q, shape->value_bytes);
    double n = (double)shape->n, p = (double)shape->p, q = (double)shape->q;
    sum.flops += 2 * p * q * n;
    sum.bytes += (p * tiles(shape->q) + q * tiles(shape->p)) * n * (double)shape->value_bytes;
    if (!shape->reference_cached) add(&sum, self_of(shape->n, shape->p, shape->value_bytes));
    return sum;
}

struct c4_cka_cost c4_cka_gram_sums_cost(size_t n) {
    return (struct c4_cka_cost){.flops = 4 * triangle(n), .bytes = sizeof(double) * triangle(n)};
}

struct c4_cka_cost c4_cka_gram_products_cost(size_t n) {
    return (struct c4_cka_cost){.flops = 2 * triangle(n),
                                .bytes = 2 * sizeof(double) * triangle(n)};
}

struct c4_cka_cost c4_cka_careful_pass_cost(size_t n, size_t features) {
    return (struct c4_cka_cost){.flops = 2 * triangle(n) * (double)features,
                                .bytes = triangle_rows(n) * (double)features * sizeof(double)};
}

struct c4_cka_cost c4_cka_careful_cost(size_t n, size_t features) {
    struct c4_cka_cost sum = c4_cka_careful_pass_cost(n, features);
    add(&sum, sum);
    sum.bytes += packing_bytes(n, features, sizeof(double));
    return sum;
}

bool c4_cka_gram_is_cheaper(const struct c4_cka_shape *shape) {
    return c4_cka_gram_cost(shape).flops <= c4_cka_feature_cost(shape).flops;
}
