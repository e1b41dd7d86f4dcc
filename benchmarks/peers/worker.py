"""Plays one peer's games, one a line of standard input, in the peer's own environment: ``worker.py PEER ARMS.npz``."""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import warnings

import numpy as np
from arms import Arms


def main() -> None:
    said = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # some peers print when they are loaded
    warnings.simplefilter("ignore")
    peer = importlib.import_module(f"with_{sys.argv[1]}")
    with np.load(sys.argv[2]) as file:
        arms = Arms(file["correct"], file["reward"])
    np.seterr(all="ignore")  # an index before the first draw is a division by nought
    print(json.dumps({"version": peer.VERSION, "games": list(peer.GAMES)}), file=said, flush=True)
    for line in sys.stdin:
        game, draws, seed = json.loads(line)
        np.random.seed(seed)  # noqa: NPY002 (some peers draw from it)
        arms.begin(seed)
        begun = time.process_time()
        peer.GAMES[game](arms, draws)
        told = {"seconds": time.process_time() - begun, "spent": arms.spent, "solved": int(arms.solved.sum())}
        print(json.dumps(told), file=said, flush=True)


if __name__ == "__main__":
    main()
