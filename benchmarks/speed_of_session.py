"""How long does a policy think between two samples, and how large is a session of many queries?

From ``ask`` to ``ask``, with ``tell`` between, beside what a model takes for a sample: next to nothing.
"""

from __future__ import annotations

import random
import statistics
import time

from tables import Found, Table, tell

import ttcsim

DRAWS, MANY, QUICK_MANY = 2000, 100_000, 10_000


def microseconds(policy: str, queries: int) -> float:
    """Median of the time from `ask` to `ask`."""
    chance = random.Random(0)
    session = ttcsim.Session(policy, range(queries), 64)
    for query, _ in session.ask(queries):
        session.tell(query, {"correct": False, "answer": "a"})
    taken = []
    for _ in range(DRAWS):
        began = time.perf_counter()
        ((query, _),) = session.ask()
        session.tell(query, {"correct": chance.random() < 0.01, "answer": chance.choice("abc")})
        taken.append(time.perf_counter() - began)
    return 1e6 * statistics.median(taken)


def find(quick: bool) -> Found:
    many, rows = QUICK_MANY if quick else MANY, []
    for policy in ("elimination", "ucb", "entropy", "adaptive-consistency"):
        session = ttcsim.Session(policy, range(many), 2)
        size = sum(array.nbytes for array in session._work if hasattr(array, "nbytes")) / many
        rows.append((policy, microseconds(policy, 500), microseconds(policy, many), size))
    heads = "policy", "500 queries", f"{many:,} queries", "bytes a query"
    return Found((Table(heads, ("", "{:.0f} µs", "{:.0f} µs", "{:.0f}"), rows),))


if __name__ == "__main__":
    tell(find, __doc__)
