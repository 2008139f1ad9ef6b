"""CKA of two NPY files, as a script of a user: its whole process is timed by `conv4 bench cka --from-files`.
usage: from_files.py MODULE THREADS FILE FILE"""
import importlib
import json
import os
import sys

module, threads, first, second = sys.argv[1:]
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = threads  # read when NumPy is imported
try:
    import numpy

    cka = importlib.import_module(module)
    if module == "torch_cka":
        cka.torch.set_num_threads(int(threads))
    biased, debiased = cka.value(*cka.sides(numpy.load(first), numpy.load(second)))
    print(json.dumps({"biased": biased, "debiased": debiased}))
except ModuleNotFoundError as error:
    print(json.dumps({"error": f"Python has no module {error.name}: install the packages in bench/peers/requirements*.txt"}))
