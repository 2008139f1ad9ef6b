/* How often the intervals of core/stats/paired.h miss the truth, and how wide they are: the reason
 * why comparisons take c4_paired_interval(). Prints a table and checks what that one promises.
 * Usage: test_paired_simulation [FAMILIES [FAMILIES_OF_THE_BOOTSTRAP]]
 *
 * A family is a table of 60 rows, each the comparison of two programs from n pairs, at alpha .05
 * and at .01 / 60, which keeps false alarms anywhere in the table at 1 % (Bonferroni). All
 * intervals move with the ratios (tests/core/test_paired.c), so that those of programs 2, 5 and 10
 * % apart are those of equal ones, moved by log 1.02, log 1.05 and log 1.1. */
#include "tests/harness/unit.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/stats/paired.h"
#include "tests/core/paired_noise.h"

enum { ROWS = 60, SIZES = 3, EFFECTS = 3, RESAMPLES = 1999, LARGEST = 30 };
static const int sizes[SIZES] = {14, 20, LARGEST};
static const double apart[EFFECTS] = {1.02, 1.05, 1.10};

enum level { SINGLE, FAMILY, LEVELS };
static const double alphas[LEVELS] = {0.05, 0.01 / ROWS};

enum method { HODGES_LEHMANN, BCA, STUDENT, METHODS };
static const char *const method_names[METHODS] = {"Hodges-Lehmann", "BCa of the median", "t"};

/* Counts of rows, but for `alarms`, which are families with a false alarm at .01 / 60. */
struct tally {
    int families, rows, alarms;
    int missed[LEVELS], found[LEVELS][EFFECTS];
    double width[LEVELS];
};

static int families = 40, bootstrap_families = 2;
static struct tally tallies[NOISES][SIZES][METHODS];

static struct c4_interval interval_of(enum method method, const double *r, int n, double alpha,
                                      uint64_t seed) {
    struct c4_interval i = {0, 0, 0};
    enum c4_status status = method == HODGES_LEHMANN ? c4_paired_interval(r, n, alpha, &i)
                            : method == STUDENT      ? c4_paired_t(r, n, alpha, &i)
                                                : c4_paired_bca(r, n, alpha, seed, RESAMPLES, &i);
    assert_int_equal(status, C4_OK);
    return i;
}

/* Is 0 outside of it once it has moved? */
static bool excludes_zero(const struct c4_interval *i, double move) {
    return i->low + move > 0 || i->high + move < 0;
}

static bool add_row(struct tally *t, enum method method, const double *r, int n, uint64_t seed) {
    bool alarm = false;
    for (int level = 0; level < LEVELS; level++) {
        struct c4_interval i = interval_of(method, r, n, alphas[level], seed);
        alarm = excludes_zero(&i, 0);
        t->missed[level] += alarm;
        t->width[level] += i.high - i.low;
        for (int e = 0; e < EFFECTS; e++) t->found[level][e] += excludes_zero(&i, log(apart[e]));
    }
    t->rows++;
    return alarm; /* at the last level, that of the family */
}

static void add_family(enum noise noise, int size, int family, struct draws *draws) {
    bool alarm[METHODS] = {false};
    for (int row = 0; row < ROWS; row++) {
        double r[LARGEST];
        draw_log_ratios(draws, noise, sizes[size], r);
        for (int m = 0; m < METHODS; m++) {
            if (m == BCA && family >= bootstrap_families) continue;
            uint64_t seed = (uint64_t)family * ROWS + (uint64_t)row;
            alarm[m] |= add_row(&tallies[noise][size][m], (enum method)m, r, sizes[size], seed);
        }
    }
    for (int m = 0; m < METHODS; m++) {
        tallies[noise][size][m].families += m != BCA || family < bootstrap_families;
        tallies[noise][size][m].alarms += alarm[m];
    }
}

static double percent(int part, int whole) {
    return whole > 0 ? 100.0 * part / whole : (double)NAN;
}

static void print_table(void) {
    printf("Rows: %d, of the bootstrap %d. Widths in %%; found: programs 2, 5, 10 %% apart.\n"
           "%-14s %2s %-17s %8s %6s %6s %9s %6s %-15s %6s\n",
           families * ROWS, bootstrap_families * ROWS, "noise", "n", "interval", "coverage",
           "width", "alarms", "at .01/60", "width", "found", "family");
    for (int noise = 0; noise < NOISES; noise++)
        for (int s = 0; s < SIZES; s++)
            for (int m = 0; m < METHODS; m++) {
                const struct tally *t = &tallies[noise][s][m];
                printf("%-14s %2d %-17s %8.2f %6.2f %6.2f %9.3f %6.2f %4.0f %4.0f %4.0f  %6.2f\n",
                       noise_names[noise], sizes[s], method_names[m],
                       100 - percent(t->missed[SINGLE], t->rows), 100 * t->width[SINGLE] / t->rows,
                       percent(t->missed[SINGLE], t->rows), percent(t->missed[FAMILY], t->rows),
                       100 * t->width[FAMILY] / t->rows, percent(t->found[FAMILY][0], t->rows),
                       percent(t->found[FAMILY][1], t->rows), percent(t->found[FAMILY][2], t->rows),
                       percent(t->alarms, t->families));
            }
    fflush(stdout);
}

/* Everywhere but in autocorrelated differences, which none of them allows for. */
static void chosen_interval_keeps_its_promise(void **state) {
    (void)state;
    int all = 0, alarms = 0;
    for (int noise = 0; noise < NOISES; noise++)
        for (int s = 0; s < SIZES; s++) {
            struct draws draws = {(uint32_t)(noise * SIZES + s), 0};
            for (int f = 0; f < families; f++) add_family((enum noise)noise, s, f, &draws);
        }
    print_table();
    for (int noise = 0; noise < NOISE_AUTOCORRELATED; noise++)
        for (int s = 0; s < SIZES; s++) {
            const struct tally *t = &tallies[noise][s][HODGES_LEHMANN];
            double coverage = 100 - percent(t->missed[SINGLE], t->rows);
            if (!(coverage >= 93))
                fail_msg("%s, n = %d: coverage %.2f %%", noise_names[noise], sizes[s], coverage);
            all += t->families;
            alarms += t->alarms;
        }
    double error = 100 * sqrt(0.01 * 0.99 / all), rate = percent(alarms, all);
    printf("Families with a false alarm: %.2f %% of %d (1 %% + 3 x %.2f %% are allowed).\n", rate,
           all, error);
    if (!(rate <= 1 + 3 * error)) fail_msg("false alarms in %.2f %% of the families", rate);
}

int main(int argc, char **argv) {
    if (argc > 1) families = bootstrap_families = atoi(argv[1]);
    if (argc > 2) bootstrap_families = atoi(argv[2]);
    if (families < 1 || bootstrap_families < 0 || bootstrap_families > families) {
        fprintf(stderr, "usage: test_paired_simulation [FAMILIES [FAMILIES_OF_THE_BOOTSTRAP]]\n");
        return 2;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(chosen_interval_keeps_its_promise)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
