"""G18: what no policy can exceed that chooses among sources, and where the ratio of rate and price is best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ttcsim.engine.arrays import Tally
from ttcsim.guarantees.decide import alike, always, exactly, on_average
from ttcsim.guarantees.study import Study
from ttcsim.policies import ZOO_OF_SOURCES, policy
from ttcsim.pool import Pool
from ttcsim.pool.pool import offsets_of
from ttcsim.replay.columns import Columns
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting
from ttcsim.statistics.claim import Claim
from ttcsim.theory.sources import Draws, Ratios, least_covered, least_waiting, most_covered, ratios

Queries = Sequence[Sequence[tuple[str, int, int, int, int]]]
"""Queries of units: source, right samples, samples, tokens of a right one, of a wrong one."""
_SMALL: Queries = (
    (("a", 3, 4, 2, 2), ("b", 1, 2, 1, 1)), (("a", 1, 2, 1, 1), ("b", 9, 10, 3, 3)), (("b", 2, 3, 1, 1),),
)  # fmt: skip
_UNEVEN: Queries = (
    (("a", 3, 4, 1, 4), ("b", 1, 2, 3, 1)),
    (("a", 2, 3, 4, 1), ("b", 9, 10, 3, 2)),
    (("b", 1, 2, 1, 3),),
)
"""Where right samples are the cheap ones, as of models that go on while they are lost, and where they are not."""
_LATE = 100  # units of spending by which these are solved but for a chance below 1e-6


def claims(study: Study) -> Iterator[Claim]:
    """On a small pool of two sources, and on the pool that is studied where it has several."""
    yield from _by_hand()
    yield from _fixed_budget(50 * study.reps)
    small = {"small": _SMALL, "uneven": _UNEVEN}
    pools = [_pool_of(queries, name) for name, queries in small.items()]
    for pool in [*pools, *([study.pool] if study.pool.several else [])]:
        yield from _bounds(study, pool)
        yield from _prophet(study, pool)
    for pool in pools:
        yield _waiting(pool, 50 * study.reps)


def _pool_of(queries: Queries, name: str = "small") -> Pool:
    units = [unit for units in queries for unit in units]
    sizes = [size for _, _, size, *_ in units]
    tokens = [np.where(np.arange(size) < right, *costs) for _, right, size, *costs in units]
    return Pool(
        name=name,
        query_ids=tuple(f"q{i}" for i in range(len(queries))),
        offsets=offsets_of([sum(size for _, _, size, *_ in own) for own in queries]),
        correct=np.concatenate([np.arange(size) < right for _, right, size, *_ in units]).astype(np.uint8),
        tokens=np.concatenate(tokens).astype(np.int32),
        sources=("a", "b"),
        source=np.repeat(["ab".index(name) for name, *_ in units], sizes).astype(np.int32),
    )


def _ratios(pool: Pool, cost: str) -> Ratios:
    price = Columns(pool).price(Setting(np.array([1]), 0, cost, "bootstrap", (), None))
    each = price if len(price) else np.ones(pool.n_samples, np.int64)
    return ratios(pool.units, Draws.of(pool.units.offsets, pool.correct, each))


def _replayed(study: Study, pool: Pool, totals: Sequence[int], replay: str, cost: str, reps: int) -> dict[str, Tally]:
    """Every policy that chooses sources, as often as asked for."""
    setting, columns = Setting(np.array(totals), study.seed, cost, replay, (), None), Columns(pool)
    return {name: Replay(policy(name), setting, columns).run(0, reps) for name in ZOO_OF_SOURCES}


def _totals(study: Study, pool: Pool, cost: str) -> list[int]:
    """Budgets at which a part of the queries, or all of them, can be solved."""
    whole = _ratios(pool, cost).cost
    return sorted({max(1, int(whole[-1] * share)) for share in (0.1, 0.3, 0.6, 1.2)})


def _bounds(study: Study, pool: Pool) -> Iterator[Claim]:
    """The linear programme above every policy, Cantelli's bound below the clairvoyant (with replacement)."""
    cost = "samples" if pool.tokens is None else "tokens"
    totals, known = _totals(study, pool, cost), _ratios(pool, cost)
    tallies = _replayed(study, pool, totals, "bootstrap", cost, study.reps)
    middle, step = len(totals) // 2, 1 / pool.n_queries
    top = most_covered(known, totals)
    for name, tally in tallies.items():
        if name != "prophet":
            words = f"{name} <= the linear programme on average at {totals[middle]} {cost} ({pool.name}, bootstrap)"
            values = np.asarray(tally.covered[:, middle] * step, np.float64)
            yield on_average("G18", words, float(top[middle]), values, step=step, upper=True)
    for b, total in enumerate(totals):
        least = least_covered(known, [total])[0]
        values = np.asarray(1 - tallies["clairvoyant"].covered[:, b] * step, np.float64)
        words = f"1 - clairvoyant <= 1 - Cantelli's bound on average at {total} {cost} ({pool.name}, bootstrap)"
        yield on_average("G18", words, float(1 - least), values, step=step, upper=True)


def _prophet(study: Study, pool: Pool) -> Iterator[Claim]:
    """The cheapest success of every query over its sources: above every policy in every replication."""
    cost = "samples" if pool.tokens is None else "tokens"
    for replay in ("permute", "bootstrap"):
        tallies = _replayed(study, pool, _totals(study, pool, cost), replay, cost, study.few)
        best = tallies["prophet"].covered
        margins = np.array([best - tally.covered for tally in tallies.values()], np.float64)
        yield always(
            "G18", f"prophet >= every policy of sources, each replication and budget ({pool.name}, {replay})", margins
        )


def _waiting(pool: Pool, reps: int) -> Claim:
    """Spending until each query is solved, summed: the clairvoyant attains the least that there is."""
    totals = np.arange(1, _LATE + 1)
    setting = Setting(totals, 0, "tokens", "bootstrap", (), None)
    covered = Replay(policy("clairvoyant"), setting, Columns(pool)).run(0, reps).covered
    # Of n queries, n - N(B) are unsolved after B units; summed over B = 0, 1, ... that is what each had to wait for.
    waited = pool.n_queries + (pool.n_queries - covered).sum(axis=1).astype(np.float64)
    least = least_waiting(_ratios(pool, "tokens"))
    words = (
        f"clairvoyant: spending until solved, summed over queries = the least of any policy ({pool.name}, bootstrap)"
    )
    return on_average("G18", words, least, waited, step=float(_LATE * pool.n_queries), most=np.inf)


def _by_hand() -> Iterator[Claim]:
    """The best units pay 2/3, 1/2 and 1/2 a unit, so that 1.5, 3.5 and 5.5 units solve one, two and three queries."""
    known = _ratios(_pool_of(_SMALL), "tokens")
    pairs = zip((1 / 3, 1 / 2, 1.0), most_covered(known, [1.5, 2.5, 5.5]), strict=True)
    yield alike("G18", "the linear programme on a small pool = by hand", pairs)
    yield exactly("G18", "the least of waiting on a small pool = 1.5 + 3.5 + 5.5", 10.5, least_waiting(known))


def _fixed_budget(reps: int) -> Iterator[Claim]:
    """At a fixed budget the ratio may win or lose against the higher rate, and a cheap success may beat the ratio."""
    cheap, dear = (("a", 3, 5, 1, 1), ("b", 9, 10, 2, 2)), (("a", 1, 2, 1, 1), ("b", 1, 1, 4, 4))
    for units, name, total, words, value in (
        (dear, "clairvoyant", 3, "1 - 0.5^3 = 0.875 (rates 0.5 for 1 and 1 for 4)", 0.875),
        (cheap, "clairvoyant", 2, "1 - 0.4^2 = 0.84 (rates 0.6 for 1 and 0.9 for 2)", 0.84),
        (cheap, "cascade(order=b)", 2, "0.9 by the dear source alone, more than the index", 0.9),
        ((("a", 1, 2, 1, 9),), "clairvoyant", 1, "0.5, where success costs 1, failure 9 and p / c is 0.1", 0.5),
    ):
        pool = _pool_of((units,))
        setting = Setting(np.array([total]), 0, "tokens", "bootstrap", (), None)
        covered = Replay(policy(name), setting, Columns(pool)).run(0, reps).covered[:, 0].astype(np.float64)
        yield on_average(
            "G18", f"{name} at {total} units: {words}", value, covered, step=1.0, variance=value * (1 - value)
        )
        above = most_covered(_ratios(pool, "tokens"), [total])[0]
        yield always("G18", f"the linear programme at {total} units is not below {value:g}", np.array([above - value]))
