"""Prints the hash of the rows of tests/repro/store_sample.h, as repro/store/schema.h describes it."""
import hashlib
import struct

NULL = bytes.fromhex("000000000000f87f")  # NaN 0x7ff8000000000000, little endian

rows = [  # quantity, layer, reference, images, statistics, n, measure, value
    ("cka_biased", "pool1", "initialisation", "cifar10-test", "batch", 500, "cka", 1.0),
    ("cka_biased", "pool1", "initialisation", "cifar10-test", "running", 500, "cka", -1.0),
    ("cka_biased", "pool1", "initialisation", "cifar10-test", "batch", 200, "cka", -2.0),
    ("cka_biased", "pool1", "initialisation", "svhn-heldout", "batch", 500, "cka", -3.0),
    ("cka_biased", "pool2", "initialisation", "cifar10-test", "batch", 500, "cka", None),
    ("loss", "", "", "", "batch", 64, "", 1.0 / 3),
]

message = b""
for *texts, n, measure, value in sorted(rows, key=lambda row: row[:6]):
    message += struct.pack("<q", 0)  # epoch
    message += b"".join(text.encode() + b"\0" for text in texts)
    message += struct.pack("<q", n) + measure.encode() + b"\0"
    message += struct.pack("<q", 2 if measure else 0)  # the similarity version
    message += NULL if value is None else struct.pack("<d", value)
    message += 3 * NULL  # standard_error, null_mean, null_quantile
print(hashlib.sha256(message).hexdigest())
