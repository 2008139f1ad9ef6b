"""What a peer of `conv4 bench step --peers` answers: see README.md in this folder."""
import argparse
import math
import time

import protocol


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("variant")
    p.add_argument("--init", required=True)
    p.add_argument("--batches", required=True)
    p.add_argument("--threads", type=int, required=True)
    p.add_argument("--order", choices=["bn-relu", "relu-bn"], required=True)
    return p.parse_args()


def check(peer):
    """Losses of a fresh network's steps, one on each batch of the file; null if not finite."""
    peer.reset()
    losses = [peer.step(i) for i in range(peer.batches)]
    protocol.say(losses=[loss if math.isfinite(loss) else None for loss in losses])


def sample(peer, seconds):
    """Steps on the first batch for `seconds`, at least one."""
    steps, start = 0, time.monotonic_ns()
    while True:
        peer.step(0)
        steps, ns = steps + 1, time.monotonic_ns() - start
        if ns >= float(seconds) * 1e9:
            return protocol.say(steps=steps, ns=ns)


def serve(make):
    """make(arguments) returns a peer: batches (how many), reset(), step(i) -> loss, ready() -> the first line's members."""
    protocol.serve(lambda: make(arguments()), {"check": check, "sample": sample})
