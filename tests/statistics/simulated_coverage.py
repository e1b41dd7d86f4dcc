"""Do the 95 % intervals that the tool prints cover 95 % of the time? One simulation for all of them.

A case draws a fresh set of queries of a known law, and fresh runs on it, calls what a command calls, and holds every
interval against the value in the whole population. `python tests/statistics/coverage.py [SETS [CASE ...]]` prints the
table of the paper; `test_coverage.py` runs it coarsely.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from query_sets import UNSOLVABLE, A, B, pass_at, random_pool

import ttcsim
from ttcsim.pool import Pool
from ttcsim.pool.worlds import make_pool
from ttcsim.strategies.questions.bins import by_bin
from ttcsim.strategies.questions.difficulty import Difficulty, difficulty
from ttcsim.strategies.questions.findings import findings
from ttcsim.strategies.questions.flops import flops_matched
from ttcsim.strategies.questions.optimal import compute_optimal
from ttcsim.strategies.runs import StrategyRuns, runs_from_frame
from ttcsim.theory import uniform_coverage
from ttcsim.theory.extrapolate import extrapolate

Intervals = dict[str, tuple[float, float, float]]
"""Low, high and the point estimate of every interval of one set, by its name."""
Truth = dict[str, float]

PEOPLE = 400_000  # queries that stand for the population
RUNS = 16
SEARCHED = (4, 16)  # budgets at which there are runs of search


# Queries and runs whose population is known.


def rates_of(generator: np.random.Generator, queries: int) -> np.ndarray:
    return generator.beta(A, B, queries) * (generator.random(queries) > UNSOLVABLE)


def best_of(rate: np.ndarray, n: float) -> np.ndarray:
    """A verifier that is always right."""
    return 1 - (1 - rate) ** n


def same(rate: np.ndarray, n: float) -> np.ndarray:
    """Search that is worth exactly what best-of-N is."""
    return best_of(rate, n)


def other(rate: np.ndarray, n: float) -> np.ndarray:
    """Search that is better where queries are hard and worse where they are easy."""
    return 0.9 * (1 - (1 - rate**0.7) ** (n**0.9))


def large_rate(rate: np.ndarray) -> np.ndarray:
    return 0.95 * rate**0.3


def strategy_set(seed: int, queries: int, samples: int, search: Callable[..., np.ndarray]) -> tuple[Pool, pl.DataFrame]:
    """Samples, runs of `search` and of the large model on fresh queries."""
    generator = np.random.default_rng([seed, queries, samples])
    rate = rates_of(generator, queries)
    ids = tuple(f"{i:04d}" for i in range(queries))
    correct = (generator.random((queries, samples)) < rate[:, None]).astype(np.uint8)
    pool = Pool("random", ids, np.arange(queries + 1, dtype=np.int64) * samples, correct.ravel())

    def runs(name: str, budget: int, chance: np.ndarray) -> pl.DataFrame:
        right = generator.random((queries, RUNS)) < chance[:, None]
        return pl.DataFrame(
            {"query_id": np.repeat(ids, RUNS), "strategy": name, "budget": budget, "correct": right.ravel()}
        )

    parts = [runs("search", n, search(rate, n)) for n in SEARCHED]
    return pool, pl.concat([*parts, runs("large_model", 1, large_rate(rate))])


def table_of(seed: int, queries: int, samples: int, search: Callable[..., np.ndarray]) -> StrategyRuns:
    pool, frame = strategy_set(seed, queries, samples, search)
    return runs_from_frame(pool, frame, budgets=(1, 2, 4, 8, 16), selectors=["oracle"])


@cache
def population(samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Rates and bins of the whole population, by estimates from so many samples (0: by the rates)."""
    generator = np.random.default_rng(99)
    rate = rates_of(generator, PEOPLE)
    estimate = generator.binomial(samples, rate) / samples if samples else rate
    _, which, count = np.unique(-estimate, return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - count / 2)[which] / PEOPLE
    return rate, np.minimum((5 * middle).astype(int), 4)


def by_bins(value: Callable[[np.ndarray], np.ndarray], samples: int, bins: int = 5) -> list[float]:
    """Mean of a function of the rate over all queries, then by bin."""
    rate, own = population(samples)
    of = value(rate)
    return [float(of.mean()), *(float(of[own == d].mean()) for d in range(bins))]


# The cases: intervals of one set, and the truth about them (names left out: the mean of the point estimates).


def replay(seed: int) -> Intervals:
    """`sweep`, these queries: the exact value of uniform, and near its ceiling."""
    found = {}
    for name, world, budgets in (("", "beta(0.4,1.2)", [1, 4]), ("ceiling, ", "beta(2,1.2)", [8, 12, 16, 20])):
        pool = make_pool(world, 40, 24, seed=0)
        frame = ttcsim.sweep(pool, ["uniform"], budgets, reps=30, seed=seed, threads=1).frame
        for row in frame.iter_rows(named=True):
            found[f"{name}{row['budget']:g}"] = row["lo"], row["hi"], row["mean"]
    return found


def replay_truth() -> Truth:
    found = {}
    for name, world, budgets in (("", "beta(0.4,1.2)", [1, 4]), ("ceiling, ", "beta(2,1.2)", [8, 12, 16, 20])):
        pool = make_pool(world, 40, 24, seed=0)
        found |= {f"{name}{b}": uniform_coverage(pool.sizes, pool.successes, b * 40) for b in budgets}
    return found


def leveled_pool(seed: int, queries: int, samples: int = 40, ease: float = 1.0) -> Pool:
    """Queries of the law with answers, and levels that tell something of the rate."""
    generator = np.random.default_rng([seed, queries])
    rate = ease * rates_of(generator, queries)
    correct = (generator.random((queries, samples)) < rate[:, None]).astype(np.uint8)
    answers = np.where(correct, 0, generator.integers(1, 4, correct.shape)).astype(np.int32)
    level = np.clip(np.round(5 * rate + generator.normal(0, 1, queries)), 0, 4).astype(int)
    ids = tuple(f"{i:04d}" for i in range(queries))
    return Pool(
        "random", ids, np.arange(queries + 1, dtype=np.int64) * samples, correct.ravel(), answers=answers.ravel(),
        answer_labels=("0", "1", "2", "3"), queries=pl.DataFrame({"query_id": ids, "level": level}),
    )  # fmt: skip


def new_queries(queries: int, ease: float = 1.0) -> Callable[[int], Intervals]:
    def case(seed: int) -> Intervals:
        """`sweep` and `compare`, new queries: values, differences and efficiencies."""
        policies = ["uniform", "elimination", "entropy", "damani"]
        result = ttcsim.sweep(leveled_pool(seed, queries, ease=ease), policies, [2, 4], reps=30, seed=seed, threads=1)
        found = {
            f"{row['policy']} at {row['budget']:g}": (row["lo_queries"], row["hi_queries"], row["mean"])
            for row in result.frame.iter_rows(named=True)
        }
        for row in ttcsim.compare(result).iter_rows(named=True):
            name = f"{row['policy']} - uniform at {row['budget']:g}"
            found[name] = row["lo_queries"], row["hi_queries"], row["difference"]
        return found

    return case


KINDS = {"easy": (1.0, 1.0), "hard": (0.3, 2.0)}


def two_kinds(seed: int, easy: int, hard: int) -> Pool:
    """Fresh queries of two kinds, always as many of each."""
    generator = np.random.default_rng([seed, easy])
    counts = dict(zip(KINDS, (easy, hard), strict=True))
    rate = np.concatenate([generator.beta(*KINDS[kind], count) for kind, count in counts.items()])
    ids = tuple(f"{i:03d}" for i in range(len(rate)))
    correct = (generator.random((len(rate), 60)) < rate[:, None]).astype(np.uint8)
    levels = [kind for kind, count in counts.items() for _ in range(count)]
    return Pool(
        "two kinds", ids, np.arange(len(rate) + 1, dtype=np.int64) * 60, correct.ravel(),
        queries=pl.DataFrame({"query_id": ids, "level": levels}),
    )  # fmt: skip


def grouped(easy: int, hard: int) -> Callable[[int], Intervals]:
    def case(seed: int) -> Intervals:
        """`sweep --by`: a group of the queries, and the mean over groups."""
        policies = ["uniform", "elimination"]
        result = ttcsim.sweep(two_kinds(seed, easy, hard), policies, [2, 4], reps=30, seed=seed, threads=1)
        return {
            f"{row['group']}, {row['policy']} at {row['budget']:g}": (row["lo_queries"], row["hi_queries"], row["mean"])
            for row in result.by("level").filter(pl.col("kind") != "all").iter_rows(named=True)
        }

    return case


def efficiencies(seed: int) -> Intervals:
    """`compare`: what the baseline needs over what the policy spent."""
    result = ttcsim.sweep(random_pool(seed), ["uniform", "elimination"], [2, 4], reps=30, seed=seed, threads=1)
    found = {}
    for row in ttcsim.compare(result).iter_rows(named=True):
        high = np.inf if row["efficiency_hi"] is None else row["efficiency_hi"]
        found[f"elimination at {row['budget']:g}"] = row["efficiency_lo"], high, row["efficiency"]
    return found


MODELS = {"first": (40, 5), "second": (20, 7)}
"""Queries and models of two data sets."""


def many_pools(*, improvement: bool, queries: bool, models: bool) -> Callable[[int], Intervals]:
    def case(seed: int) -> Intervals:
        """`across`, on fresh queries, fresh models or both; the others are the same in every set."""
        samples = np.random.default_rng([seed, 1])
        people, skills = (np.random.default_rng([seed, 2] if new else 5) for new in (queries, models))
        results = {}
        for name, (count, several) in MODELS.items():
            rate = rates_of(people, count)
            ids, offsets = tuple(f"{i:03d}" for i in range(count)), np.arange(count + 1, dtype=np.int64) * 40
            for m, skill in enumerate(np.exp(skills.normal(0, 0.7, several))):
                correct = samples.random((count, 40)) < (1 - (1 - rate) ** skill)[:, None]
                pool = Pool(name, ids, offsets, correct.astype(np.uint8).ravel())
                policies = ["uniform", "elimination"]
                results[f"{name} {m}"] = ttcsim.sweep(pool, policies, [2, 4], reps=20, seed=seed, threads=1)
        ends = ("lo_pools", "hi_pools") if models else ("lo_queries", "hi_queries")
        return {
            f"{row['statistic']} at {row['budget']:g}": (row[ends[0]], row[ends[1]], row["value"])
            for row in ttcsim.across(results).iter_rows(named=True)
            if (row["statistic"] == "improvement") == improvement
        }

    return case


def judged(table: StrategyRuns, kind: str = "oracle") -> Difficulty:
    return difficulty(table.judged, kind)


def binned(queries: int, samples: int) -> tuple[Callable[[int], Intervals], Callable[[], Truth]]:
    def case(seed: int) -> Intervals:
        """`strategies bins` (and `ratio`, whose rows have the same intervals)."""
        table = table_of(seed, queries, samples, other)
        which = judged(table)
        case.samples = which.samples  # type: ignore[attr-defined]
        return {
            f"bin {r['bin']}, {r['strategy']} at {r['budget']}": (r["lo_queries"], r["hi_queries"], r["accuracy"])
            for r in by_bin(table, which, seed=seed)
            if r["budget"] in (4, 16)
        }

    def truth() -> Truth:
        found = {}
        for n in SEARCHED:
            for name, value in (("best_of_n", best_of), ("search", other)):
                means = by_bins(lambda rate, n=n, value=value: value(rate, n), case.samples)  # type: ignore
                found |= {f"bin {d}, {name} at {n}": v for d, v in enumerate(means)}
        return found

    return case, truth


def chosen(queries: int, samples: int, search: Callable[..., np.ndarray]) -> Callable[[int], Intervals]:
    def case(seed: int) -> Intervals:
        """`strategies optimal`: accuracy, gain and efficiency of the compute-optimal choice."""
        table = table_of(seed, queries, samples, search)
        found = {}
        for r in compute_optimal(table, judged(table), seed=seed).rows():
            if r["budget"] in SEARCHED:
                found[f"accuracy at {r['budget']:g}"] = r["lo_queries"], r["hi_queries"], r["accuracy"]
                found[f"gain at {r['budget']:g}"] = r["gain_lo"], r["gain_hi"], r["gain"]
                if r["efficiency"] is not None:
                    high = np.inf if r["efficiency_hi"] is None else r["efficiency_hi"]
                    found[f"efficiency at {r['budget']:g}"] = r["efficiency_lo"], high, r["efficiency"]
        return found

    return case


def null_truth() -> Truth:
    rate, _ = population(0)
    found = {f"gain at {n}": 0.0 for n in SEARCHED} | {f"efficiency at {n}": 1.0 for n in SEARCHED}
    return found | {f"accuracy at {n}": float(best_of(rate, n).mean()) for n in SEARCHED}


def exchanged(queries: int, samples: int) -> tuple[Callable[[int], Intervals], Callable[[], Truth]]:
    def case(seed: int) -> Intervals:
        """`strategies flops`: best-of-N (and search as good) against the large model, by bin."""
        table = table_of(seed, queries, samples, same)
        which = judged(table)
        case.samples = which.samples  # type: ignore[attr-defined]
        rows = flops_matched(table, which, ratios=(22.0,), seed=seed)
        return {f"bin {r['bin']}": (r["lo_queries"], r["hi_queries"], r["difference"]) for r in rows}

    def truth() -> Truth:
        f = 14 + 39 / 22
        at = np.log(f / 8) / np.log(2)  # interpolated in log budget between 8 and 16
        values = by_bins(
            lambda p: (1 - at) * best_of(p, 8) + at * best_of(p, 16) - large_rate(p),
            case.samples,  # type: ignore[attr-defined]
        )
        return {f"bin {d}": v for d, v in enumerate(values) if d}

    return case, truth


def certain(seed: int) -> Intervals:
    """`strategies bins` where all runs agree: nearly every run is right."""
    generator = np.random.default_rng(seed)
    queries = 30
    rate = np.where(generator.random((queries, 1, 1)) < 0.01, 0.5, 1.0)
    pool = random_pool(seed, queries, 4)
    shape = (queries, 1, 1)
    table = StrategyRuns(pool, ("best_of_n",), (4,), rate, np.full(shape, 4), np.full(shape, np.nan))
    which = Difficulty(np.zeros(queries, np.int64), np.zeros(queries), 1, 1, "oracle")
    row = by_bin(table, which, seed=seed)[0]
    return {"accuracy": (row["lo_queries"], row["hi_queries"], row["accuracy"])}


def null_findings(seed: int) -> Intervals:
    """`strategies findings` where every method is worth the same: 1 where a claim is said to hold, else 0."""
    generator = np.random.default_rng([seed, 7])
    queries, names = 100, ("best_of_n", "beam(m=4)", "beam(m=sqrt)", "lookahead(k=3,m=4)", "revisions(seq=2,par=2)",
                           "revisions(seq=4,par=1)", "revisions(seq=1,par=4)")  # fmt: skip
    rate = rates_of(generator, queries)
    once = best_of(rate, 4)[:, None, None]  # no method gains by its budget either
    right = generator.binomial(RUNS, np.broadcast_to(once, (queries, len(names), 3))) / RUNS
    pool = leveled_pool(seed, queries)
    pool = replace(
        pool, correct=(generator.random((queries, 40)) < rate[:, None]).astype(np.uint8).ravel(),
        rewards={"reward": generator.random(40 * queries).astype(np.float32)},
    )  # fmt: skip
    count, unknown = np.full(right.shape, RUNS), np.full(right.shape, np.nan)
    table = StrategyRuns(pool, names, (4, 8, 16), right, count, unknown, once[:, 0, 0])
    held = [claim.holds for claim in findings(table, seed=seed)]
    assert None not in held
    told = {f"claim {i}": (float(bool(h)),) * 3 for i, h in enumerate(held, start=1)}
    return {**told, "any claim": (float(any(held)),) * 3}  # type: ignore[dict-item]


def nothing_holds() -> Truth:
    return dict.fromkeys(["any claim", *(f"claim {i}" for i in range(1, 10))], 0.0)


def beyond(seed: int) -> Intervals:
    """`extrapolate` under its own law: a Beta."""
    generator = np.random.default_rng(seed)
    rate = generator.beta(A, B, 100)
    hits = generator.binomial(64, rate)
    draws = np.array([64.0, 256.0, 4096.0])
    found = extrapolate(np.full(100, 64), hits, draws, resamples=200, seed=seed)
    return {
        f"at {k:g}": (lo, hi, c) for k, lo, hi, c in zip(draws, found.lo, found.hi, found.coverage, strict=True)
    } | {"exponent": (found.exponent[1], found.exponent[2], found.exponent[0])}


def beyond_truth() -> Truth:
    return {f"at {k}": pass_at(k) / (1 - UNSOLVABLE) for k in (64, 256, 4096)} | {"exponent": A}


CASES: dict[str, tuple[Callable[[int], Intervals], Callable[[], Truth]]] = {
    "12 pools, new queries": (many_pools(improvement=False, queries=True, models=False), dict),
    "12 pools, new queries and models": (many_pools(improvement=False, queries=True, models=True), dict),
    "12 pools, new models": (many_pools(improvement=True, queries=False, models=True), dict),
    "replay": (replay, replay_truth),
    "20 new queries": (new_queries(20), dict),
    "80 new queries": (new_queries(80), dict),
    "60 new queries, few solved": (new_queries(60, 0.15), dict),
    "by level, 50 and 30 queries": (grouped(50, 30), dict),
    "by level, 10 and 25 queries": (grouped(10, 25), dict),
    "efficiency": (efficiencies, dict),
    "bins, 100 queries, 64 samples": binned(100, 64),
    "bins, 300 queries, 64 samples": binned(300, 64),
    "bins, all runs agree": (certain, lambda: {"accuracy": 0.995}),
    "optimal, no difference, 32 samples": (chosen(100, 32, same), null_truth),
    "optimal, no difference, 128 samples": (chosen(300, 128, same), null_truth),
    "optimal, 64 samples": (chosen(150, 64, other), dict),
    "FLOPs, 150 queries": exchanged(150, 64),
    "findings, no difference": (
        null_findings,
        nothing_holds,
    ),
    "extrapolate": (beyond, beyond_truth),
}


def coverage(name: str, sets: int) -> list[dict[str, Any]]:
    """Share of `sets` intervals that cover, miss below (all too high) and above, by name; with the truth."""
    case, known = CASES[name]
    found: dict[str, list[tuple[float, float, float]]] = {}
    for seed in range(sets):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for key, interval in case(seed).items():
                found.setdefault(key, []).append(interval)
    truth = known()
    rows = []
    for key, intervals in found.items():
        given = [i for i in intervals if i[0] is not None and not np.isnan(i[0])]
        if not given:
            continue
        lo, hi, point = np.array(given, float).T
        true = truth.get(key, float(np.mean(point)))
        slack = 1e-12
        rows.append(
            {
                "case": name, "interval": key, "sets": len(given), "truth": true, "bias": float(np.mean(point)) - true,
                "covers": float(np.mean((lo <= true + slack) & (true <= hi + slack))),
                "below": float(np.mean(hi < true - slack)), "above": float(np.mean(lo > true + slack)),
                "width": float(np.median(hi - lo)),
            }
        )  # fmt: skip
    return rows


def main(sets: int, names: list[str]) -> None:
    print("| case | interval | sets | truth | bias | covers | too low | too high | width |\n|---|---|" + "---:|" * 7)
    for name in names or CASES:
        started = time.perf_counter()
        for r in coverage(name, sets):
            print(
                f"| {r['case']} | {r['interval']} | {r['sets']} | {r['truth']:.4f} | {r['bias']:+.4f} | "
                f"{r['covers']:.1%} | {r['below']:.1%} | {r['above']:.1%} | {r['width']:.4f} |", flush=True
            )  # fmt: skip
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:])
