/* Linear CKA, biased (Kornblith et al. 2019, arXiv 1905.00414) and debiased (Song et al. 2007,
 * Szekely and Rizzo 2014; the U-centred form of Kornblith's notebook).
 *
 * X is n x p, Y is n x q, a row is one example. With centred columns, K = XX', L = YY':
 *   CKA(X, Y) = <K, L> / sqrt(<K, K> <L, L>)
 *   biased    <K, L> = sum_ij K_ij L_ij = |X'Y|^2
 *   debiased  <K, L> = sum_{i != j} K_ij L_ij + (sum_i k_i)(sum_i l_i) / ((n - 1)(n - 2))
 *                      - 2 / (n - 2) sum_i k_i l_i,      k_i = sum_{j != i} K_ij
 *             = |X'Y|^2 - n / (n - 2) sum_i K_ii L_ii + (sum_i K_ii)(sum_i L_ii) / ((n - 1)(n - 2))
 * Biased values lie in 0..1 up to rounding and are far from 0 for unrelated wide features (about
 * p / (p + n)); debiased ones are then about 0, may be negative, and are not clamped. Any p and q
 * >= 1 and n >= 2. With n = 2 biased CKA is always 1: two rows have one direction.
 *
 * Undefined values are no error: biased CKA if a side is constant (all rows equal), debiased CKA
 * also if n < 4 or if U-centring leaves nothing of a side (all rows equally far apart, or all but
 * one equal). Such a value is NaN, and the result gives the reason.
 *
 * The Gram form computes K and L (n x n), the feature form X'Y, X'X and Y'Y; their values agree up
 * to rounding. Each is computed in float, with double outside the Gram blocks, or in double. Where
 * centring or debiasing leaves so little of a side that rounding would show in the sixth digit, as
 * with an outlier, <K, L>, <K, K> and <L, L> are recomputed in the careful form (careful_form.h),
 * in double. Values are therefore those of exact arithmetic to 1e-6, even with outliers a million
 * times as large as the other rows.
 *
 * The order of operations, version 2, which fixes the bits. Results do not depend on threads, CPU
 * or compiler if the Gram slots are those of a bit-exact backend. Everything is in double unless
 * float is stated.
 *  1. In float a row is subtracted from all others (shift.h), which centring cancels; in double a
 *     column's mean: its sum in row order from +0, divided by n; a column whose values are all
 * equal has that value as its mean. The whole matrix has one scale, a power of two. CKA does not
 *     change, and no product under- or overflows. In double it brings the largest |x - mean| to
 *     [1/2, 1). In float it is 1, or if the largest squared norm is outside of 2^-80 to 2^80, what
 *     brings the largest |x - shift| there. In float, x - shift is rounded, then scaled.
 *  2. Products of rows (examples in the Gram form, features in the feature form) come from the Gram
 *     slots (core/op/gram.h), chunks from feature 0 on (feature form: example 0); in double from
 *     c4_gram_block_double. Symmetric products are computed for tiles of 48 x 48, (0,0), (1,0),
 *     (1,1), (2,0), ...; X'Y for all tiles, (0,0), (0,1), ....
 *  3. Sums over a tile in the Gram form run in 8 lanes, column b in lane b % 8, in row-major order
 *     from +0; zeros stand for the diagonal of the matrix and for columns beyond its end. Lanes are
 *     added + 4, + 2, + 1. Row sums alike, row by row; column sums in row order. In the feature
 * form and the careful form a tile's sum runs in row-major order. The tiles' sums are added in tile
 *     order, those of an off-diagonal tile of a symmetric product twice. An off-diagonal tile (a,
 * b) adds its row sums to a's examples and its column sums to b's. Sums over i run in the order of
 *     i.
 *  4. Centring is by the row sums of K and L (Gram form: sum_ij K_ij L_ij - 2/n sum_i k'_i l'_i +
 *     (sum k')(sum l') / n^2, k'_i = k_i + K_ii) or by the column sums s, t of X and Y (feature
 * form: (X'Y)_ij - s_i t_j / n; K_ii is the sum over features of (x_ij - s_j / n)^2, in the order
 * of features). The first m >= 32 of n examples have, bit for bit, the values of m examples alone,
 * unless the scale is not 1. The exact formulas are in gram_form.c and feature_form.c. */
#ifndef C4_SIMILARITY_CKA_H
#define C4_SIMILARITY_CKA_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"
#include "core/op/gram.h"

enum c4_feature_type { C4_FEATURES_FLOAT, C4_FEATURES_DOUBLE };

/* Features of one layer: row-major, contiguous, [rows, features]. Borrowed during a call. */
struct c4_features {
    const void *data;
    enum c4_feature_type type;
    size_t rows, features;
    const char *name; /* for error sentences, such as a path; NULL: the role in the call */
};

enum c4_cka_method {
    C4_CKA_AUTO, /* the form with fewer FLOPs (core/cost/cka_cost.h) */
    C4_CKA_GRAM,
    C4_CKA_FEATURE
};

struct c4_cka_options {
    struct c4_gram_slots gram; /* the backend's; may be NULL if everything is in double */
    int threads;               /* OpenMP threads; 0: OpenMP's default */
    enum c4_cka_method method;
    bool in_double;          /* compute in double even if the features are float */
    bool biased_only;        /* leave out the debiased value */
    size_t partner_features; /* q that AUTO expects in c4_cka_prepare(); 0: the reference's p */
    /* Numbers of leading examples, 2 or more, that c4_cka_between() may also compare, at most
     * C4_CKA_SIZES_MAX; one product serves all. The Gram form only, which AUTO then takes. Read by
     * c4_cka_prepare() only. */
    const size_t *leading;
    size_t leading_count;
};

enum { C4_CKA_SIZES_MAX = 20 };

/* Why a side has no value; DEFINED if it has one. */
enum c4_cka_reason { C4_CKA_DEFINED, C4_CKA_FEW_EXAMPLES, C4_CKA_CONSTANT, C4_CKA_NOTHING_LEFT };

struct c4_cka_reasons {
    enum c4_cka_reason biased, debiased;
};

struct c4_cka_result {
    double biased;                      /* NaN if undefined */
    double debiased;                    /* NaN if undefined or without has_debiased */
    bool has_debiased;                  /* unless biased_only */
    bool careful;                       /* the careful form was used, for at least one side */
    struct c4_cka_reasons undefined[2]; /* of the reference and of the other side */
    size_t n, p, q;                     /* p: the reference's features */
    enum c4_cka_method method;
    double seconds, flops, bytes; /* of this call; FLOPs and bytes as in core/cost/cka_cost.h */
    /* In float in the Gram form: of all threads together, parts of `seconds` if there is one. */
    double pack_seconds, product_seconds;
};

/* Prepared features: the first argument of CKA, computed once for many comparisons. They hold the
 * Gram matrix (Gram form), the shifted features (feature and careful form), and the norms.
 * Read-only afterwards, so that several threads may compare with them at the same time. Memory: 8
 * bytes for each pair of examples / 2, or a copy of the features, in the careful form in double. */
struct c4_cka_reference;

/* Does not refer to `features` afterwards. Double features are computed in double, float ones in
 * float unless in_double. AUTO chooses for comparisons with a cached reference. On failure
 * *reference is NULL and the sentence names the features. C4_ERR_USAGE: no gram for float, threads
 * < 0, NULL data. C4_ERR_DATA: fewer than 2 rows, no features, a value that is not finite (with the
 * first row and column, from 0), values too far apart to centre. C4_ERR_MEMORY: names the bytes. */
enum c4_status c4_cka_prepare(const struct c4_features *features,
                              const struct c4_cka_options *options,
                              struct c4_cka_reference **reference);

/* Compares with a reference, by its options. Errors as above; also C4_ERR_DATA if the numbers of
 * rows differ and C4_ERR_USAGE if `features` is double and the reference is not. *result is written
 * only on success; its values are finite, or NaN with a reason. */
enum c4_status c4_cka_compare(const struct c4_cka_reference *reference,
                              const struct c4_features *features, struct c4_cka_result *result);

/* Compares the first `rows` examples of two prepared sides, which must have been prepared for that
 * number; 0: all. Gives, bit for bit, what c4_cka_compare(reference, features) gives if `other` was
 * prepared from those features with the same options, so that a network compared with several
 * references is prepared once. C4_ERR_DATA if the numbers of rows differ, C4_ERR_USAGE if the types
 * or methods do, or if `rows` was not prepared; C4_ERR_MEMORY. The result holds the work of this
 * call alone. */
enum c4_status c4_cka_between(const struct c4_cka_reference *reference,
                              const struct c4_cka_reference *other, size_t rows,
                              struct c4_cka_result *result);

/* A prepared side as bytes, for memory that processes share. c4_cka_packed_bytes(): how many, a
 * multiple of 64; 0 if the side cannot be packed, because it is in the feature or careful form.
 * c4_cka_pack() writes them to a 64-byte boundary. c4_cka_open() makes a side that refers to them:
 * they must stay until it is freed. It compares with sides that were prepared with the same
 * options; `options` are those. C4_ERR_MEMORY; C4_ERR_DATA if these bytes are no side. */
size_t c4_cka_packed_bytes(const struct c4_cka_reference *reference);
void c4_cka_pack(const struct c4_cka_reference *reference, void *bytes);
enum c4_status c4_cka_open(const void *bytes, size_t size, const struct c4_cka_options *options,
                           struct c4_cka_reference **reference);

/* The work of preparing: only n, p, method, careful, seconds, flops and bytes are set, the rest is
 * 0. */
struct c4_cka_result c4_cka_reference_work(const struct c4_cka_reference *reference);

/* NULL is allowed. */
void c4_cka_reference_free(struct c4_cka_reference *reference);

/* CKA(x, y) in one call; x is the reference. Computed in double if x or y is double. The result
 * holds the work of both sides. */
enum c4_status c4_cka(const struct c4_features *x, const struct c4_features *y,
                      const struct c4_cka_options *options, struct c4_cka_result *result);

/* "gram", "feature" or "auto". */
const char *c4_cka_method_name(enum c4_cka_method method);

/* "defined", "n < 4", "constant" or "nothing left after U-centring". */
const char *c4_cka_reason_words(enum c4_cka_reason reason);

#endif
