"""Linear CKA by the package ckatorch, whose function computes in float64 and gives one estimate a call."""
import importlib.metadata

import ckatorch

import torch_cka
from torch_cka import sides  # noqa: F401, as the other peers' modules have it


def value(x, y):
    return [ckatorch.cka_base(x, y, kernel="linear", unbiased=unbiased, method="fro_norm").item() for unbiased in (False, True)]


def ready(threads):
    answer = torch_cka.ready(threads)
    versions = {"ckatorch": importlib.metadata.version("ckatorch")} | answer["versions"]
    return answer | {"name": "ckatorch", "versions": versions, "algorithm": "cka_base in float64, twice"}
