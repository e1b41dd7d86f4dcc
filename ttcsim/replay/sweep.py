"""The experiment: many policies, budgets and replications of one pool."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.engine.arrays import FIXED_POINT, Tally
from ttcsim.engine.selectors import check_selectors
from ttcsim.errors import InputError, closest
from ttcsim.policies import ZOO, ZOO_OF_SOURCES, Policy, policy
from ttcsim.policies.priors import MEMBERS
from ttcsim.pool import Pool
from ttcsim.pool.files import load
from ttcsim.replay.columns import Columns
from ttcsim.replay.cross_fit import cells
from ttcsim.replay.executors import Count, Executor, Job, Threads, available_cores, replicate
from ttcsim.replay.kept import Kept
from ttcsim.replay.pins import pins
from ttcsim.replay.prices import PRICES, Rates, read_rates
from ttcsim.replay.prices.rates import DEFAULT
from ttcsim.replay.replay import Replay
from ttcsim.replay.result import Outcome, Result
from ttcsim.replay.setting import REPLAYS, Setting, lacking
from ttcsim.room import demand
from ttcsim.statistics.intervals import column_means, replay_interval

_MOST_REPS = 10_000_000
_SLOPE_REPS = 100
_WIDEST = 1_000_000
_MOST_UNITS = 10**15  # of all queries together; a tenth more than that is still a whole number in a float


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
        Replications and the seed of all of them. The same seed gives the same bits, whatever `threads` is, and the
        first replications of a longer run are those of a shorter one.
    cost : {"samples", "tokens", "dollars"}
        What a draw costs, and what budgets are told in.
    replay : {"permute", "bootstrap"}
        Samples shown without or with replacement.
    selectors : sequence of {"first", "best", "majority", "weighted"}
        Selectors to report as `accuracy_<selector>`; `coverage` is always there.
    reward : str, optional
        Reward column that `best` and `weighted` use; `Pool.reward_name` says which one by default.
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
    threads : int, optional
        Threads; all cores by default.
    keep : str, Path or Kept, optional
        Folder that keeps what is finished every ten seconds, and goes when the sweep is done. After a stopped one the
        same call goes on, to the same bits, with any `threads` and `reps`; with other arguments it is refused. A
        `kept.Kept` goes when its own block ends, after the result is written for instance.
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
    if not isinstance(pool, Pool):
        pool = load(pool)
    whole, pool = pool, pool.of(source)
    chosen, grid = _distinct(policies, pool), _grid(pool, budgets, cost)
    _check(reps, seed, replay, precision)
    _check_waves(pool, wave, speed, streams)
    rates = _rates(prices, cost)
    selectors, reward = check_selectors(selectors, pool, reward)
    threads = available_cores() if threads is None else threads
    if threads < 1:
        raise InputError(f"threads: {threads} is too few; give 1 or more")
    values = reps * len(grid) * len(chosen) * (3 + 2 * len(selectors))
    demand(8 * values, f"reps: {reps:,} replications of {len(chosen)} policies at {len(grid)} budgets", "ask for fewer")
    totals = np.array([pool.total(b * PRICES[cost].units) for b in grid], dtype=np.int64)
    setting = Setting(pool, totals, seed, cost, replay, selectors, reward, rates, wave, speed, streams)
    columns = Columns(pool)
    if skip_unfit:
        chosen = _fitting(chosen, setting)
    replays = [Replay(p, setting, columns) for p in chosen]
    config = {
        "pool": pool.name, "pool_hash": whole.hash, "queries": pool.n_queries, "samples": pool.n_samples,
        "policies": [p.written() for p in chosen], "budgets": grid, "reps": reps, "seed": seed, "cost": cost,
        "replay": replay, "selectors": list(selectors), "reward": reward, "from_source": source,
        "wave": wave, "speed": speed, "streams": streams,
        "prices": {name: own._asdict() for name, own in rates.items()}, "oracles": [str(p) for p in chosen if p.oracle],
    }  # fmt: skip
    if keep is None:
        keeping: AbstractContextManager[Kept | None] = nullcontext()
    else:
        keeping = nullcontext(keep) if isinstance(keep, Kept) else Kept(keep)
    with keeping as kept, Threads(threads) as executor:
        if kept is not None:
            kept.begin(pins(config, chosen, pool))
        work = _Work(executor, kept, Count(progress))
        outcomes = _replayed(replays, setting, reps, precision, work)
    config["reps"] = len(outcomes[0].spent)
    result = Result(pool=pool, outcomes=outcomes, config=config, place=whole.place)
    _warn_exhausted(result)
    _warn_adaptive(pool)
    _warn_unknown_tokens(whole, cost)
    _warn_unused_rates(whole, rates)
    return result


def _distinct(policies: Sequence[str | Policy] | Mapping[str, str | Policy], pool: Pool) -> list[Policy]:
    zoo = ZOO_OF_SOURCES if pool.several else ZOO
    if isinstance(policies, Mapping):
        chosen = [policy(p, label=label) for label, p in policies.items()]
    else:
        chosen = [policy(p) for name in policies for p in (zoo if name == "all" else (name,))]
    if not chosen:
        raise InputError("policies: none given; name at least one, such as 'elimination'")
    label, times = Counter(map(str, chosen)).most_common(1)[0]
    if times > 1:
        same = len({p.written() for p in chosen if str(p) == label}) == 1
        raise InputError(f"policy '{label}': given twice; {'drop one' if same else 'label one, as in mine=...'}")
    return chosen


def _grid(pool: Pool, budgets: Sequence[float], cost: str) -> list[float]:
    if not isinstance(cost, str) or cost not in PRICES:
        raise InputError(f"cost: '{cost}' is unknown; use {' or '.join(PRICES)}")
    units = PRICES[cost].units
    try:
        grid = sorted({float(b) for b in budgets})
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"budgets: {budgets!r} are no numbers; give some such as 8") from error
    if not grid:
        raise InputError("budgets: none given; name at least one, such as 8")
    for budget in grid:
        if budget * units * pool.n_queries > _MOST_UNITS:
            most = f"{_MOST_UNITS / units:g}"
            raise InputError(f"budgets: {budget:g} per query is too much to count; give at most {most} to all together")
        if not budget > 0 or pool.total(budget * units) < 1:
            raise InputError(f"budgets: {budget:g} per query buys no draw at all; give a positive number")
    return grid


def _check_waves(pool: Pool, wave: int, speed: float | None, streams: int | None) -> None:
    for label, number in (("wave", wave), ("streams", 1 if streams is None else streams)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or not 1 <= number <= _WIDEST:
            raise InputError(f"{label}: {number!r} is no whole number from 1 to {_WIDEST:,}")
    if speed is None:
        if streams is not None:
            raise InputError("streams: tell how long waves take; give --speed, the tokens a second of each")
        return
    if not 0 < speed < np.inf:
        raise InputError(f"speed: {speed!r} tokens a second; give a positive number")
    if pool.tokens is None:
        raise InputError(f"speed: needs the column 'tokens', which pool {pool.name} lacks; leave it out")
    if wave == 1:
        raise InputError("speed: tells how long waves take; give --wave, the draws of one")


def _rates(prices: str | Path | Mapping[str, Any] | None, cost: str) -> dict[str, Rates]:
    """The rates of every source, where the cost takes them."""
    rated = [name for name, price in PRICES.items() if price.rated]
    if prices is None:
        if cost in rated:
            raise InputError(f"cost '{cost}' needs prices: name a TOML file with a table for each source (--prices)")
        return {}
    if cost not in rated:
        raise InputError(f"prices: cost '{cost}' takes none; use cost {' or '.join(rated)}")
    return read_rates(prices)


def _check(reps: int, seed: int, replay: str, precision: float | None) -> None:
    for label, number in (("reps", reps), ("seed", seed)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer):
            raise InputError(f"{label}: {number!r} is no whole number")
    if reps < 1:
        raise InputError(f"reps: {reps} is too few; give 1 or more (2 for an interval)")
    if not 0 <= seed < 2**63:
        raise InputError(f"seed: {seed} must be a whole number from 0 to 2**63 - 1")
    if not isinstance(replay, str) or replay not in REPLAYS:
        raise InputError(f"replay: '{replay}' is unknown; use {' or '.join(REPLAYS)}")
    if precision is not None and not precision > 0:
        raise InputError(f"precision: {precision:g} must be a positive half-width, such as 0.002")
    if reps < 2 and precision is not None:
        raise InputError(f"reps: {reps} replication has no interval; give 2 or more with precision")


def _fitting(chosen: list[Policy], setting: Setting) -> list[Policy]:
    missing = [(one, lacking(one, setting.pool)) for one in chosen]
    fit = [one for one, column in missing if column is None]
    unfit = [f"{one} ('{column}')" for one, column in missing if column is not None]
    if unfit:
        warnings.warn(f"skipped, with the column that the pool lacks: {'; '.join(unfit)}", stacklevel=3)
    if not fit:
        raise InputError(f"policies: pool {setting.pool.name} can serve none of them; it has only verifier outcomes")
    return fit


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
        every = [_metrics(job.replay, tally) for job, tally in zip(jobs, self.tallies(jobs, reps), strict=True)]
        return [{metric: column_means(values) for metric, values in one.items()} for one in every]


def _replayed(
    replays: Sequence[Replay], setting: Setting, reps: int, precision: float | None, work: _Work
) -> list[Outcome]:
    """The outcome of every policy: the replications that are asked for, and those around them that intervals take."""
    jobs = [Job(f"policy-{i}", one) for i, one in enumerate(replays)]
    work.count.expect(len(jobs) * (reps + 2 * min(reps, _SLOPE_REPS)))
    measured = work.tallies(jobs, reps)
    while precision is not None:
        enough = _enough([_metrics(*pair) for pair in zip(replays, measured, strict=True)], setting.pool, precision)
        if enough == reps:
            break
        work.count.expect(len(jobs) * (enough - reps))
        measured, reps = work.tallies(jobs, enough, measured), enough
    few = min(reps, _SLOPE_REPS)
    slopes = _slopes(jobs, setting, few, work)
    taught = [_taught(job, few, work) for job in jobs]
    return [_outcome(*parts, reps) for parts in zip(replays, measured, slopes, taught, strict=True)]


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
        curves.append([_per_query(job.replay, tally) for job, tally in zip(jobs, measured, strict=True)])
    width = (above - below) / setting.pool.n_queries / setting.units
    return [{metric: (high[metric] - low[metric]) / width for metric in low} for low, high in zip(*curves, strict=True)]


def _taught(job: Job, reps: int, work: _Work) -> dict[str, NDArray[np.float64]]:
    """What every query does to every metric through the priors that are fitted to it, f8[Q, B]; nothing without any.

    The slope in each prior is taken from replays with one a standard error below and above it. From priors of fewer
    than `MEMBERS` queries on average no limits follow that cover: NaN.
    """
    one = job.replay
    prior, pool = one.policy.prior(), one.setting.pool
    if prior is None or pool.n_queries < 2:
        return {}
    shape, found = (pool.n_queries, len(one.setting.totals)), {}
    every = list(cells(pool, prior))
    few = np.mean([len(cell.givers) for cell in every]) < MEMBERS
    for metric in _metrics(one, one.zeros(1)):
        found[metric] = np.full(shape, np.nan if few else 0.0)
    pulled = [] if few else [(cell, cell.pulls(prior)) for cell in every]
    errors = [float(np.sqrt((pulls**2).sum()) / max(len(pulls), 1)) for _, pulls in pulled]
    work.count.expect(2 * reps * sum(error > 0 for error in errors))
    for i, ((cell, pulls), error) in enumerate(zip(pulled, errors, strict=True)):
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
            found[metric][cell.givers] += pool.n_queries / len(pulls) * pulls[:, None] * slope
    return found


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


def _metrics(one: Replay, tally: Tally) -> dict[str, NDArray[np.float64]]:
    """Every metric in every replication, f8[R, B]."""
    n = one.setting.pool.n_queries
    found = {"coverage": tally.covered / n}
    for i, selector in enumerate(one.setting.selectors):
        found[f"accuracy_{selector}"] = tally.chosen[i] / FIXED_POINT / n
    return found


def _per_query(one: Replay, tally: Tally) -> dict[str, NDArray[np.float64]]:
    """Every metric of every query, its mean over the replications, f8[Q, B]."""
    reps = len(tally.covered)
    found: dict[str, NDArray[np.float64]] = {"coverage": tally.query_covered.T / reps}
    for i, selector in enumerate(one.setting.selectors):
        found[f"accuracy_{selector}"] = tally.query_chosen[i].T / FIXED_POINT / reps
    return found


def _outcome(
    one: Replay, tally: Tally, slope: dict[str, NDArray[np.float64]], taught: dict[str, NDArray[np.float64]], reps: int
) -> Outcome:
    pool = one.setting.pool
    unit_draws = tally.unit_draws.T / reps
    # Wald's identity: the expected cost of a stopped sequence of draws is their expected number times the mean.
    unit_cost = unit_draws * (one.columns.mean_price(one.x.price) / one.setting.units)[:, None]
    queries = one.columns.units.members[:-1]
    draws, cost = (np.add.reduceat(values, queries, axis=0) for values in (unit_draws, unit_cost))
    return Outcome(
        policy=one.policy,
        per_rep=_metrics(one, tally),
        per_query=_per_query(one, tally),
        spent=tally.spent / pool.n_queries / one.setting.units,
        exhausted=tally.exhausted / pool.n_queries,
        waves=None if one.prophetic or one.setting.wave == 1 else tally.waves.astype(np.float64),
        seconds=None if one.prophetic or one.setting.speed is None else tally.steps / one.setting.speed,
        draws=draws,
        cost=cost,
        units=one.columns.units,
        slope=slope,
        taught=taught,
    )


def _warn_adaptive(pool: Pool) -> None:
    adaptive = (pool.manifest or {}).get("adaptive")
    if isinstance(adaptive, Mapping) and "policy" in adaptive:
        warnings.warn(
            f"pool {pool.name} is a live run of policy '{adaptive['policy']}', which stopped by outcomes: its success "
            "rates are biased; `ttcsim live-check` holds it against a harvested pool",
            stacklevel=3,
        )
    elif isinstance(adaptive, Mapping):
        warnings.warn(
            f"pool {pool.name} was sampled until solved: queries have {adaptive.get('initial')} to "
            f"{adaptive.get('until_solved')} samples, and the success rates of the hard ones are biased; `ttcsim pool "
            "initial` keeps the unbiased first round",
            stacklevel=3,
        )


def _warn_unknown_tokens(pool: Pool, cost: str) -> None:
    unknown = (pool.manifest or {}).get("unknown_tokens")
    if isinstance(unknown, Mapping) and unknown and cost != "samples":
        warnings.warn(
            f"pool {pool.name}: {unknown.get('samples')} samples have no token count and are charged "
            f"{unknown.get('charged')}",
            stacklevel=3,
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
