"""A peer of `conv4 bench cka --peers`: see README.md in this folder.
usage: similarity.py MODULE FOLDER THREADS; MODULE is numpy_cka, torch_cka or ckatorch_cka"""
import importlib
import math
import sys
import time

import protocol


class Peer:
    def __init__(self, module, folder, threads):
        self.module = importlib.import_module(module)
        self.folder, self.threads, self.x, self.y = folder, threads, None, None

    def ready(self):
        return self.module.ready(self.threads)

    def load(self, count):
        """The first of two sides, or both."""
        import numpy
        self.x = self.y = None
        arrays = [numpy.load(f"{self.folder}/{name}.npy") for name in "xy"[:int(count)]]
        self.x, self.y = (self.module.sides(*arrays) + (None,))[:2]
        protocol.say(shape=list(arrays[0].shape))

    def run(self, subject):
        return self.module.product(self.x) if subject == "product" else self.module.value(self.x, self.y)

    def check(self, subject):
        values = self.run(subject)
        if subject == "product":
            values = self.module.summary(values)
        protocol.say(values=[value if math.isfinite(value) else None for value in values])

    def sample(self, subject, seconds):
        """Again and again for `seconds`, at least once."""
        count, start = 0, time.monotonic_ns()
        while True:
            self.run(subject)
            count, ns = count + 1, time.monotonic_ns() - start
            if ns >= float(seconds) * 1e9:
                return protocol.say(count=count, ns=ns)


if __name__ == "__main__":
    protocol.serve(lambda: Peer(sys.argv[1], sys.argv[2], int(sys.argv[3])),
                   {"load": Peer.load, "check": Peer.check, "sample": Peer.sample})
