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
    p.add_argument("--evaluate", choices=["batch", "running"])
    return p.parse_args()


def finite(values):
    return [value if math.isfinite(value) else None for value in values]


def check(peer, evaluates):
    """Values of a fresh network: losses of its steps, one on each batch of the file; or of evaluations losses and norms of all
    features. null if not finite."""
    peer.reset()
    if not evaluates:
        return protocol.say(losses=finite([peer.step(i) for i in range(peer.batches)]))
    losses, norms = [], []
    for i in range(peer.batches):
        loss, features = peer.evaluate(i)
        losses.append(loss)
        norms.append(finite([peer.norm(layer) for layer in features]))
    return protocol.say(losses=finite(losses), norms=norms)


def sample(run, seconds):
    """Steps or evaluations on the first batch for `seconds`, at least one."""
    steps, start = 0, time.monotonic_ns()
    while True:
        run(0)
        steps, ns = steps + 1, time.monotonic_ns() - start
        if ns >= float(seconds) * 1e9:
            return protocol.say(steps=steps, ns=ns)


def serve(make):
    """make(arguments) returns a peer: batches (how many), reset(), step(i) -> loss, evaluate(i) -> loss and the features of all
    layers, norm(layer), ready() -> the first line's members."""
    given = arguments()
    protocol.serve(lambda: make(given),
                   {"check": lambda peer: check(peer, given.evaluate),
                    "sample": lambda peer, seconds: sample(peer.evaluate if given.evaluate else peer.step, seconds)})
