"""The cheapest policy that reaches a target, or the best one for a budget: `plan`."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from ttcsim.choosing import words
from ttcsim.choosing.candidates import Candidate, candidates_of
from ttcsim.choosing.half import Asked, Clock, Curve, Half
from ttcsim.choosing.harvest_size import HarvestSize, harvest_size
from ttcsim.choosing.search import Aim, Found, search
from ttcsim.choosing.split import halve
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.engine.selectors import ORACLE, SELECTORS, check_selectors
from ttcsim.errors import InputError, among, closest
from ttcsim.policies import ALL, Policy, policy
from ttcsim.pool import Pool
from ttcsim.pool.files import load
from ttcsim.pool.folders import whole_folder, write_whole
from ttcsim.replay.executors import available_cores, executor_of
from ttcsim.replay.planning import rates_for
from ttcsim.replay.prices import PRICES
from ttcsim.replay.sweep import replications, sweep
from ttcsim.statistics.intervals import budget_to_reach, column_means, resampled_means, tails
from ttcsim.statistics.shares import share_chance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 64
"""Samples per query that the largest budget considered pays for, where nothing else is said."""
RUNNERS = 8
_ORACLE_REPS = 16
_SIZE_REPS, _SPLITS = 50, 2
_SEARCHED, _PRICED = 0.7, 0.2  # of the time; what is left says how many samples to harvest


class Limits(NamedTuple):
    """Why no policy does better: shares of all queries of the pool."""

    unsolvable: float  # no sample is correct
    chosen_wrong: float  # some sample is, and yet all samples together choose a wrong answer
    ceiling: float  # what is left: the metric when all samples of the best source are drawn


@dataclass(frozen=True, repr=False)
class Plan:
    """What to run, what it is worth on queries it was not chosen on, and what else was tried."""

    frame: pl.DataFrame
    """The pick first, then the best of the other policies. Columns: policy, budget, metric, selected, selected_spent,
    selected_chance (on the queries it was chosen on), value, lo_queries, hi_queries, spent, spent_lo, spent_hi (95 %,
    new queries), chance (that the metric is at least the target; null where there is none),
    biased_by (see `Result.frame`), half ("swapped": chosen on the other half)."""
    policies: list[Policy]
    """Those of the rows of `frame`."""
    tried: pl.DataFrame
    """Every measurement of the search: policy, budget, spent, value, se (new queries), reps."""
    oracles: pl.DataFrame
    """What no policy can know, at the same aim: policy, spent, value; what is left to win."""
    limits: Limits
    reached: bool
    """Whether the pick reaches the target, with its margin, on the queries it was chosen on; true for a budget."""
    untried: list[str]
    """What there was no time for."""
    unfit: list[str]
    """Policies that this pool cannot serve, or that ask a verifier that the metric does not have."""
    sizes: HarvestSize | None
    """How many samples of how many queries would tell the pick's value more precisely; None where that was not asked,
    or there was no time for it."""
    config: dict[str, Any]
    held_out: tuple[str, ...] = field(default=())
    """Ids of the queries that the pick was priced on."""

    @property
    def best(self) -> dict[str, Any]:
        """The row of the pick."""
        return self.frame.row(0, named=True)

    @property
    def policy(self) -> Policy:
        """The pick itself."""
        return self.policies[0]

    def plot(self, *, ax: Axes | None = None, title: str = "") -> Axes:
        """The Pareto front: what was tried, the front of it, and the pick with its interval on other queries."""
        from ttcsim.plot.front import front

        return front(
            self.tried, self.frame, metric=self.config["metric"], target=self.config["target"], ax=ax,
            cost=self.config["cost"], title=title, oracles=self.oracles,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "rows": self.frame.to_dicts(), "tried": self.tried.to_dicts(), "oracles": self.oracles.to_dicts(),
            "sizes": [] if self.sizes is None else self.sizes.frame.to_dicts(), "limits": self.limits._asdict(),
            "reached": self.reached, "untried": self.untried, "unfit": self.unfit, "summary": words.summary(self),
            "lines": words.lines(self), "config": self.config, "held_out": list(self.held_out),
        }  # fmt: skip

    def save(self, folder: str | Path) -> Path:
        """Write plan.json, the figure and held-out.txt, the ids of the queries that it was priced on, into a folder."""
        from ttcsim.plot import canvas, save

        with whole_folder(folder) as into:
            text = json.dumps(self.to_json(), indent=1, allow_nan=False)
            write_whole(into / "plan.json", text.encode())
            write_whole(into / "held-out.txt", "".join(f"{query}\n" for query in self.held_out).encode())
            save(self.plot(ax=canvas()), into / "front.png")
        return Path(folder)

    def __repr__(self) -> str:
        return "\n".join(words.summary(self))

    def _repr_html_(self) -> str:
        """The table that notebooks show."""
        return words.html(self)


def plan(
    pool: Pool | str | Path,
    *,
    target: float | None = None,
    budget: float | None = None,
    metric: str = "coverage",
    cost: str = "samples",
    prices: Any = None,
    policies: Sequence[str | Policy] = (),
    source: str | None = None,
    reward: str | None = None,
    sure: float = 0.8,
    most: float | None = None,
    wave: int = 1,
    alike_in: str | None = None,
    swap: bool = False,
    seconds: float = 60.0,
    reps: int = 400,
    runners: int = RUNNERS,
    within: float | None = 0.01,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """Find the cheapest policy, with its parameters and budget, that reaches a target; or the best for a budget.

    It is found on one half of the queries and priced on the other: the best of many is partly the luckiest of them, on
    the queries it was chosen on and on no others.

    Parameters
    ----------
    pool : Pool, str or Path
        A pool, or where to load it from.
    target, budget : float
        One of them: the share of queries to solve or answer right, or what may be spent per query.
    metric : str
        "coverage", or "accuracy_SELECTOR" as of `ttcsim.sweep`. Where answers are chosen by votes or scores there is
        no verifier to ask, so policies that ask one are left out.
    cost, prices, source, reward
        As of `ttcsim.sweep`.
    policies : sequence of str or Policy
        What to choose from; by default all that are published. A bare name stands for every value of its `knobs`.
    sure : float
        Probability with which new queries have to meet the target, judged on those it is chosen on. With 0.5 it would
        be missed every other time, and more often since the best of many is lucky.
    most : float, optional
        Largest budget considered, by default that of 64 samples per query, or of all there are.
    wave : int
        Draws decided before the first of them is seen, as of `ttcsim.sweep`; the live line has it.
    alike_in : str, optional
        Column of the queries, known before anything was sampled, of which both halves get the same share.
    swap : bool
        Search on the other half too and price on this one; half the time for each.
    seconds : float
        Time for all of it. What there was no time for is in `Plan.untried`; with enough, the seed decides all.
    reps : int
        Replications that price the pick and the runners-up.
    runners : int
        Runners-up, the best of each other policy and source.
    within : float, optional
        Half-width that `Plan.sizes` says how to come to: 0.01 is a point. None leaves that out.

    Raises
    ------
    InputError
        When an argument is wrong or no policy fits.
    """
    loaded = pool if isinstance(pool, Pool) else load(pool)
    whole = loaded.of(source)
    asked = _asked(whole, metric, cost, prices, reward, seed, wave)
    _check(target, budget, sure, seconds)
    for name, number, least in (("reps", reps, 2), ("runners", runners, 0), ("wave", wave, 1), ("seed", seed, 0)):
        if not least <= number < 2**63:
            raise InputError(f"{name}: {number} is none; give a whole number from {least} on")
    threads = available_cores() if threads is None else threads
    began = Clock(seconds, threads)
    halves = halve(whole, seed, alike_in=alike_in)
    everything = Half(whole, asked)
    aim = _aim(everything, target, budget, sure, most)
    entrants = candidates_of(everything, policies)
    found: list[Found] = []
    frames: list[pl.DataFrame] = []
    chosen: list[Policy] = []
    with executor_of("threads", threads) as executor:
        sides = (halves, halves[::-1]) if swap else (halves,)
        for number, (choosing, pricing) in enumerate(sides):
            part = began.left() / (len(sides) - number)
            clock = Clock(_SEARCHED * part, threads)
            own = search(
                Half(choosing, asked), entrants.candidates, aim, clock, executor, progress or (lambda *_: None)
            )
            shown = _shown(own, 1 if frames else 1 + runners)
            rest = Clock(_PRICED * part, threads)
            rows = _priced(Half(pricing, asked), shown, aim, reps, rest, own.untried, bool(frames))
            frames.append(rows)
            priced = {curve.candidate.policy.written(): curve.candidate.policy for curve, _ in shown}
            chosen += [priced[name] for name in rows["policy"]]
            found.append(own)
        oracles = _oracles(Half(halves.pricing, asked), aim, executor)
    first = found[0]
    sizes = None
    if within is not None:
        sizes = _sizes(whole, _shown(first, 1)[0], asked, within, Clock(began.left(), threads))
        first.untried += [] if sizes else ["how many samples to harvest"]
    tried = _tried(first)
    config = {
        "pool": whole.name, "place": loaded.place, "pool_hash": loaded.hash, "queries": whole.n_queries,
        "target": target, "budget": budget, "metric": metric, "cost": cost, "source": source, "reward": asked.reward,
        "sure": sure, "wave": wave, "most": aim.most, "alike_in": alike_in, "seconds": seconds, "reps": reps,
        "seed": seed, "prices": {name: own._asdict() for name, own in asked.rates.items()},
        "prices_file": str(prices) if isinstance(prices, str | Path) else None,
        "candidates": tried["policy"].n_unique(),
    }  # fmt: skip
    reached = aim.target is None or aim.reached(first.curves[0]) is not None
    return Plan(
        pl.concat(frames), chosen, tried, oracles, _limits(everything), reached,
        list(dict.fromkeys(name for one in found for name in one.untried)), entrants.unfit, sizes, config,
        halves.pricing.query_ids,
    )  # fmt: skip


def _asked(pool: Pool, metric: str, cost: str, prices: Any, reward: str | None, seed: int, wave: int) -> Asked:
    kind, _, selector = metric.partition("_")
    if metric != "coverage" and (kind != "accuracy" or not selector or selector == ORACLE):
        meant = closest(metric, ("coverage", *(f"accuracy_{name}" for name in SELECTORS)))
        raise InputError(f"metric '{metric}': {meant}use coverage, or accuracy_SELECTOR such as accuracy_majority")
    selectors, column = check_selectors([selector] if selector else [], pool, reward)
    if cost not in PRICES:
        raise InputError(f"cost: '{cost}' is unknown; {among(cost, PRICES, 'use')}")
    rates = rates_for(prices, cost)
    for name in PRICES[cost].needs:
        if name not in pool.columns():
            raise InputError(f"cost '{cost}' needs the column '{name}', which pool {pool.name} lacks; use cost samples")
    return Asked(f"accuracy_{selectors[0]}" if selectors else metric, selectors, column, cost, rates, seed, wave)


def _check(target: float | None, budget: float | None, sure: float, seconds: float) -> None:
    if (target is None) == (budget is None):
        raise InputError("plan: give a target (the share of queries to get right) or a budget, and not both")
    if target is not None and not 0 < target <= 1:
        raise InputError(f"target: {target:g} is no share; give one from 0 to 1, such as 0.9 for 90 % of the queries")
    if budget is not None and not 0 < budget < np.inf:
        raise InputError(f"budget: {budget:g} per query buys nothing; give a positive number")
    if not 0 < sure < 1:
        raise InputError(f"sure: {sure:g} is no probability; give one between 0 and 1, such as 0.8")
    if not 0 < seconds < np.inf:
        raise InputError(f"seconds: {seconds:g} is no time; give a positive number, such as 60")


def _aim(half: Half, target: float | None, budget: float | None, sure: float, most: float | None) -> Aim:
    least, everything = half.price_of_a_sample(), half.price_of_all()
    if most is not None and not most >= least:
        raise InputError(f"most: {most:g} per query buys not even one sample, which costs {least:.3g}; give more")
    samples = half.pool.sizes.mean()
    usual = everything * min(1.0, MOST / samples)
    return Aim(target, budget, sure, least, min(everything, most or max(usual, least)))


def _shown(found: Found, number: int) -> list[tuple[Curve, int]]:
    """The pick and the best of each other policy and source: their curves, and where in them they are best."""
    shown: list[tuple[Curve, int]] = []
    seen = set()
    for curve in found.curves:
        kind = curve.candidate.policy.name or str(curve.candidate.policy), curve.candidate.policy.on
        if kind in seen:
            continue
        seen.add(kind)
        at = None if found.aim.target is None else found.aim.reached(curve)
        shown.append((curve, int(curve.least(found.aim.sure).argmax()) if at is None else at))
    return shown[:number]


def _priced(
    half: Half,
    shown: Sequence[tuple[Curve, int]],
    aim: Aim,
    reps: int,
    clock: Clock,
    untried: list[str],
    swapped: bool,
) -> pl.DataFrame:
    """The rows of what was chosen, on the queries that it was not chosen on."""
    pool, asked = half.pool, half.asked
    rows = []
    for number, (curve, at) in enumerate(shown):
        candidate = curve.candidate
        budget = float(curve.budgets[at])
        takes = replications(half.replay(candidate.policy, [budget]), reps) * curve.seconds
        if number and clock.left() < takes / clock.threads:
            untried.append(f"{candidate} (not priced)")
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they say of a value stands in `biased_by`
            result = sweep(
                pool, [candidate.policy], [budget], reps=reps, seed=asked.seed, cost=asked.cost,
                selectors=asked.selectors, reward=asked.reward, prices=asked.rates or None, threads=clock.threads,
                wave=asked.wave,
            )  # fmt: skip
        row = result.frame.row(by_predicate=pl.col("metric") == asked.metric, named=True)
        outcome = result.outcomes[0]
        influence = outcome.influence(asked.metric)
        se = np.sqrt(column_means((influence - column_means(influence)) ** 2) / (len(influence) - 1))
        spending = outcome.spending(result.offered)
        low, high = np.quantile(resampled_means(spending, asked.seed), tails(len(spending)), axis=0)
        unsure = aim.target is None or row["lo_queries"] is None
        rows.append(
            {
                "policy": candidate.policy.written(), "budget": budget, "metric": asked.metric,
                "selected": float(curve.value[at]), "selected_spent": float(curve.spent[at]),
                "selected_chance": None if aim.target is None else float(curve.chance(aim.target)[at]),
                "value": row["mean"], "lo_queries": row["lo_queries"], "hi_queries": row["hi_queries"],
                "spent": row["spent"], "spent_lo": float(low[0]), "spent_hi": float(high[0]),
                "chance": None if unsure else float(share_chance(row["mean"], se, pool.n_queries, aim.target or 0)[0]),
                "biased_by": row["biased_by"], "half": "swapped" if swapped else "first",
            }
        )  # fmt: skip
    return pl.DataFrame(rows, schema=_COLUMNS)


_COLUMNS: dict[str, type[pl.DataType]] = {
    "policy": pl.String, "budget": pl.Float64, "metric": pl.String,
    **dict.fromkeys(
        ("selected", "selected_spent", "selected_chance", "value", "lo_queries", "hi_queries", "spent", "spent_lo",
         "spent_hi", "chance"), pl.Float64,
    ),
    "biased_by": pl.String, "half": pl.String,
}  # fmt: skip


def _sizes(pool: Pool, pick: tuple[Curve, int], asked: Asked, within: float, clock: Clock) -> HarvestSize | None:
    """What `harvest_size` says of the pick, where there is time for it."""
    curve, at = pick
    sweeps = (2 * _SPLITS + 1) * math.log2(max(2.0, float(pool.sizes.mean())))
    if clock.left() < sweeps * 3 * _SIZE_REPS * curve.seconds / clock.threads or pool.sizes.min() < 2:
        return None
    return harvest_size(
        pool, curve.candidate.policy, float(curve.budgets[at]), metric=asked.metric, within=within, cost=asked.cost,
        prices=asked.rates or None, reward=asked.reward, reps=_SIZE_REPS, seed=asked.seed, threads=clock.threads,
        wave=asked.wave, splits=_SPLITS,
    )  # fmt: skip


def _tried(found: Found) -> pl.DataFrame:
    """Every point of every curve."""
    columns = ("spent", "value", "se", "reps")
    return pl.concat(
        pl.DataFrame({"policy": str(c.candidate), "budget": c.budgets, **{name: getattr(c, name) for name in columns}})
        for c in found.tried
    )


def _oracles(half: Half, aim: Aim, executor: Any) -> pl.DataFrame:
    """What oracles need for the target, or reach with the budget, on the priced queries."""
    rows = []
    kinds = [kind() for kind in ALL.values() if kind.oracle and (half.pool.several or kind().name != "best-source")]
    if half.asked.metric == "coverage":
        for curve in half.measure([(Candidate(one), aim.grid()) for one in kinds], _ORACLE_REPS, executor):
            if aim.target is None:
                spent, value = float(curve.spent[-1]), float(curve.value[-1])
            else:
                spent, value = float(budget_to_reach(np.array([aim.target]), curve.spent, curve.value)[0]), aim.target
            if np.isfinite(spent):
                rows.append({"policy": str(curve.candidate), "spent": spent, "value": value})
    return pl.DataFrame(rows, schema={"policy": pl.String, "spent": pl.Float64, "value": pl.Float64})


def _limits(half: Half) -> Limits:
    """What the samples themselves allow."""
    pool, selectors = half.pool, half.asked.selectors
    solvable = pool.solvable
    if not selectors:
        return Limits(1 - solvable, 0.0, solvable)
    every = [pool.of(name) for name in pool.sources] if pool.several else [pool]
    values = []
    for own in every:
        sampled = Half(own, half.asked)
        one = sampled.replay(policy("uniform"), [sampled.price_of_all() * (1 + 1e-9)])
        tally = one.run(0, 1)
        values.append(float(tally.chosen[0, 0, 0]) / FIXED_POINT / own.n_queries)
    return Limits(1 - solvable, max(0.0, solvable - max(values)), max(values))
