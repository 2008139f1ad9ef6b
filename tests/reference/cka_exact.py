#!/usr/bin/env python3
"""Writes cka_exact.csv: linear CKA of integer features in exact arithmetic, from the definitions
(core/similarity/cka.h), for tests/core/test_cka_outliers.c, which makes the same integers.

One row of X and one of Y is an outlier, `scale` times its draws; row i is shifted by 2^e, e going
through -spread..spread; `offset` is added to everything. Every value is exact in binary32.
Usage: cka_exact.py > cka_exact.csv
"""
from decimal import Decimal, getcontext

CASES = [  # seed, n, p, q, scale_x, row_x, scale_y, row_y, offset, spread
    *((seed, 500, 8, 8, 10**power, 3, 10**power, 3, 0, 0) for seed, power in ((1, 3), (2, 6))),
    *((10 + power, 100, 64, 48, 10**power, 3, 10**power, 3, 0, 0) for power in range(3, 7)),
    *((20 + power, 66, 5, 7, 10**power, 65, 1, 0, 0, 0) for power in range(1, 7)),
    *((30 + power, 67, 150, 3, 1, 0, 10**power, 64, 0, 0) for power in range(1, 7)),
    *((40 + power, 40, 12, 30, 10**power, 1, 10**power, 30, 0, 0) for power in range(3, 7)),
    *((50 + power, 65, 20, 9, 10**power, 7, 10**power, 7, 1024, 0) for power in range(3, 7)),
    *((60 + power, 30, 200, 90, 10**power, 7, 10**power, 7, -5120, 0) for power in range(3, 7)),
    *((70 + spread, 50, 16, 80, 1, 0, 1, 0, 0, spread) for spread in (2, 6, 12, 20)),
    *((80 + n, n, 3, 2, 1000000, 0, 1000000, 0, 0, 0) for n in (4, 5, 8)),
    *((90 + n, n, 400, 300, 100000, 2, 1000, 1, 128, 0) for n in (4, 5, 8)),
    (101, 130, 40, 40, 1, 0, 1, 0, 0, 0),
    (102, 20, 600, 500, 1, 0, 1, 0, 30, 0),
    (103, 90, 1, 1, 10000, 5, 10000, 5, 0, 0),
]


def draws(seed):
    state = seed
    while True:
        state = (1664525 * state + 1013904223) % 2**32
        yield (state >> 16) % 201 - 100


def place(rows, scale, row, offset, spread):
    """CKA is that of the features times 2^spread, which are integers."""
    for i, values in enumerate(rows):
        exponent = 7 * i % (2 * spread + 1)
        factor = (scale if i == row else 1) * 2**exponent
        rows[i] = [v * factor + offset * 2**spread for v in values]
    return rows


def features(seed, n, p, q, scale_x, row_x, scale_y, row_y, offset, spread):
    draw = draws(seed)
    x = [[next(draw) for _ in range(p)] for _ in range(n)]
    y = [[x[i][j % p] + next(draw) for j in range(q)] for i in range(n)]
    return place(x, scale_x, row_x, offset, spread), place(y, scale_y, row_y, offset, spread)


def gram(x):
    return [[sum(a * b for a, b in zip(r, s)) for s in x] for r in x]


def biased(k, l):
    """Times n^2."""
    n = len(k)
    k_rows, l_rows = [sum(r) for r in k], [sum(r) for r in l]
    products = sum(a * b for r, s in zip(k, l) for a, b in zip(r, s))
    rows = sum(a * b for a, b in zip(k_rows, l_rows))
    return n * n * products - 2 * n * rows + sum(k_rows) * sum(l_rows)


def debiased(k, l):
    """Times (n - 1)(n - 2)."""
    n = len(k)
    k_rows = [sum(r) - r[i] for i, r in enumerate(k)]
    l_rows = [sum(r) - r[i] for i, r in enumerate(l)]
    products = sum(k[i][j] * l[i][j] for i in range(n) for j in range(n) if i != j)
    rows = sum(a * b for a, b in zip(k_rows, l_rows))
    return (n - 1) * (n - 2) * products + sum(k_rows) * sum(l_rows) - 2 * (n - 1) * rows


def cka(inner, k, l):
    return Decimal(inner(k, l)) / (Decimal(inner(k, k)) * Decimal(inner(l, l))).sqrt()


def main():
    getcontext().prec = 60
    print("seed,n,p,q,scale_x,row_x,scale_y,row_y,offset,spread,biased,debiased")
    for case in CASES:
        x, y = features(*case)
        k, l = gram(x), gram(y)
        print(*case, f"{cka(biased, k, l):.15f}", f"{cka(debiased, k, l):.15f}", sep=",")


if __name__ == "__main__":
    main()
