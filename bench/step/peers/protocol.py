"""The protocol between `conv4 bench step --peers` and a peer: see README.md in this folder."""
import argparse
import json
import math
import os
import sys
import time

from_us = os.fdopen(os.dup(1), "w")  # keeps what libraries print out of the answers
os.dup2(2, 1)


def say(**answer):
    from_us.write(json.dumps(answer, allow_nan=False) + "\n")
    from_us.flush()


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
        return say(losses=finite([peer.step(i) for i in range(peer.batches)]))
    losses, norms = [], []
    for i in range(peer.batches):
        loss, features = peer.evaluate(i)
        losses.append(loss)
        norms.append(finite([peer.norm(layer) for layer in features]))
    return say(losses=finite(losses), norms=norms)


def sample(run, seconds):
    """Steps or evaluations on the first batch for `seconds`, at least one."""
    steps, start = 0, time.monotonic_ns()
    while True:
        run(0)
        steps, ns = steps + 1, time.monotonic_ns() - start
        if ns >= seconds * 1e9:
            return say(steps=steps, ns=ns)


def serve(make):
    """make(arguments) returns a peer: batches (how many), reset(), step(i) -> loss, evaluate(i) -> loss and the features of all
    layers, norm(layer), ready() -> the first line's members."""
    try:
        given = arguments()
        peer = make(given)
        say(**peer.ready())
        for line in sys.stdin:
            words = line.split()
            if words == ["check"]:
                check(peer, given.evaluate)
            elif len(words) == 2 and words[0] == "sample":
                sample(peer.evaluate if given.evaluate else peer.step, float(words[1]))
            elif words == ["quit"]:
                return
            else:
                say(error=f"unknown command '{line.strip()}'")
    except ModuleNotFoundError as error:
        say(error=f"Python has no module {error.name}: install the packages in bench/step/peers/requirements.txt or requirements-jax.txt")
    except Exception as error:  # pylint: disable=broad-except
        say(error=f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"[:300])
        raise
