"""Has a hot kernel become slower? Its speed beside its C twin's, held against a floor; never seconds.

Kernel and twin do equal work, with equal results, in turns of some milliseconds. What counts is the lower quartile of
the seconds that the processor spent on each: neither waiting for it nor what slows it at times weighs. A ratio below
its floor is measured again, three times in all, and only falls when no try reaches the floor. Exit status 1 says that
one fell.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from floors import FILE, TRIES, judge, ratio, read, to_toml
from results import machine, replace
from speed_of_c import REPS, WORLD, compile_reference, law, replayed
from speed_of_choice import REWARD, THOMPSON, VERIFIER, replays, scans
from timing import alternate

from ttcsim.pool.worlds import make_pool

QUERIES, SAMPLES = 500, 1024
SECONDS = 1.5
"""Of the processor that one measurement of one ratio takes, about."""
LEAST_ROUNDS, SETS = 15, 7


class Pair(NamedTuple):
    """A kernel and its twin, ready to be timed."""

    ours: Callable[[], object]
    in_c: Callable[[], object]


def pairs(folder: Path) -> dict[str, Pair]:
    """The kernels that are watched."""
    library, pool = compile_reference(folder), make_pool(WORLD, QUERIES, SAMPLES)
    found = {}
    for name in REPS:
        twins = replayed(library, pool, name)
        found[name] = Pair(twins.ours, twins.in_c)
    twins = law(library, pool)
    found["elimination by rate"] = Pair(twins.ours, twins.in_c)
    for name, words in ((REWARD, "ucb by reward"), (VERIFIER, "ucb by verifier"), (THOMPSON, THOMPSON)):
        replay, ours = replays(pool, name, reps=20)
        found[words] = Pair(ours, scans(library, pool, replay, name, reps=20)[0])
    return found


def measure(pair: Pair, times: int = 1) -> float:
    """The ratio of one pair; with `times` the kernel does its work so often, and the ratio falls."""

    def ours() -> None:
        for _ in range(times):
            pair.ours()

    begun = time.thread_time()
    ours(), pair.in_c()
    once = time.thread_time() - begun
    return ratio(
        *alternate((ours, pair.in_c), max(LEAST_ROUNDS, int(SECONDS / once)), warm=True, clock=time.thread_time)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="store_true", help=f"measure {SETS} times and write floors.toml anew")
    parser.add_argument("--times", type=int, default=1, help="let kernels do their work so often: 2 has to fail")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        watched = pairs(Path(folder))
        if asked.set:
            every = {name: [measure(pair) for _ in range(SETS)] for name, pair in watched.items()}
            for name, found in every.items():
                print(f"{name}: {', '.join(f'{one:.2f}' for one in found)}")
            medians = {name: statistics.median(found) for name, found in every.items()}
            replace(FILE, to_toml(medians, machine()["cpu"]))
            return
        floors = read()
        verdicts = {
            name: judge(lambda pair=pair: measure(pair, asked.times), floors[name].floor)
            for name, pair in watched.items()
        }
    for name, one in verdicts.items():
        tries = ", then ".join(f"{found:.2f}" for found in one.ratios)
        print(f"{'holds' if one.holds else 'FELL '}  {name}: {tries} of the speed of C; floor {one.floor:.2f}")
    fallen = [name for name, one in verdicts.items() if not one.holds]
    if fallen:
        sys.exit(
            f"bench-guard: {', '.join(fallen)} below the floor in {TRIES} tries of {TRIES}; find what made it slower "
            "(python benchmarks/speed_of_c.py, speed_of_choice.py), or see the head of benchmarks/floors.toml"
        )


if __name__ == "__main__":
    main()
