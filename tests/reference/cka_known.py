#!/usr/bin/env python3
"""Writes cka_known.csv: linear CKA of seeded Gaussian features by NumPy in float64, from the
definitions (centring matrix H; U-centred Gram matrices), for tests/core/test_cka.c.

The features come from NumPy's legacy generator, which the test implements as well:
    RandomState(seed); x = randn(n, p); y = randn(n, q); y[:, :m] += mix * x[:, :m]; x += shift,
    m = min(p, q).
Usage: cka_known.py > cka_known.csv
"""
import numpy as np

CASES = [  # seed, n, p, q, mix, shift
    (1337, 100, 10, 10, 1.0, 0.0),
    (1, 4, 1, 3, 1.0, 0.0),
    (2, 5, 300, 2, 0.5, 3.0),
    (3, 63, 15, 16, 1.0, -2.0),
    (4, 64, 17, 255, 2.0, 0.0),
    (5, 65, 256, 257, 0.5, 10.0),
    (6, 129, 64, 65, 1.0, 1.0),
    (7, 200, 129, 33, 0.25, 0.0),
    (8, 130, 1000, 700, 1.0, 5.0),
]


def biased(k, l):
    n = len(k)
    h = np.eye(n) - np.ones((n, n)) / n
    return np.sum((h @ k @ h) * (h @ l @ h))


def u_centred(k):
    n = len(k)
    k = k.copy()
    np.fill_diagonal(k, 0)
    means = k.sum(0) / (n - 2)
    means -= means.sum() / (2 * (n - 1))
    k -= means[:, None] + means[None, :]
    np.fill_diagonal(k, 0)
    return k


def debiased(k, l):
    return np.sum(u_centred(k) * u_centred(l))


def cka(inner, x, y):
    k, l = x @ x.T, y @ y.T
    return inner(k, l) / np.sqrt(inner(k, k) * inner(l, l))


def main():
    print("seed,n,p,q,mix,shift,biased,debiased")
    for seed, n, p, q, mix, shift in CASES:
        draw = np.random.RandomState(seed)
        x = draw.randn(n, p)
        y = draw.randn(n, q)
        m = min(p, q)
        y[:, :m] += mix * x[:, :m]
        x += shift
        x -= x.mean(0)
        y -= y.mean(0)
        values = (cka(biased, x, y), cka(debiased, x, y))
        print(f"{seed},{n},{p},{q},{mix},{shift},{values[0]:.15f},{values[1]:.15f}")


if __name__ == "__main__":
    main()
