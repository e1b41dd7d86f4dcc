"""How much faster is a replay than the same game in bandit libraries of Python, and in plain NumPy?

Each plays the same game on the same samples, drawn with replacement: 500 queries share 8,000 draws. *uniform* gives
each 16; *elimination* goes round and drops whoever is solved; *ucb* is UCB1 on rewards, nobody leaves; *thompson* draws
from Beta posteriors of the queries that are not solved. A library's own policy decides wherever it has one.

That it is the same work is tested, not assumed: all must spend the whole budget, and the mean coverage of a peer's
games must lie within five standard errors of ours (a peer that does the same fails one time in 1.7 million).

Peers live in an environment of their own, which ``make bench`` sets up, and play in processes of their own; games of a
peer and replays of ours take turns, and the seconds of a processor count.
"""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from tables import Compared, Found, Table, tell

from ttcsim.policies import policy
from ttcsim.pool.worlds import make_pool
from ttcsim.replay.columns import Columns
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting

WORLD, QUERIES, SAMPLES, DRAWS = "beta(0.4,1.2)", 500, 1024, 8000
GAMES = {
    "uniform": "uniform",
    "elimination": "elimination",
    "ucb": "ucb(signal=reward,gamma=2)",
    "thompson": "thompson",
}
"""What each game is here."""
MODULES = {
    "NumPy": "numpy",
    "SMPyBandits": "smpybandits",
    "MABWiser": "mabwiser",
    "Open Bandit Pipeline": "obp",
}
LEAST, MOST, SECONDS = 3, 40, 3.0
"""Games of a peer: as many as take so long, but at least and at most these."""
QUICK_SECONDS, OURS_SECONDS = 0.3, 0.03
OURS_REPS = 400
"""Replications that tell what coverage should be."""
ERRORS = 5.0
"""Standard errors that a mean may be off."""
TARGET = 1000.0
"""Of the speed of a library in Python."""
FOLDER = Path(__file__).parents[1] / ".venv-peers"


class Ours:
    """One game here: its law, from many replications, and its speed."""

    def __init__(self, pool, game):
        setting = Setting(np.array([DRAWS], np.int64), 0, "samples", "bootstrap", (), None)
        self.replay = Replay(policy(GAMES[game]), setting, Columns(pool))
        self.replay.run(0, 1)  # its kernels are loaded
        self.reps = 1
        while self.seconds() < OURS_SECONDS:
            self.reps *= 2
        tally = self.replay.run(0, OURS_REPS)
        assert (tally.spent == DRAWS).all()
        self.mean, self.deviation = tally.covered.mean(), tally.covered.std(ddof=1)

    def seconds(self):
        begun = time.thread_time()
        self.replay.run(0, self.reps)
        return time.thread_time() - begun

    def errors(self, solved):
        """How many standard errors the mean of a peer's games is from ours."""
        error = self.deviation * np.sqrt(1 / len(solved) + 1 / OURS_REPS)
        return (np.mean(solved) - self.mean) / error


class Peer:
    """A process that plays."""

    def __init__(self, process):
        self.process = process
        about = self.heard()
        self.version, self.games = about["version"], about["games"]

    def heard(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("speed_of_peers: a peer ended before it answered; its own words are above")
        return json.loads(line)

    def play(self, game, seed):
        print(json.dumps([game, DRAWS, seed]), file=self.process.stdin, flush=True)
        return self.heard()


@contextmanager
def playing(python, module, arms):
    worker = Path(__file__).parent / "peers" / "worker.py"
    command = [str(python), "-W", "ignore", str(worker), module, str(arms)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Peer(process)
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def versus(peer, name, game, ours, quick):
    """A row of the table: both speeds, in turns, and whether the law is the same."""
    theirs, own, solved = [], [], []
    for seed in itertools.count(1):
        own.append(ours.seconds())
        told = peer.play(game, seed)
        assert told["spent"] == DRAWS, f"{name}: {game} spent {told['spent']} of {DRAWS} draws"
        theirs.append(told["seconds"])
        solved.append(told["solved"])
        enough = sum(theirs) > (QUICK_SECONDS if quick else SECONDS) and (quick or seed >= LEAST)
        if enough or seed == MOST:
            break
    errors = ours.errors(solved)
    assert abs(errors) <= ERRORS, f"{name}: {game} covers {np.mean(solved):.1f}, not {ours.mean:.1f}: other work"
    speeds = ours.reps * DRAWS / statistics.median(own), DRAWS / statistics.median(theirs)
    return game, name, peer.version, *speeds, speeds[0] / speeds[1], errors, len(solved)


def find(quick):
    if not (FOLDER / "peers.json").exists():
        raise SystemExit("speed_of_peers: the peers are not installed; run make bench, or make .venv-peers/peers.json")
    about = json.loads((FOLDER / "peers.json").read_text())
    pool = make_pool(WORLD, QUERIES, SAMPLES)
    games, rows = {game: Ours(pool, game) for game in GAMES}, []
    with tempfile.TemporaryDirectory() as folder:
        arms = Path(folder) / "arms.npz"
        correct, reward = pool.correct, next(iter(pool.rewards.values()))
        np.savez(arms, correct=correct.reshape(QUERIES, SAMPLES), reward=reward.reshape(QUERIES, SAMPLES))
        for name, module in MODULES.items():
            if name != "NumPy" and not about[name]["installed"]:
                continue
            with playing(sys.executable if name == "NumPy" else FOLDER / "bin" / "python", module, arms) as peer:
                rows += [versus(peer, name, game, games[game], quick) for game in peer.games]
    rows.sort(key=lambda row: list(GAMES).index(row[0]))
    heads = "game", "peer", "version", "ttcsim, draws/s", "peer, draws/s", "ratio", "coverage off by, s.e.", "games"
    absent = [(name, one["installed"] or "none", "; ".join(one["refused"])) for name, one in about.items()]
    python = ".".join(map(str, sys.version_info[:2]))
    return Found(
        (
            f"{DRAWS:,} draws over {QUERIES} queries of {SAMPLES:,} samples with replacement, one core, medians of "
            "games that take turns with replays. The same law: coverage within "
            f"{ERRORS:g} standard errors.",
            Table(heads, ("", "", "", "{:.1e}", "{:.1e}", "{:,.0f}", "{:+.1f}", "{}"), rows),
            f"What could be installed on Python {python}, and what refused:",
            Table(("peer", "installed", "refused"), ("", "", ""), absent),
        ),
        [
            Compared(f"{game}, with replacement", "draws/s", ours, name, theirs, None if name == "NumPy" else TARGET)
            for game, name, _, ours, theirs, *_ in rows
        ],
    )


if __name__ == "__main__":
    tell(find, __doc__)
