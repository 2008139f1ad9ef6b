#!/usr/bin/env python3
"""Writes stats_*.csv for tests/core/test_rank.c, test_paired.c and test_change_points.c.

stats_rank.csv           p-values of SciPy
stats_paired.csv         Walsh averages by counting in integers, SciPy's t, a BCa bootstrap in NumPy
stats_change_points.csv  indices of Apache Otava; p and means of the segments that they leave
Lists are separated by spaces; empty fields do not apply; a history without values is that of the
row above.
Usage: make_stats.py FOLDER   (Python 3.11, NumPy 2.2, SciPy 1.16, apache-otava 0.8.0)
"""
import csv
import sys
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
from otava.analysis import TTestSignificanceTester, compute_change_points
from scipy import stats

FOLDER = Path(sys.argv[1])
RANDOM = np.random.default_rng(20220709)


def text(value):
    return repr(float(value))


def texts(values):
    return " ".join(text(v) for v in values)


def write(name, header, rows):
    with open(FOLDER / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def sample(n, digits, shift=0.0, scale=1.0):
    return np.round(shift + scale * RANDOM.standard_normal(n), digits) + 0.0


def rank_rows():
    for n, m in ((1, 1), (1, 9), (9, 1), (2, 2), (3, 7), (5, 5), (8, 8), (10, 14), (14, 10), (20, 20),
                 (31, 32), (2, 500), (1, 1000), (25, 40)):
        for shift in (0, 0.8, -3):
            x, y = sample(n, 6, shift), sample(m, 6)
            test = stats.mannwhitneyu(x, y, method="exact")
            yield "u", "exact", text(test.statistic), text(test.pvalue), texts(x), texts(y)
    for n, m in ((1, 1), (1, 5), (4, 4), (9, 12), (20, 20), (40, 60), (150, 30)):
        for digits in (6, 1, 0):
            for shift in (0, 0.5, 3):
                x, y = sample(n, digits, shift), sample(m, digits)
                test = stats.mannwhitneyu(x, y, method="asymptotic")
                yield "u", "normal", text(test.statistic), text(test.pvalue), texts(x), texts(y)
    for n in (1, 2, 3, 4, 5, 8, 14, 20, 30, 49, 50):
        for shift in (0, 0.5, -2):
            d = sample(n, 9, shift)
            test = stats.wilcoxon(d, method="exact", alternative="two-sided")
            plus = stats.wilcoxon(d, method="exact", alternative="greater").statistic
            yield "t", "exact", text(plus), text(test.pvalue), texts(d), ""
    for n in (1, 2, 5, 14, 30, 51, 120):
        for digits in (6, 1, 0):
            for shift in (0, 0.5, 2):
                d = sample(n, digits, shift)
                if not d.any():
                    continue
                asked = {"method": "asymptotic", "correction": True, "zero_method": "wilcox"}
                test = stats.wilcoxon(d, **asked)
                plus = stats.wilcoxon(d, alternative="greater", **asked).statistic
                yield "t", "normal", text(plus), text(test.pvalue), texts(d), ""


def walsh_interval(r, alpha):
    """Exactly, with alpha as the fraction that its double is."""
    n = len(r)
    counts = [1] + [0] * (n * (n + 1) // 2)
    for rank in range(1, n + 1):
        for t in range(len(counts) - 1, rank - 1, -1):
            counts[t] += counts[t - rank]
    below, k = 0, 0
    while 2 * (below + counts[k]) <= Fraction(alpha) * 2**n:
        below += counts[k]
        k += 1
    walsh = sorted(0.5 * (r[i] + r[j]) for i in range(n) for j in range(i, n))
    low, high = (walsh[k - 1], walsh[len(walsh) - k]) if k else (-np.inf, np.inf)
    return np.median(walsh), low, high


def philox(seed, purpose, epoch, index):
    """The four words of core/base/rng.h."""
    key, c = [seed % 2**32, seed >> 32], [index % 2**32, index >> 32, epoch, purpose]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ key[0], b % 2**32, (a >> 32) ^ c[3] ^ key[1], a % 2**32]
        key = [(key[0] + 0x9E3779B9) % 2**32, (key[1] + 0xBB67AE85) % 2**32]
    return c


def bca(r, alpha, seed, resamples):
    n, bootstrap = len(r), 7
    ordered, median = np.sort(r), np.median(r)
    medians = np.array([
        np.median([ordered[philox(seed, bootstrap, b, i // 4)[i % 4] * n >> 32] for i in range(n)])
        for b in range(resamples)])
    below = np.sum(medians < median) + 0.5 * np.sum(medians == median)
    z0 = stats.norm.ppf(min(max(below, 0.5), resamples - 0.5) / resamples)
    left_out = np.array([np.median(np.delete(r, i)) for i in range(n)])
    d = left_out.mean() - left_out
    a = np.sum(d**3) / (6 * np.sum(d**2)**1.5) if np.ptp(left_out) > 0 else 0
    ends = []
    for z in (z0 + stats.norm.ppf(alpha / 2), z0 - stats.norm.ppf(alpha / 2)):
        ends.append(np.quantile(medians, stats.norm.cdf(z0 + z / (1 - a * z))))
    return median, *ends


def paired_rows():
    for n in (2, 5, 6, 13, 14, 15, 20, 30, 60, 120):
        for alpha in (0.3, 0.05, 0.01, 0.01 / 60, 1.7e-4, 2.0**-12, 1e-9):
            r = sample(n, 9, 0.02, 0.01) if n % 2 else sample(n, 2, 0, 0.02)
            yield "walsh", text(alpha), "", "", *map(text, walsh_interval(r, alpha)), texts(r)
            half = stats.t.ppf(1 - alpha / 2, n - 1) * r.std(ddof=1) / np.sqrt(n)
            mean = r.mean()
            yield "t", text(alpha), "", "", text(mean), text(mean - half), text(mean + half), texts(r)
    for n in (2, 3, 8, 14, 15, 30):
        for alpha in (0.05, 0.01 / 60):
            for r in (sample(n, 9, 0.02, 0.01), sample(n, 1)):
                seed, resamples = int(RANDOM.integers(2**63)), 200 + n
                yield ("bca", text(alpha), seed, resamples,
                       *map(text, bca(r, alpha, seed, resamples)), texts(r))


def noisy(level, noise, *steps):
    """`level` with relative noise, times the factor of each step (index, factor) from there on."""
    values = level * (1 + noise * RANDOM.standard_normal(steps[0]))
    for index, factor in steps[1:]:
        values[index:] *= factor
    return np.round(values, 4)


def histories():
    yield "none", noisy(100, 0.01, 200)
    yield "one_step", noisy(100, 0.01, 120, (70, 1.05))
    yield "one_small_step", noisy(100, 0.02, 200, (90, 1.02))
    yield "two_steps", noisy(10, 0.01, 160, (50, 0.9), (110, 1.04))
    yield "step_and_back", noisy(10, 0.02, 150, (60, 1.1), (90, 1 / 1.1))
    spike = noisy(50, 0.005, 100)
    spike[40] *= 3
    yield "spike", spike
    yield "drift", np.round(20 + 0.02 * np.arange(150) + 0.2 * RANDOM.standard_normal(150), 4)
    yield "walk", np.round(30 + np.cumsum(0.1 * RANDOM.standard_normal(300)), 4)
    yield "step_at_the_end", noisy(5, 0.005, 90, (86, 1.06))
    yield "last_value", noisy(5, 0.005, 90, (89, 1.2))
    yield "large_noise", noisy(100, 0.15, 250, (125, 1.3))
    yield "long", noisy(100, 0.03, 500, (100, 1.04), (230, 0.9), (300, 1.02), (420, 1.15))
    yield "around_zero", np.round(RANDOM.standard_normal(150) + 2.0 * (np.arange(150) >= 75), 4)
    yield "constant", np.full(60, 0.1)
    yield "constant_pieces", np.round(np.repeat([0.1, 0.3, 0.2, 0.1], [20, 25, 1, 30]), 4)
    yield "rounded", np.round(noisy(12, 0.02, 180, (100, 1.03)), 1)
    yield "three", np.array([1.0, 1.0, 2.0])
    yield "four", np.array([1.0, 1.01, 2.0, 2.01])
    yield "two", np.array([1.0, 2.0])


def change_point_rows():
    options = ((0.001, 50, 0), (0.05, 30, 0), (0.001, 50, 0.05), (0.2, 7, 0.01), (0.01, 1000, 0),
               (0.6, 2, 0.2))
    for name, values in histories():
        for p, window, magnitude in options:
            series = [float(v) for v in values]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                points, _ = compute_change_points(series, window, p, magnitude)
                tester = TTestSignificanceTester(p)
                intervals = tester.get_intervals(points)
                points = [tester.change_point(c.to_candidate(), series, intervals) for c in points]
            yield (name, text(p), window, text(magnitude),
                   " ".join(str(int(c.index)) for c in points),
                   texts(c.stats.mean_1 for c in points), texts(c.stats.mean_2 for c in points),
                   texts(c.stats.pvalue for c in points),
                   texts(values) if (p, window, magnitude) == options[0] else "")


write("stats_rank.csv", ("test", "method", "statistic", "p", "x", "y"), rank_rows())
write("stats_paired.csv", ("method", "alpha", "seed", "resamples", "estimate", "low", "high",
                           "log_ratios"), paired_rows())
write("stats_change_points.csv", ("name", "max_p", "window", "min_magnitude", "indices", "before",
                                  "after", "p", "values"), change_point_rows())
