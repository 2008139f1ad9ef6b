"""Linear CKA in NumPy, as its users write it: float32 products, estimates in float64."""
import os
import platform

import numpy as np


def sides(*arrays):
    return arrays


def product(x):
    return x @ x.T


def gram(x):
    return product(x - x.mean(axis=0)).astype(np.float64)


def summary(k):
    """What is compared of a product."""
    k = k.astype(np.float64)
    return [float(np.trace(k)), float(np.vdot(k, k)), float(k[-1, 0])]


def value(x, y):
    """Biased and debiased CKA."""
    k, l = gram(x), gram(y)
    n = len(k)
    kl, kk, ll = np.vdot(k, l), np.vdot(k, k), np.vdot(l, l)

    def debiased(a, b, whole):
        diagonal_a, diagonal_b = a.diagonal(), b.diagonal()
        rows_a, rows_b = a.sum(axis=1) - diagonal_a, b.sum(axis=1) - diagonal_b
        return (whole - diagonal_a @ diagonal_b + rows_a.sum() * rows_b.sum() / ((n - 1) * (n - 2))
                - 2 / (n - 2) * (rows_a @ rows_b))

    return [float(kl / np.sqrt(kk * ll)), float(debiased(k, l, kl) / np.sqrt(debiased(k, k, kk) * debiased(l, l, ll)))]


def ready(threads):
    """The first line. Threads are those of the environment, read back where threadpoolctl is installed."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    versions = {"numpy": np.__version__, blas["name"]: blas["version"], "python": platform.python_version()}
    own, isa = int(os.environ.get("OPENBLAS_NUM_THREADS", threads)), None
    try:
        import threadpoolctl
        for pool in threadpoolctl.threadpool_info():
            if pool["user_api"] == "blas":
                own, isa = pool["num_threads"], pool.get("architecture")
    except ModuleNotFoundError:
        pass
    how = "x @ x.T in float32" + (f", {isa} kernels" if isa else "")
    return {"name": "NumPy", "versions": versions, "threads": own, "isa": isa, "algorithm": how}
