"""The protocol between conv4 and a peer: see README.md in this folder."""
import json
import os
import sys

from_us = os.fdopen(os.dup(1), "w")  # keeps what libraries print out of the answers
os.dup2(2, 1)


def say(**answer):
    from_us.write(json.dumps(answer, allow_nan=False) + "\n")
    from_us.flush()


def serve(make, commands):
    """make() returns a peer, whose ready() has the members of the first line; commands[word](peer, *words) answers a line."""
    try:
        peer = make()
        say(**peer.ready())
        for line in sys.stdin:
            words = line.split()
            if words == ["quit"]:
                return
            if words and words[0] in commands:
                commands[words[0]](peer, *words[1:])
            else:
                say(error=f"unknown command '{line.strip()}'")
    except ModuleNotFoundError as error:
        say(error=f"Python has no module {error.name}: install the packages in bench/peers/requirements*.txt")
    except Exception as error:  # pylint: disable=broad-except
        say(error=f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"[:300])
        raise
