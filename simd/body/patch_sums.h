/* Patch sums of the stem: exact integers, in any order.
 *
 * For every tap a, the taps a and b = a + (dy, dx) multiply the same pairs of pixels, except for a
 * row and a column at the image's edge that lie outside a's window. So 13 distances need a sum over
 * the image instead of 45 pairs of taps, and the edges are subtracted afterwards. */
#ifndef C4_SIMD_BODY_PATCH_SUMS_H
#define C4_SIMD_BODY_PATCH_SUMS_H

#include "core/op/stem.h"
#include "simd/body/body.h"

enum { EDGE = C4_IMAGE_SIDE, COLOURS = C4_IMAGE_CHANNELS, DISTANCES = 13 };

/* Sums over an image, over its first and last row, its first and last column, and its corners. */
struct window_sums {
    int64_t all, row[2], column[2], corner[2][2];
};

struct patch_sums {
    struct window_sums first[COLOURS], second[DISTANCES][COLOURS][COLOURS];
};

/* Two zeros before each row and at least as many after it; two rows of zeros below. */
enum { PLANE_ROW = 48, PLANE = (EDGE + 2) * PLANE_ROW, LEFT = 2 };

/* An image as integers, and its three outermost columns on each side, stored as lines. */
struct integer_image {
    int16_t plane[COLOURS][PLANE];
    int16_t column[COLOURS][6][PLANE_ROW];
};

static void integers(const uint8_t *bytes, struct integer_image *image) {
    memset(image, 0, sizeof *image);
    for (int p = 0; p < COLOURS; p++)
        for (int i = 0; i < EDGE; i++, bytes += EDGE) {
            int16_t *row = image->plane[p] + i * PLANE_ROW + LEFT;
            for (int j = 0; j < EDGE; j++) row[j] = (int16_t)(2 * bytes[j] - 255);
            for (int c = 0; c < 6; c++) image->column[p][c][i] = row[c < 3 ? c : EDGE - 6 + c];
        }
}

/* sum[p][q] = the sum of products of colours p and q over `lines` lines of 32 pixels, PLANE_ROW
 * apart. */
INLINE void line_products(int lines, const int16_t *a, const int16_t *b, ptrdiff_t colour,
                          int32_t sum[COLOURS][COLOURS]) {
    vi acc[COLOURS][COLOURS];
    UNROLL for (int p = 0; p < COLOURS; p++) UNROLL for (int q = 0; q < COLOURS; q++) acc[p][q] =
        vi_set1(0);
    for (int i = 0; i < lines; i++, a += PLANE_ROW, b += PLANE_ROW)
        for (int j = 0; j < EDGE; j += 2 * VF_LANES)
            UNROLL for (int p = 0; p < COLOURS; p++) UNROLL for (int q = 0; q < COLOURS; q++)
                acc[p][q] = vi_dot16(acc[p][q], a + p * colour + j, b + q * colour + j);
    UNROLL for (int p = 0; p < COLOURS; p++) UNROLL for (int q = 0; q < COLOURS; q++) sum[p][q] =
        vi_sum(acc[p][q]);
}

/* Adds one image's products of pixels that lie (dy, dx) apart. */
static void add_distance(const struct integer_image *image, int dy, int dx,
                         struct window_sums sums[COLOURS][COLOURS]) {
    enum { COLUMN = 6 * PLANE_ROW };
    const int16_t *a = image->plane[0] + LEFT, *b = a + dy * PLANE_ROW + dx;
    const ptrdiff_t last = (EDGE - 1) * PLANE_ROW;
    int32_t all[COLOURS][COLOURS], row[2][COLOURS][COLOURS], column[2][COLOURS][COLOURS] = {{{0}}};
    line_products(EDGE, a, b, PLANE, all);
    line_products(1, a, b, PLANE, row[0]);
    line_products(1, a + last, b + last, PLANE, row[1]);
    /* An outermost column has no partners where dx leads outside the image. */
    const int16_t(*line)[PLANE_ROW] = image->column[0];
    if (dx >= 0) line_products(1, line[0], line[dx] + dy, COLUMN, column[0]);
    if (dx <= 0) line_products(1, line[5], line[5 + dx] + dy, COLUMN, column[1]);
    for (int p = 0; p < COLOURS; p++)
        for (int q = 0; q < COLOURS; q++) {
            struct window_sums *s = &sums[p][q];
            s->all += all[p][q];
            for (int e = 0; e < 2; e++) {
                s->row[e] += row[e][p][q];
                s->column[e] += column[e][p][q];
                for (int f = 0; f < 2; f++) {
                    ptrdiff_t at = e * last + f * (EDGE - 1);
                    s->corner[e][f] += a[p * PLANE + at] * b[q * PLANE + at];
                }
            }
        }
}

/* Adds the pixels themselves. */
static void add_pixels(const struct integer_image *image, struct window_sums sums[COLOURS]) {
    for (int p = 0; p < COLOURS; p++) {
        const int16_t *plane = image->plane[p] + LEFT;
        struct window_sums *s = &sums[p];
        int32_t all = 0;
        for (int i = 0; i < EDGE; i++)
            for (int j = 0; j < EDGE; j++) all += plane[i * PLANE_ROW + j];
        s->all += all;
        for (int e = 0; e < 2; e++) {
            for (int i = 0; i < EDGE; i++) {
                s->row[e] += plane[e * (EDGE - 1) * PLANE_ROW + i];
                s->column[e] += image->column[p][5 * e][i];
            }
            for (int f = 0; f < 2; f++) s->corner[e][f] += plane[(e * PLANE_ROW + f) * (EDGE - 1)];
        }
    }
}

static void patch_sums_add(const uint8_t *bytes, struct patch_sums *sums) {
    struct integer_image image;
    int distance = 0;
    integers(bytes, &image);
    add_pixels(&image, sums->first);
    for (int dy = 0; dy <= 2; dy++)
        for (int dx = dy ? -2 : 0; dx <= 2; dx++)
            add_distance(&image, dy, dx, sums->second[distance++]);
}

/* The part of a sum inside a tap's window: the first row of taps does not reach the image's last
 * row, and so on. */
static int64_t within(const struct window_sums *s, int tap) {
    const int i = tap / 3, j = tap % 3, row = i == 0, column = j == 0;
    int64_t sum = s->all;
    if (i != 1) sum -= s->row[row];
    if (j != 1) sum -= s->column[column];
    if (i != 1 && j != 1) sum += s->corner[row][column];
    return sum;
}

/* The patch sums of all images added; first and second are overwritten. */
static void patch_sums_finish(const struct patch_sums *sums, int64_t *first, int64_t *second) {
    for (int tap = 0; tap < 9; tap++)
        for (int p = 0; p < COLOURS; p++) {
            first[COLOURS * tap + p] = within(&sums->first[p], tap);
            int distance = 0;
            for (int dy = 0; dy <= 2; dy++)
                for (int dx = dy ? -2 : 0; dx <= 2; dx++, distance++) {
                    if (tap / 3 + dy > 2 || tap % 3 + dx < 0 || tap % 3 + dx > 2) continue;
                    for (int q = 0; q < COLOURS; q++) {
                        int k = COLOURS * tap + p, l = COLOURS * (tap + 3 * dy + dx) + q;
                        second[k * C4_PATCH + l] = second[l * C4_PATCH + k] =
                            within(&sums->second[distance][p][q], tap);
                    }
                }
        }
}

/* The same from a data set's kept patch sums, [n, C4_PATCH_SUMS]. */
static void patch_sums_add_kept(int n, const int32_t *kept, int64_t *first, int64_t *second) {
    int64_t sum[C4_PATCH_SUMS] = {0};
    for (int i = 0; i < n; i++, kept += C4_PATCH_SUMS)
        for (int k = 0; k < C4_PATCH_SUMS; k++) sum[k] += kept[k];
    const int64_t *upper = sum + C4_PATCH;
    memcpy(first, sum, C4_PATCH * sizeof *first);
    for (int k = 0; k < C4_PATCH; k++)
        for (int l = k; l < C4_PATCH; l++)
            second[k * C4_PATCH + l] = second[l * C4_PATCH + k] = *upper++;
}

#endif
