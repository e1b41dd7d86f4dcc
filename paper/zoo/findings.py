"""Zuo & Zhu's findings (PAPERS 1.4 and 1.5, second-hand): on how many pools each holds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import ttcsim
from paper.tables import markdown
from paper.zoo.study import Study
from ttcsim.statistics.intervals import replay_interval
from ttcsim.theory import stretch_law, stretched

Floats = NDArray[np.float64]
Found = tuple[bool, float]
"""Whether a finding holds on a pool, and the number that tells how far."""


HEADER = ("finding", "holds on", "fails on", "numbers")


def findings_rows(study: Study) -> list[tuple[object, ...]]:
    """The findings, with the pools on which they do not hold."""
    rows = []
    for statement, ask, number in FINDINGS:
        rows.append(_row(statement, {name: ask(result) for name, result in study.whole.items()}, number))
    matched = {name: _over_uniform(result) for name, result in study.tokens.items()}
    rows.append(_row("At matched tokens elimination covers more than uniform at every budget.", matched, _GAIN))
    return rows


def findings_lines(study: Study) -> list[str]:
    """The findings as a table."""
    return [
        "Held to fail where replays (95 %) show it to, for the queries of the pool. The range is over pools.", "",
        *markdown(HEADER, findings_rows(study)),
    ]  # fmt: skip


def _row(statement: str, found: dict[str, Found], number: str) -> tuple[object, ...]:
    failed = [name for name, (holds, _) in found.items() if not holds]
    values = [value for _, value in found.values()]
    told = f"{number}: {min(values):+.1f} to {max(values):+.1f} points" if number else ""
    return statement, f"{len(found) - len(failed)} of {len(found)}", ", ".join(failed), told


def _gain(result: ttcsim.Result, policy: str, over: str) -> tuple[Floats, Floats]:
    """Mean difference in points at every budget, and the upper limit of replay noise."""
    one, other = (result.outcome(str(ttcsim.policy(name))).per_rep["coverage"] for name in (policy, over))
    interval = replay_interval(one - other, result.pool.n_queries)
    return 100 * interval.mean, 100 * interval.hi


def _over_uniform(result: ttcsim.Result) -> Found:
    gain, most = _gain(result, "elimination", "uniform")
    return bool((most >= 0).all() and gain.max() > 0), float(gain.max())


def _law(result: ttcsim.Result) -> Found:
    pool, budgets = result.pool, np.array(result.budgets)
    law = stretch_law(pool.sizes, pool.successes, int(min(pool.sizes.max(), 40 * budgets[-1])))
    coverage, _ = stretched(law, budgets)
    replayed = result.outcome("elimination").per_rep["coverage"].mean(axis=0)
    error = 100 * float(np.nanmax(np.abs(replayed - coverage)))
    return error < 1.0, error


def _between(result: ttcsim.Result) -> Found:
    holds, loss = True, 0.0
    for share in (0.25, 0.5, 0.75):
        policy = f"two-stage(share={share})"
        holds &= bool((_gain(result, policy, "uniform")[1] >= 0).all())
        lost, most = _gain(result, "elimination", policy)
        holds, loss = holds and bool((most >= 0).all()), max(loss, float(lost.max()))
    return holds, loss


def _blocks(result: ttcsim.Result) -> Found:
    budgets, holds, least = np.array(result.budgets), True, np.inf
    for k in (2, 4, 8):
        gain, most = (values[budgets >= k] for values in _gain(result, f"elimination(k={k})", "uniform"))
        holds, least = holds and bool((most >= 0).all()), min(least, float(gain.max()))
    return holds, least


def _stream(result: ttcsim.Result) -> Found:
    _, most = _gain(result, "elimination(stream=true)", "uniform")
    behind, _ = _gain(result, "elimination", "elimination(stream=true)")
    return bool((most >= 0).all()), float(behind.max())


def _same(result: ttcsim.Result) -> Found:
    base = result.outcome("elimination").draws
    return all((result.outcome(p).draws == base).all() for p in ("ucb", "gap")), 0.0


_GAIN = "largest gain of a budget"
FINDINGS: tuple[tuple[str, Callable[[ttcsim.Result], Found], str], ...] = (
    ("Elimination covers more than uniform at every budget.", _over_uniform, _GAIN),
    ("Elimination follows the stretch law, the limit of many queries, within a point.", _law, "largest error"),
    ("Two-stage (25, 50, 75 %) lies between uniform and elimination.", _between, "largest loss to elimination"),
    ("Blocks of k = 2, 4, 8 draws beat uniform from k draws a query on.", _blocks, "least of their largest gains"),
    ("Streaming elimination beats uniform too.", _stream, "largest loss to the batch"),
    ("UCB and GAP are elimination, draw for draw, with the verifier alone.", _same, ""),
)
