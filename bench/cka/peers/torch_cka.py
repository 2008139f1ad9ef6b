"""Linear CKA in PyTorch, as its users write it: float32 products by torch.mm, estimates in float64."""
import platform

import torch


def sides(*arrays):
    return tuple(torch.from_numpy(array) for array in arrays)


def product(x):
    return torch.mm(x, x.T)


def gram(x):
    return product(x - x.mean(dim=0)).double()


def summary(k):
    """What is compared of a product."""
    k = k.double()
    return [k.trace().item(), torch.dot(k.view(-1), k.view(-1)).item(), k[-1, 0].item()]


def value(x, y):
    """Biased and debiased CKA."""
    k, l = gram(x), gram(y)
    n = len(k)
    kl, kk, ll = (torch.dot(a.view(-1), b.view(-1)) for a, b in ((k, l), (k, k), (l, l)))

    def debiased(a, b, whole):
        diagonal_a, diagonal_b = a.diagonal(), b.diagonal()
        rows_a, rows_b = a.sum(dim=1) - diagonal_a, b.sum(dim=1) - diagonal_b
        return (whole - diagonal_a @ diagonal_b + rows_a.sum() * rows_b.sum() / ((n - 1) * (n - 2))
                - 2 / (n - 2) * (rows_a @ rows_b))

    return [(kl / (kk * ll).sqrt()).item(), (debiased(k, l, kl) / (debiased(k, k, kk) * debiased(l, l, ll)).sqrt()).item()]


def ready(threads):
    torch.set_num_threads(threads)
    return {"name": "PyTorch", "versions": {"torch": torch.__version__, "python": platform.python_version()},
            "threads": torch.get_num_threads(), "isa": torch.backends.cpu.get_cpu_capability(),
            "algorithm": "torch.mm in float32"}
