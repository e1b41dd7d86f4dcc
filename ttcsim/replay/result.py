"""What a sweep found: a tidy frame, and what comparisons need."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.deprecation import renamed
from ttcsim.errors import InputError, among
from ttcsim.policies import Policy
from ttcsim.policies.uniform import Uniform
from ttcsim.pool import Pool
from ttcsim.pool.pool import Units
from ttcsim.replay import notebook
from ttcsim.replay.prices import PRICES
from ttcsim.statistics import comparison
from ttcsim.statistics.groups import by_group
from ttcsim.statistics.intervals import column_means, replay_interval, resampled_means, share_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BIASES = {
    "exhausted": "some queries ran out of samples: the value is that of the policy with the pool's size as its cap",
    "bootstrap": "samples are shown again, which biases values down; replay=permute does not",
    "law": "the pool was continued by a fitted law of success rates, on which the value rests",
}
"""What keeps a replayed value from being that of fresh samples, in words; see theory/theory.md."""


@dataclass(frozen=True, eq=False, repr=False)
class Outcome:
    """One policy: every replication, and every query's mean over replications."""

    policy: Policy
    per_rep: dict[str, NDArray[np.float64]]  # metric -> f8[R, B]
    per_query: dict[str, NDArray[np.float64]]  # metric -> f8[Q, B]
    spent: NDArray[np.float64]  # f8[R, B] cost per query
    exhausted: NDArray[np.float64]  # f8[R, B] share of queries without samples left
    waves: NDArray[np.float64] | None  # f8[R, B] waves begun, where draws are decided in waves
    seconds: NDArray[np.float64] | None  # f8[R, B] that they took, where a speed is given
    draws: NDArray[np.float64]  # f8[Q, B] mean draws
    cost: NDArray[np.float64]  # f8[Q, B] mean cost, in the units of the budget
    units: Units  # the queries, or each query with each source
    slope: dict[str, NDArray[np.float64]]  # metric -> f8[Q, B] growth per unit of budget per query
    taught: dict[
        str, NDArray[np.float64]
    ]  # metric -> f8[Q, B] what a query does to the mean through priors fitted to it

    def __repr__(self) -> str:
        return f"Outcome({self.policy})"

    def influence(self, metric: str) -> NDArray[np.float64]:
        """What every query contributes to the mean, f8[Q, B]: its own value, and what it does to the others'.

        All queries share one budget. A query that costs one unit more than the average leaves that much less for the
        rest, which is worth the slope of the curve: so the linearised contribution of query q is
        ``value_q - slope * (cost_q - mean cost)``. Resampling the values alone treats the allocation as given, and its
        95 % intervals cover elimination's coverage about 90 % of the time (tests/statistics). A query that priors are
        fitted to also moves what others get; NaN where priors of too few queries make that unforeseeable.
        """
        own = self.contribution(metric)
        return np.asarray(own + self.taught[metric] if self.taught else own)

    def contribution(self, metric: str) -> NDArray[np.float64]:
        """`influence` with the priors as they are, f8[Q, B]; both have the same mean."""
        cost = self.cost - column_means(self.cost)
        return np.asarray(self.per_query[metric] - column_means(self.slope[metric]) * cost)

    def spending(self, offered: NDArray[np.float64]) -> NDArray[np.float64]:
        """What every query contributes to what was spent, f8[Q, B], of `offered` f8[B] per query.

        Where the budget ran out, all of it was spent whatever the queries cost; in the share of replications in which
        the policy stopped before, the costs add up.
        """
        stopped = column_means((self.spent < offered).astype(np.float64))
        return np.asarray(column_means(self.spent) + stopped * (self.cost - column_means(self.cost)))


@dataclass(frozen=True, repr=False)
class Result:
    """Outcome of a sweep; `frame` is the part most people need."""

    pool: Pool
    outcomes: Sequence[Outcome]
    config: dict[str, Any]
    place: str = ""  # where the pool can be loaded from again; empty for one that was made in memory
    _resampled: dict[tuple[Outcome, str], NDArray[np.float64]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def budgets(self) -> list[float]:
        """Average budgets per query, ascending."""
        return list(self.config["budgets"])

    @property
    def offered(self) -> NDArray[np.float64]:
        """What each budget buys per query, f8[B]: whole units of cost over all queries."""
        units = PRICES[self.config["cost"]].units
        return np.array([self.pool.total(b * units) for b in self.budgets]) / self.pool.n_queries / units

    def outcome(self, policy: str | Policy) -> Outcome:
        """The outcome of one policy, by label or by bare name."""
        text = str(policy)
        for outcome in self.outcomes:
            if str(outcome.policy) == text:
                return outcome
        named = [o for o in self.outcomes if o.policy.name == text]
        if len(named) == 1:
            return named[0]
        labels = [str(o.policy) for o in self.outcomes]
        raise InputError(f"policy '{text}' is not in this result; {among(text, labels, 'it has')}")

    def resampled(self, outcome: Outcome, metric: str) -> NDArray[np.float64]:
        """The mean in every bootstrap resample of the queries, f8[resamples, B]; kept: all comparisons ask for it."""
        key = outcome, metric
        if key not in self._resampled:
            self._resampled[key] = resampled_means(outcome.influence(metric), self.config["seed"])
        return self._resampled[key]

    def biased_by(self, outcome: Outcome) -> list[str | None]:
        """What keeps each budget's values from being those of fresh samples; None where nothing does.

        ``"exhausted"``: some query ran out of samples, so that the pool's end works as a cap, which helps or hurts.
        ``"bootstrap"``: samples are shown again, so that a query that has failed looks worse than it is. ``"law"``: the
        pool was continued by a fitted law of success rates (`theory.tail`). Otherwise a
        replay is, in law, a run on fresh samples (theory/theory.md). A policy whose own cap lies within the pool needs
        no more samples than there are, and the prophet is a statement about a pool.
        """
        if self.pool.manifest and "continued" in self.pool.manifest:
            return ["law"] * len(self.budgets)
        if self.config["replay"] == "bootstrap":
            return ["bootstrap"] * len(self.budgets)
        least = np.diff(outcome.units.offsets).min()
        own = outcome.policy.cap <= least or outcome.policy.oracle == "outcomes"
        # Uniform wants of each query what the budget says, so it may use a pool up to its last sample.
        enough = [
            outcome.policy == Uniform() and budget <= least and self.config["cost"] == "samples"
            for budget in self.budgets
        ]
        short = outcome.exhausted.max(axis=0) > 0
        return ["exhausted" if s and not (own or e) else None for s, e in zip(short, enough, strict=True)]

    @cached_property
    def served(self) -> dict[str, float | None]:
        """The largest budget up to which nothing biases a policy, by its label; None where there is none."""
        served: dict[str, float | None] = {}
        for outcome in self.outcomes:
            free = itertools.takewhile(
                lambda pair: pair[1] is None, zip(self.budgets, self.biased_by(outcome), strict=True)
            )
            served[str(outcome.policy)] = max((budget for budget, _ in free), default=None)
        return served

    @cached_property
    def frame(self) -> pl.DataFrame:
        """One row per policy, budget and metric.

        Columns: policy, budget, metric, mean, se, lo, hi (95 %, replay noise for these queries), lo_queries,
        hi_queries (95 %, new queries too; null for a policy whose priors are fitted to too few of them), spent (cost
        per query), exhausted (share of queries), biased_by (see `biased_by`), reps. In waves also: waves
        (begun) and, with a speed, seconds; null for the prophet, which decides nothing.
        """
        frames = []
        ceiling = self.pool.solvable
        for outcome in self.outcomes:
            biased = pl.Series(self.biased_by(outcome), dtype=pl.String)
            for metric, values in outcome.per_rep.items():
                lo_queries, hi_queries = share_interval(outcome.influence(metric))
                columns = {
                    "policy": str(outcome.policy), "budget": self.budgets, "metric": metric,
                    **replay_interval(values, self.pool.n_queries, ceiling=ceiling)._asdict(),
                    "lo_queries": lo_queries, "hi_queries": hi_queries,
                    "spent": column_means(outcome.spent), "exhausted": column_means(outcome.exhausted),
                    "biased_by": biased,
                    **{
                        name: None if values is None else column_means(values)
                        for name, values in (("waves", outcome.waves), ("seconds", outcome.seconds))
                        if name in self._timed
                    },
                    "reps": self.config["reps"],
                }  # fmt: skip
                frames.append(pl.DataFrame(columns))
        return pl.concat(frames, how="vertical_relaxed").with_columns(
            pl.col("se", "lo", "hi", "lo_queries", "hi_queries").fill_nan(None)
        )

    @property
    def _timed(self) -> list[str]:
        """Columns that tell how long a replay in waves took."""
        waves = ["waves"] if self.config["wave"] > 1 else []
        return [*waves, *([] if self.config["speed"] is None else ["seconds"])]

    def by(self, column: str) -> pl.DataFrame:
        """The frame by groups of queries, the values of a column of ``queries.parquet``: see `by_group`."""
        return by_group(self, column)

    def per_replication(self) -> pl.DataFrame:
        """Every single value: policy, budget, metric, replication, value."""
        return pl.concat(
            pl.DataFrame(
                {
                    "policy": str(outcome.policy), "budget": np.tile(self.budgets, len(values)), "metric": metric,
                    "replication": np.repeat(np.arange(len(values)), len(self.budgets)), "value": values.ravel(),
                }
            )
            for outcome in self.outcomes
            for metric, values in outcome.per_rep.items()
        )  # fmt: skip

    replications = renamed("Result.replications", per_replication, gone="0.3.0")

    def per_query(self) -> pl.DataFrame:
        """Every query's means over replications.

        Columns: policy, budget, metric, query_id, value (how often it was solved, or answered right), influence (what
        it contributes to the mean over queries, see `Outcome.influence`; null where that is not known), draws, spent.
        """
        queries, budgets = self.pool.n_queries, len(self.budgets)
        return pl.concat(
            pl.DataFrame(
                {
                    "policy": str(outcome.policy), "budget": np.tile(self.budgets, queries), "metric": metric,
                    "query_id": np.repeat(self.pool.query_ids, budgets), "value": values.ravel(),
                    "influence": outcome.influence(metric).ravel(), "draws": outcome.draws.ravel(),
                    "spent": outcome.cost.ravel(),
                }
            )
            for outcome in self.outcomes
            for metric, values in outcome.per_query.items()
        ).with_columns(pl.col("influence").fill_nan(None))  # fmt: skip

    @property
    def baseline(self) -> str:
        """What the others are compared with by default: `uniform` where it was run, else the first but oracles."""
        uniform = [o for o in self.outcomes if o.policy == Uniform()]
        fair = [o for o in self.outcomes if not o.policy.oracle]
        return str((uniform or fair or self.outcomes)[0].policy)

    def compare(self, baseline: str | Policy | None = None) -> pl.DataFrame:
        """Every policy against `baseline`, by default `uniform` or else the first: see `ttcsim.compare`."""
        return comparison.compare(self, self.baseline if baseline is None else baseline)

    def wins(self, metric: str = "coverage") -> pl.DataFrame:
        """Who beats whom, and beyond chance: see `ttcsim.wins`."""
        return comparison.wins(self, metric)

    def plot(
        self, metric: str = "coverage", *, ax: Axes | None = None, baseline: str | Policy | None = None, **how: Any
    ) -> Axes:
        """Draw a figure, in which policies look as in all figures of this result.

        Parameters
        ----------
        metric : str
            A metric of `frame`, "difference" or "efficiency" (against `baseline`), or "allocation".
        ax : Axes, optional
            Where to draw; by default in a new figure of pyplot's. Its backend and settings stay as they are.
        **how
            What the function of that name in `ttcsim.plot` takes: title, labels, ...
        """
        return notebook.plot(self, metric, ax=ax, baseline=baseline, **how)

    def save(
        self,
        folder: str | Path,
        *,
        source: str | Path | None = None,
        replications: bool = False,
        by: Sequence[str] = (),
    ) -> Path:
        """Write a run folder, as ``ttcsim sweep --out`` does; `ttcsim.read_run` and `ttcsim.rerun` read it.

        Parameters
        ----------
        source : str or Path, optional
            Where the pool can be loaded from again: a place that `ttcsim.load` takes, by default the one that it was
            loaded from. Of a pool that was made in memory a rerun has to be given the pool.
        replications : bool
            Whether to keep every replication's values, too.
        by : sequence of str
            Columns of the queries by whose groups results are kept, too.
        """
        from ttcsim.replay.run_folder import write_run  # here: it reruns, and so knows of results

        return write_run(self, folder, source=source, replications=replications, by=by)

    def __repr__(self) -> str:
        return notebook.summary(self)

    def _repr_html_(self) -> str:
        """The tables that notebooks show."""
        return notebook.html(self)
