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
    return p.parse_args()


def check(peer):
    """Losses of a fresh network's steps, one on each batch of the file; null if not finite."""
    peer.reset()
    losses = [peer.step(i) for i in range(peer.batches)]
    say(losses=[loss if math.isfinite(loss) else None for loss in losses])


def sample(peer, seconds):
    """Steps on the first batch for `seconds`, at least one."""
    steps, start = 0, time.monotonic_ns()
    while True:
        peer.step(0)
        steps, ns = steps + 1, time.monotonic_ns() - start
        if ns >= seconds * 1e9:
            return say(steps=steps, ns=ns)


def serve(make):
    """make(arguments) returns a peer: batches (how many), reset(), step(i) -> loss, ready() -> the first line's members."""
    try:
        peer = make(arguments())
        say(**peer.ready())
        for line in sys.stdin:
            words = line.split()
            if words == ["check"]:
                check(peer)
            elif len(words) == 2 and words[0] == "sample":
                sample(peer, float(words[1]))
            elif words == ["quit"]:
                return
            else:
                say(error=f"unknown command '{line.strip()}'")
    except ModuleNotFoundError as error:
        say(error=f"Python has no module {error.name}: install the packages in bench/step/peers/requirements.txt or requirements-jax.txt")
    except Exception as error:  # pylint: disable=broad-except
        say(error=f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"[:300])
        raise
