#!/usr/bin/env python3
"""Writes the small files of tests/reference/arrays with NumPy, ml_dtypes and safetensors, for
tests/core/test_file_arrays.c, tests/core/test_file_npz.c and tests/cli/cli_arrays.sh.

Every array named *x* or without a name is VALUES, or VALUES != 0 where the type is bool. Python 2's
headers, PyTorch's archives and pickles are made by hand as these programs write them, since the
programs are not available everywhere.
Usage: make_arrays.py FOLDER   (NumPy 2.4, ml_dtypes 0.6, safetensors 0.8)
"""
import io
import json
import pickle
import struct
import sys
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

VALUES = np.array([[0, 0, 2], [3, 0, 100], [7, 64, 0], [11, 4, 27], [1, 8, 6]])
FOLDER = Path(sys.argv[1])


def as_type(dtype):
    return VALUES.astype(dtype)


def npy(header, data, version=1):
    text = header.encode("latin1")
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


class Pipe(io.RawIOBase):
    """Cannot seek: zip members get their sizes behind them."""

    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)


def plain():
    for dtype in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1 >f2 >f4 >f8 >i2 >i4 >i8 >u2 >u4 >u8".split():
        np.save(FOLDER / f"npy-{dtype.replace('>', 'big-')}.npy", as_type(dtype))
    np.save(FOLDER / "npy-fortran.npy", np.asfortranarray(as_type(">i2")))
    np.save(FOLDER / "npy-bf16.npy", as_type(ml_dtypes.bfloat16))
    np.save(FOLDER / "npy-complex.npy", as_type("c8"))
    np.save(FOLDER / "npy-long.npy", as_type(np.longdouble))
    np.save(FOLDER / "npy-text.npy", np.array(["a", "bc"]))
    np.save(FOLDER / "npy-dates.npy", np.array(["2020-01-01"], "M8[D]"))
    np.save(FOLDER / "npy-objects.npy", np.array([1, "a"], object))
    np.save(FOLDER / "npy-records.npy", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
    (FOLDER / "npy-python2").write_bytes(
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (5L, 3L), }     \n",
            as_type("<f4").tobytes()))


def archives():
    x = as_type("f4")
    np.savez(FOLDER / "npz-stored.npz", x=x, y=2.0 * x)
    np.savez_compressed(FOLDER / "npz-deflated.npz", x=x, y=2.0 * x)
    np.savez(FOLDER / "npz-one.npz", x)
    np.savez(FOLDER / "npz-names.npz", **{"größe": x, "ä": x, "ö": x, "folder/x": x})
    np.savez(FOLDER / "npz-mixed.npz", x=x, names=np.array(["a", "b"]),
             settings=np.array({"lr": 1}, object))
    with open(FOLDER / "npz-pipe.npz", "wb") as file:
        np.savez_compressed(Pipe(file), x=x)
    with zipfile.ZipFile(FOLDER / "zip-no-arrays.zip", "w") as file:
        file.writestr("read.me", "nothing of use")
    with zipfile.ZipFile(FOLDER / "zip-empty.zip", "w"):
        pass
    with zipfile.ZipFile(FOLDER / "torch.pt", "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps({"x": 1}, 2))
        file.writestr("archive/data/0", x.tobytes())
        file.writestr("archive/version", "3\n")


def network():
    """Weights in half precision, the same value throughout a tensor, and two batches."""
    state = {}
    for b in range(1, 5):
        inputs = 3 if b == 1 else 64
        state[f"conv{b}.weight"] = np.full((64, inputs, 3, 3), 0.03125, "f2")
        for name, value in [(f"conv{b}.bias", 0), (f"bn{b}.weight", 1), (f"bn{b}.bias", 0.5),
                            (f"bn{b}.running_mean", 0), (f"bn{b}.running_var", 1)]:
            state[name] = np.full(64, value, "f2")
    state["linear.weight"] = np.full((10, 256), 0.0625, "f2")
    state["linear.bias"] = np.arange(10).astype("f2")
    np.savez_compressed(FOLDER / "npz-network.npz", note=np.array("a network"), **state)
    images = (np.arange(2 * 4 * 3072) % 251).astype("u1").reshape(2, 4, 3, 32, 32)
    np.savez_compressed(FOLDER / "npz-batches.npz", images=images,
                        labels=np.arange(8, dtype=">i2").reshape(2, 4))


def safetensors():
    names = "f16 bf16 f32 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool".split()
    types = {n: np.dtype({"bf16": ml_dtypes.bfloat16}.get(n, n.replace("f", "float", 1)
             .replace("i", "int", 1).replace("u", "uint", 1) if n != "bool" else n)) for n in names}
    save_file({n: as_type(t) for n, t in types.items()}, FOLDER / "safetensors-types",
              metadata={"writer": "safetensors"})
    save_file({"n" * 300: as_type("f4")}, FOLDER / "safetensors-name")
    save_file({"x": as_type(ml_dtypes.float8_e4m3fn)}, FOLDER / "safetensors-f8")
    x = as_type("<f4").tobytes()
    entry = {"dtype": "F32", "shape": [5, 3], "data_offsets": [0, len(x)], "note": [1]}
    header = "  " + json.dumps({"__metadata__": None, "x": entry})
    (FOLDER / "safetensors-null").write_bytes(struct.pack("<Q", len(header)) +
                                              header.encode() + x)


def pickles():
    (FOLDER / "python.pkl").write_bytes(pickle.dumps({"x": [1, 2]}))
    (FOLDER / "torch-old.pt").write_bytes(pickle.dumps(0x1950A86A20F9469CFC6C, 2) +
                                          pickle.dumps(1001, 2))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    plain()
    archives()
    network()
    safetensors()
    pickles()
