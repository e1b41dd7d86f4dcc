"""G16: means, differences, their standard errors and 95 % intervals, and tests corrected for their number."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

import numpy as np
import scipy

from ttcsim.guarantees.decide import alike, always, covers
from ttcsim.guarantees.fresh import fresh, fresh_pool
from ttcsim.guarantees.study import Study
from ttcsim.replay.result import Result
from ttcsim.replay.sweep import sweep
from ttcsim.statistics.claim import Claim
from ttcsim.statistics.comparison import compare, wins
from ttcsim.statistics.intervals import replay_interval
from ttcsim.statistics.significance import holm, mean_tests
from ttcsim.theory import uniform_coverage

_REPS = 40


def claims(study: Study) -> Iterator[Claim]:
    """A small sweep against Python's `statistics`; with `deep`, intervals against the truth in fresh query sets."""
    result = sweep(
        fresh_pool(study.seed), ["uniform", "elimination"], [1.5, 2, 4], reps=_REPS, seed=study.seed, threads=1
    )
    yield from _single(result)
    yield from _pairs(result)
    yield from _tests(study)
    if study.deep:
        yield from _coverage(study)


def _se(values: list[float]) -> float:
    return statistics.stdev(values) / math.sqrt(len(values))


def _single(result: Result) -> Iterator[Claim]:
    pairs: list[tuple[float, float]] = []
    for outcome in result.outcomes:
        for each, shares in (
            (outcome.per_rep["coverage"], outcome.per_query["coverage"]),
            (outcome.spent, outcome.draws),
        ):
            pairs += zip(np.mean(shares, axis=0).tolist(), np.mean(each, axis=0).tolist(), strict=True)
    yield alike("G16", "coverage and draws are the same, counted by replication and by query", pairs)
    means, errors, widths = [], [], []
    for row in result.frame.iter_rows(named=True):
        values = result.outcome(row["policy"]).per_rep["coverage"][:, result.budgets.index(row["budget"])].tolist()
        means.append((statistics.fmean(values), row["mean"]))
        errors.append((_se(values), row["se"]))
        low, high = (row["mean"] - row["lo"]) / _se(values), (row["hi"] - row["mean"]) / _se(values)
        widths += [2.2 - low, low - 1.8, 2.2 - high, high - 1.8]
    yield alike("G16", "a mean in the frame = the mean over replications", means)
    yield alike("G16", "its standard error = their standard deviation over the root of their number", errors)
    yield always(
        "G16", f"its limits are 1.8 to 2.2 standard errors on either side ({_REPS} replications)", np.array(widths)
    )
    shares = result.outcome("uniform").per_query["coverage"]
    widths = []
    for b, row in enumerate(result.frame.filter(policy="uniform").iter_rows(named=True)):
        wide = (row["hi_queries"] - row["lo_queries"]) / (2 * _se(shares[:, b].tolist()))
        centre = abs(row["hi_queries"] + row["lo_queries"] - 2 * row["mean"]) / (row["hi_queries"] - row["lo_queries"])
        widths += [2.4 - wide, wide - 1.7, 0.3 - centre]
    words = "limits for new queries of uniform are 1.7 to 2.4 standard errors over queries away, around the mean"
    yield always("G16", words, np.array(widths))


def _pairs(result: Result) -> Iterator[Claim]:
    first, second = (result.outcome(p).per_rep["coverage"] for p in ("elimination", "uniform"))
    table = compare(result, "uniform")
    differences = [statistics.fmean(column) for column in (first - second).T.tolist()]
    errors = [_se(column) for column in (first - second).T.tolist()]
    words = "a difference = policy less baseline, replication by replication, and so is its standard error"
    pairs = [
        *zip(differences, table["difference"].to_list(), strict=True),
        *zip(errors, table["se"].to_list(), strict=True),
    ]
    yield alike("G16", words, pairs)
    low = (table["difference"] - table["lo"]).to_numpy() / np.array(errors)
    high = (table["hi"] - table["difference"]).to_numpy() / np.array(errors)
    words = "its limits are 1.8 to 2.2 standard errors on either side"
    yield always("G16", words, np.concatenate([2.2 - low, low - 1.8, 2.2 - high, high - 1.8]))
    inside = np.concatenate([table["difference"] - table["lo_queries"], table["hi_queries"] - table["difference"]])
    yield always("G16", "a difference lies within its limits for new queries", inside)
    won = wins(result)
    signed = [d if w == "elimination" else -d for d, w in zip(won["difference"], won["winner"], strict=True)]
    yield alike("G16", "the winner of a pair is the one with the larger mean", zip(differences, signed, strict=True))


def _tests(study: Study) -> Iterator[Claim]:
    chance = np.random.default_rng([study.seed, 16])
    values = chance.normal(0.1, 1.0, (25, 6))
    pairs = [*zip(scipy.stats.ttest_1samp(values, 0.0).pvalue, mean_tests(values), strict=True)]
    yield alike("G16", "p-values of a mean = those of SciPy's t-test", pairs)
    p = chance.random(12) ** 3
    adjusted = [min(1.0, max(float(q) * int(np.sum(p >= q)) for q in p[p <= one])) for one in p]
    yield alike("G16", "p-values of a family = Holm's, from their definition", zip(adjusted, holm(p), strict=True))


def _coverage(study: Study) -> Iterator[Claim]:
    """95 % intervals against the truth."""
    pool = fresh_pool(study.seed)
    truth = uniform_coverage(pool.sizes, pool.successes, pool.total(2.5))
    values = sweep(pool, ["uniform"], [2.5], reps=30 * 1500, seed=study.seed).outcomes[0].per_rep["coverage"][:, 0]
    own = replay_interval(values.reshape(1500, 30).T, pool.n_queries)
    yield covers("G16", "intervals for replay noise cover the exact value", (own.lo <= truth) & (truth <= own.hi))
    simulated = fresh(study.seed)
    for name in ("uniform", "elimination", "difference"):
        what = "the difference of the two" if name == "difference" else f"coverage of {name}"
        words = f"intervals for new queries cover {what} in the law of the queries"
        yield covers("G16", words, simulated.covered(name))
