"""The experiment: many policies, budgets and replications of one pool."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.engine.arrays import FIXED_POINT, Tally
from ttcsim.errors import InputError, closest
from ttcsim.policies import Policy
from ttcsim.policies.priors import MEMBERS
from ttcsim.pool import Pool
from ttcsim.replay.cross_fit import Cell, cells
from ttcsim.replay.executors import Executor, executor_of
from ttcsim.replay.kept import Kept
from ttcsim.replay.pins import pins
from ttcsim.replay.planning import Planned, plan
from ttcsim.replay.prices import Rates
from ttcsim.replay.prices.rates import DEFAULT
from ttcsim.replay.remarks import sampled_adaptively, unknown_tokens
from ttcsim.replay.replay import Replay
from ttcsim.replay.replicate import Count, Job, replicate
from ttcsim.replay.result import Outcome, Result
from ttcsim.replay.setting import Setting
from ttcsim.statistics.intervals import column_means, replay_interval

_MOST_REPS = 10_000_000
_SLOPE_REPS = 100


def sweep(
    pool: Pool | str | Path,
    policies: Sequence[str | Policy] | Mapping[str, str | Policy],
    budgets: Sequence[float],
    *,
    reps: int = 1000,
    seed: int = 0,
    cost: str = "samples",
    replay: str = "permute",
    selectors: Sequence[str] = (),
    reward: str | None = None,
    source: str | None = None,
    prices: str | Path | Mapping[str, Any] | None = None,
    wave: int = 1,
    speed: float | None = None,
    streams: int | None = None,
    precision: float | None = None,
    skip_unfit: bool = False,
    executor: str | Executor = "threads",
    threads: int | None = None,
    keep: Kept | str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Replay every policy at every budget, `reps` times, on the same random sample orders.

    Parameters
    ----------
    pool : Pool, str or Path
        A pool, or where to load it from.
    policies : sequence or mapping of str or Policy
        String forms or objects, see ``ttcsim.policy``; "all" stands for every published policy (``policies.ZOO``). The
        keys of a mapping are their labels, by which results call them.
    budgets : sequence of float
        Average budget per query, in units of `cost`; the total is ``floor(budget * queries)``.
    reps, seed : int
        Replications and the seed of all of them. The same seed gives the same bits, whoever replays, and the
        first replications of a longer run are those of a shorter one.
    cost : {"samples", "tokens", "dollars"}
        What a draw costs, and what budgets are told in.
    replay : {"permute", "bootstrap"}
        Samples shown without or with replacement.
    selectors : sequence of str
        Selectors to report as `accuracy_<selector>`: "first", "best", "majority", "weighted", "deepconf(keep=10)",
        "cisc(temperature=1)", "borda(p=0.5)"; `coverage` is always there.
    reward : str, optional
        Reward column that `best` and `weighted` use; `Pool.score_name` says which one by default.
    source : str, optional
        Of a pool of several sources, the one to replay, or "mixed": a random one for every draw. Without it policies
        choose the source themselves, or name it (``"elimination(on=NAME)"``).
    prices : str, Path or mapping, optional
        With ``cost="dollars"``, the rates of every source: a TOML file with a table for each, or a mapping like it,
        such as ``{"small": {"output": 0.2}, "large": {"input": 0.5, "output": 2.0, "request": 0.001}}``, in dollars per
        million tokens and per request.
    wave : int
        Draws that are decided before the first of them is seen, as a server with so many streams needs them. A draw
        that is decided counts as one without an outcome for the next decision. With more than one, `frame` has a
        column ``waves``: how many a policy began.
    speed : float, optional
        Tokens that a stream decodes in a second. `frame` then has a column ``seconds``: a wave takes as long as the
        longest of its samples.
    streams : int, optional
        With a speed, streams that the draws of a wave share: in the order in which they were decided, each goes to the
        stream that is free first. By default each draw of a wave has its own.
    precision : float, optional
        Go on beyond `reps` until every 95 % interval of replay noise has at most this half-width.
    skip_unfit : bool
        Leave out policies that need a column that the pool lacks, with a warning that names them.
    executor : {"threads", "ray"} or Executor
        Who replays: threads of this process, or a Ray cluster, the one that ``RAY_ADDRESS`` names or that runs on this
        machine, or else one that ends with the sweep (``pip install 'ttcsim[ray]'``). ``replay.cluster.Cluster`` takes
        an address. The bits are the same.
    threads : int, optional
        Threads, or the most CPUs of a cluster that are used at once; all by default.
    keep : str, Path or Kept, optional
        Folder that keeps what is finished every ten seconds, and goes when the sweep is done. After a stopped one the
        same call goes on, to the same bits, with any executor, threads and `reps`; with other arguments it is refused.
        A `kept.Kept` goes when its own block ends, after the result is written for instance.
    progress : callable, optional
        Called with (replications done, replications in all) from the calling thread; those that intervals take count.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        Before anything runs, when an argument is wrong or a policy needs a column that the pool lacks.
    """
    runner = executor_of(executor, threads)
    planned = plan(
        pool, policies, budgets, reps=reps, seed=seed, cost=cost, replay=replay, selectors=selectors, reward=reward,
        source=source, prices=prices, wave=wave, speed=speed, streams=streams, precision=precision,
        skip_unfit=skip_unfit,
    )  # fmt: skip
    if keep is None:
        keeping: AbstractContextManager[Kept | None] = nullcontext()
    else:
        keeping = nullcontext(keep) if isinstance(keep, Kept) else Kept(keep)
    with keeping as kept, runner:
        if kept is not None:
            kept.begin(pins(planned.config, planned.policies, planned.pool))
        outcomes = _replayed(planned, reps, precision, _Work(runner, kept, Count(progress)))
    config = {**planned.config, "reps": len(outcomes[0].spent)}
    result = Result(pool=planned.pool, outcomes=outcomes, config=config, place=planned.whole.place)
    _warn_exhausted(result)
    for remark in (sampled_adaptively(planned.pool), unknown_tokens(planned.whole, cost)):
        if remark:
            warnings.warn(remark, stacklevel=2)
    _warn_unused_rates(planned.whole, planned.setting.rates)
    return result


@dataclass(frozen=True)
class _Work:
    """Who replays, what is kept of it, and who is told."""

    executor: Executor
    kept: Kept | None
    count: Count

    def tallies(self, jobs: Sequence[Job], reps: int, before: Sequence[Tally] = ()) -> list[Tally]:
        """`replicate`."""
        return replicate(jobs, reps, self.executor, before=before, kept=self.kept, count=self.count)

    def metrics(self, jobs: Sequence[Job], reps: int) -> list[dict[str, NDArray[np.float64]]]:
        """Mean f8[B] of every metric, by its name, of every job."""
        every = [metrics_of(job.replay, tally) for job, tally in zip(jobs, self.tallies(jobs, reps), strict=True)]
        return [{metric: column_means(values) for metric, values in one.items()} for one in every]


def _replayed(planned: Planned, reps: int, precision: float | None, work: _Work) -> list[Outcome]:
    """The outcome of every policy: the replications that are asked for, and those around them that intervals take."""
    replays = planned.replays
    jobs = [Job(f"policy-{i}", one) for i, one in enumerate(replays)]
    work.count.expect(len(jobs) * (reps + 2 * min(reps, _SLOPE_REPS)))
    measured = work.tallies(jobs, reps)
    while precision is not None:
        enough = _enough([metrics_of(*pair) for pair in zip(replays, measured, strict=True)], planned.pool, precision)
        if enough == reps:
            break
        work.count.expect(len(jobs) * (enough - reps))
        measured, reps = work.tallies(jobs, enough, measured), enough
    few = min(reps, _SLOPE_REPS)
    slopes = _slopes(jobs, planned.setting, few, work)
    taught = [_taught(job, few, work) for job in jobs]
    return [_outcome(*parts) for parts in zip(replays, measured, slopes, taught, strict=True)]


def _slopes(jobs: Sequence[Job], setting: Setting, reps: int, work: _Work) -> list[dict[str, NDArray[np.float64]]]:
    """Growth of every metric per unit of budget per query, f8[Q, B], from replays at a tenth less and a tenth more.

    The orders are the same at both, so a few replications do.
    """
    totals = setting.totals
    below = np.minimum(totals - 1, np.floor(0.9 * totals).astype(np.int64))
    above = np.maximum(totals + 1, np.ceil(1.1 * totals).astype(np.int64))
    curves = []
    for side, around in (("below", below), ("above", above)):
        # The plan of a policy that explores by its budget stays: other queries change what is left, not the plan.
        measured = work.tallies([Job(f"{name}-{side}", one.at(around)) for name, one in jobs], reps)
        curves.append([means_by_query(job.replay, tally) for job, tally in zip(jobs, measured, strict=True)])
    width = (above - below) / jobs[0].replay.queries / setting.units
    return [{metric: (high[metric] - low[metric]) / width for metric in low} for low, high in zip(*curves, strict=True)]


class _Pull(NamedTuple):
    """A fitted prior, and what the queries that it is fitted to do to it."""

    cell: Cell
    pulls: NDArray[np.float64]  # f8[m] of each of them
    error: float  # standard error of the prior


def _pulls(one: Replay) -> list[_Pull]:
    """Every prior of a policy; none where they are fitted to fewer than `MEMBERS` queries on average."""
    prior, pool = one.policy.prior(), one.columns.pool
    every = [] if prior is None or pool.n_queries < 2 else list(cells(pool, prior))
    if prior is None or not every or np.mean([len(cell.givers) for cell in every]) < MEMBERS:
        return []
    pulled = [(cell, cell.pulls(prior)) for cell in every]
    return [_Pull(*pair, float(np.sqrt((pair[1] ** 2).sum()) / max(len(pair[1]), 1))) for pair in pulled]


def _taught(job: Job, reps: int, work: _Work) -> dict[str, NDArray[np.float64]]:
    """What every query does to every metric through the priors that are fitted to it, f8[Q, B]; nothing without any.

    The slope in each prior is taken from replays with one a standard error below and above it. From priors of fewer
    than `MEMBERS` queries on average no limits follow that cover: NaN.
    """
    one = job.replay
    if one.policy.prior() is None or one.queries < 2:
        return {}
    pulled = _pulls(one)
    shape = one.queries, len(one.setting.totals)
    found = {metric: np.full(shape, 0.0 if pulled else np.nan) for metric in metrics_of(one, one.zeros(1))}
    work.count.expect(2 * reps * sum(pull.error > 0 for pull in pulled))
    for i, (cell, pulls, error) in enumerate(pulled):
        if error == 0.0:
            continue
        sides = []
        for side, sign in (("below", -1), ("above", 1)):
            mean = one.x.prior_mean.copy()
            takers = np.isin(one.columns.units.query, cell.takers)
            mean[takers] = np.clip(mean[takers] + sign * error, 1e-6, 1 - 1e-6)
            sides.append(Job(f"{job.name}-prior-{i}-{side}", one.expecting(mean)))
        low, high = work.metrics(sides, reps)
        for metric in low:
            slope = (high[metric] - low[metric]) / (2 * error)
            found[metric][cell.givers] += one.queries / len(pulls) * pulls[:, None] * slope
    return found


def replications(one: Replay, reps: int) -> int:
    """Replications of one policy in a sweep of `reps`: those, and the few on both sides that intervals take."""
    return reps + 2 * min(reps, _SLOPE_REPS) * (1 + sum(pull.error > 0 for pull in _pulls(one)))


def _enough(metrics: list[dict[str, NDArray[np.float64]]], pool: Pool, precision: float) -> int:
    """Replications that the worst interval needs, from its width now; as many as there are when it is narrow enough."""
    worst, reps = 0.0, 0
    for one in metrics:
        for values in one.values():
            reps = len(values)
            interval = replay_interval(values, pool.n_queries, ceiling=pool.solvable)
            worst = max(worst, float(((interval.hi - interval.lo) / 2).max()))
    if worst <= precision:
        return reps
    wanted = int(np.ceil(1.02 * reps * (worst / precision) ** 2))
    if wanted > _MOST_REPS:
        raise InputError(
            f"precision: {precision:g} would take about {wanted:,} replications, more than {_MOST_REPS:,}; ask for less"
        )
    return max(reps + 1, wanted)


def metrics_of(one: Replay, tally: Tally) -> dict[str, NDArray[np.float64]]:
    """Every metric in every replication, f8[R, B]."""
    n = one.queries
    found = {"coverage": tally.covered / n}
    for i, selector in enumerate(one.setting.selectors):
        found[f"accuracy_{selector}"] = tally.chosen[i] / FIXED_POINT / n
    return found


def means_by_query(one: Replay, tally: Tally) -> dict[str, NDArray[np.float64]]:
    """Every metric of every query, its mean over the replications, f8[Q, B]."""
    reps = len(tally.covered)
    found: dict[str, NDArray[np.float64]] = {"coverage": tally.query_covered.T / reps}
    for i, selector in enumerate(one.setting.selectors):
        found[f"accuracy_{selector}"] = tally.query_chosen[i].T / FIXED_POINT / reps
    return found


def draws_and_cost(one: Replay, tally: Tally) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean draws of every query, and what they cost in the units of the budget, f8[Q, B] each."""
    unit_draws = tally.unit_draws.T / len(tally.covered)
    # Wald's identity: the expected cost of a stopped sequence of draws is their expected number times the mean.
    unit_cost = unit_draws * (one.columns.mean_price(one.x.price) / one.setting.units)[:, None]
    queries = one.columns.units.members[:-1]
    draws, cost = (np.add.reduceat(values, queries, axis=0) for values in (unit_draws, unit_cost))
    return draws, cost


def _outcome(
    one: Replay, tally: Tally, slope: dict[str, NDArray[np.float64]], taught: dict[str, NDArray[np.float64]]
) -> Outcome:
    draws, cost = draws_and_cost(one, tally)
    return Outcome(
        policy=one.policy,
        per_rep=metrics_of(one, tally),
        per_query=means_by_query(one, tally),
        spent=tally.spent / one.queries / one.setting.units,
        exhausted=tally.exhausted / one.queries,
        waves=None if one.prophetic or one.setting.wave == 1 else tally.waves.astype(np.float64),
        seconds=None if one.prophetic or one.setting.speed is None else tally.steps / one.setting.speed,
        draws=draws,
        cost=cost,
        units=one.columns.units,
        slope=slope,
        taught=taught,
    )


def _warn_unused_rates(pool: Pool, rates: Mapping[str, Rates]) -> None:
    """One line on a table of prices whose name is nearly that of a source without one: it is charged the default."""
    without = [source for source in pool.sources if source not in rates]
    for name in rates:
        if name not in pool.sources and name != DEFAULT and (meant := closest(name, without)):
            warnings.warn(
                f"prices: [{name}] is no source of pool {pool.name} and charges nothing; {meant.strip()}", stacklevel=3
            )


def _warn_exhausted(result: Result) -> None:
    """One line on results that lean on the end of the pool: what they are, and up to where the others go."""
    faulty = [o for o in result.outcomes if "exhausted" in result.biased_by(o)]
    if not faulty:
        return
    shares = [float(column_means(o.exhausted).max()) for o in faulty]
    share, worst = max(zip(shares, faulty, strict=True), key=lambda pair: pair[0])
    sizes = np.diff(worst.units.offsets)
    least, most = int(sizes.min()), int(sizes.max())
    of = "query's" if len(sizes) == result.pool.n_queries else "query's and source's"
    capped = f"cap={least}" if least == most else f"each {of} samples as its cap ({least} to {most})"
    served = result.served[str(worst.policy)]
    warnings.warn(
        f"policy '{worst.policy}'{f' and {len(faulty) - 1} more' if len(faulty) > 1 else ''}: up to "
        f"{share:.1%} of the queries ran out of samples; there the values are those of the policy with {capped}. The "
        "pool serves it without bias "
        f"{'at none of these budgets' if served is None else f'up to budget {served:g}'} (column `biased_by`); give it "
        "a cap, or harvest more samples",
        stacklevel=3,
    )
