"""Knobs of stopping rules, set so that a stated risk is kept: conformal risk control."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ttcsim.choosing.candidates import asks_the_verifier
from ttcsim.choosing.half import Asked, Half
from ttcsim.choosing.split import halve
from ttcsim.engine.selectors import check_selectors, selector
from ttcsim.errors import InputError, among
from ttcsim.policies import ALL, Policy, policy
from ttcsim.policies.base import is_plain, level, unfitted
from ttcsim.pool import Pool
from ttcsim.pool.files import load
from ttcsim.replay.executors import available_cores, executor_of
from ttcsim.replay.planning import rates_for
from ttcsim.replay.prices import PRICES
from ttcsim.replay.replicate import Job, replicate
from ttcsim.replay.sweep import means_by_query
from ttcsim.statistics.intervals import column_means

Floats = NDArray[np.float64]

LOSSES = ("disagree", "wrong")
"""What a rule that stops early may do: give another answer than all samples, or a wrong one where theirs is right."""


def adjusted(losses: Floats, delta: float | None = None) -> Floats:
    """What has to be at most the risk, f8[K], from losses f8[n, K] in [0, 1] with the safest value last.

    Conformal risk control (Angelopoulos, Bates, Fisch, Lei & Schuster, arXiv 2208.02814, Theorem 1, with B = 1):
    ``(n R + 1) / (n + 1)``. The first value at which it is at most epsilon has an expected loss of at most epsilon on a
    new query, if that is exchangeable with these. The theorem is about losses that never rise towards the safe end:
    a query's is replaced by its largest from there on, which is no smaller. With `delta`, Hoeffding's bound
    ``R + sqrt(ln(1/delta) / (2 n))``: the expected loss given these queries is then at most epsilon with probability
    1 - delta.
    """
    n = len(losses)
    monotone = np.maximum.accumulate(losses[:, ::-1], axis=1)[:, ::-1]
    risk = column_means(monotone)
    return (n * risk + 1) / (n + 1) if delta is None else risk + math.sqrt(math.log(1 / delta) / (2 * n))


def first_within(bounds: Floats, risk: float) -> int | None:
    """The first value, the one that spends least, whose bound is at most the risk; None where no value's is."""
    enough = np.flatnonzero(bounds <= risk * (1 + 1e-12))
    return int(enough[0]) if len(enough) else None


@dataclass(frozen=True, repr=False)
class Calibration:
    """A knob at the value that spends least among those that keep the risk."""

    frame: pl.DataFrame
    """One row per value, the safest last. Columns: policy, value, loss (mean), adjusted (what has to be at most the
    risk), spent (per query), saved (share of what all samples cost), kept (whether the risk is), chosen."""
    policy: Policy | None
    """The rule with the value; None where only all samples keep the risk."""
    knob: str
    queries: int
    """Queries that it was calibrated on."""
    full: float
    """What all samples of a query cost."""
    config: dict[str, Any]

    def sentence(self) -> str:
        """What was found and what it promises."""
        config = self.config
        what = {
            "disagree": "gives another answer than all samples would", "wrong": "is wrong where all samples are right",
        }[config["loss"]]  # fmt: skip
        promise = (
            f"on average over sets of {self.queries} queries such as these"
            if config["delta"] is None
            else f"with probability {1 - config['delta']:.0%} over sets of {self.queries} queries such as these"
        )
        if self.policy is None:
            needed = math.ceil(1 / config["risk"]) - 1
            few = f" It takes {needed:,} queries or more." if self.queries < needed and config["delta"] is None else ""
            return f"No value of {self.knob} keeps the risk of {config['risk']:g}: draw all samples.{few}"
        row = self.frame.filter(pl.col("chosen")).row(0, named=True)
        return (
            f"{self.policy.written()} {what} on at most {config['risk']:.1%} of new queries, {promise}; it spends "
            f"{row['spent']:.4g} {config['cost']} per query in place of {self.full:.4g}."
        )

    def __repr__(self) -> str:
        return self.sentence()


def calibrate(
    pool: Pool | str, policies: Sequence[str | Policy] = (), *, risk: float, knob: str | None = None,
    values: Sequence[float] = (), loss: str = "disagree", select: str = "majority", delta: float | None = None,
    cost: str = "samples", prices: Any = None, source: str | None = None, reps: int = 100, seed: int = 0,
    threads: int | None = None,
) -> Calibration:  # fmt: skip
    """Set the knob of a stopping rule so that a new query is harmed with a probability of at most `risk`.

    The loss of a query is that of the rule against all its samples, by the same selector: "disagree", the answer is
    another one; "wrong", it is wrong and theirs is right. It is the mean over `reps` orders of the samples, so what is
    promised is of one run, too. Where no value keeps the risk, all samples have to be drawn, which has no loss.

    Of one rule all queries calibrate the knob. Of several, or of all by default, the rule is chosen on one half of
    them, as the one that spends least, and its knob is calibrated on the other: choosing among calibrated rules by the
    queries that calibrated them would void the promise.

    Parameters
    ----------
    policies : sequence of str or Policy
        Rules whose decision to stop a query goes by that query alone.
    knob : str, optional
        The parameter; the first of the policy's `knobs` by default.
    values : sequence of float
        Values to choose from; those of `knobs` by default.
    delta : float, optional
        For a promise that holds with probability 1 - delta given these queries, not on average over such sets.

    Raises
    ------
    InputError
        For a rule that goes by other queries, too, or by the verifier, and a knob whose safe end is not declared.
    """
    whole = (pool if isinstance(pool, Pool) else load(pool)).of(source)
    _check(risk, loss, select, delta)
    chosen = [policy(one) for one in policies] or _rules(whole, knob)
    for one in chosen:
        refuse_shared(one)
    several = len(chosen) > 1
    choosing, pricing = halve(whole, seed) if several else (whole, whole)
    asked = _asked(whole, select, cost, prices, seed)
    config = {
        "pool": whole.name, "pool_hash": whole.hash, "risk": risk, "loss": loss, "selector": select, "delta": delta,
        "cost": cost, "prices": {name: own._asdict() for name, own in asked.rates.items()},
        "prices_file": str(prices) if isinstance(prices, str | Path) else None, "source": source, "wave": 1,
        "reps": reps, "seed": seed, "rules": len(chosen),
    }  # fmt: skip
    one = chosen[0]
    if several:
        measured = [_calibrated(choosing, rule, knob, values, risk, asked, reps, threads, config) for rule in chosen]
        spent = [float(c.frame.filter(pl.col("chosen"))["spent"][0]) if c.policy else math.inf for c in measured]
        one = chosen[int(np.argmin(spent))]
    return _calibrated(pricing, one, knob, values, risk, asked, reps, threads, config)


def refuse_shared(one: Policy) -> None:
    """Raise `InputError` for a policy of which a query's draws depend on other queries, or on the verifier."""
    setup = one.setup(1, 1)
    reads = setup.stop.reads
    reasons = {
        "is an oracle": bool(one.oracle),
        "chooses among sources": one.chooses_sources,
        "decides which query is next, so queries share its budget": is_plain(one)
        or setup.score is not None
        or setup.bonus is not level
        or setup.fit is not unfitted,
        "makes a plan for the whole budget": not one.anytime,
        "serves queries one after the other, each with what others left over": one.streamed(),
        "goes by what like queries gave": one.prior() is not None,
        "stops by the clock or at random": reads.key or reads.row is None or "t" in reads.row,
        "asks the verifier, which leaves no risk": asks_the_verifier(one),
    }
    for reason, holds in reasons.items():
        if holds:
            raise InputError(
                f"policy '{one}': {reason}; a risk can be promised for rules that stop a query by that query alone, "
                "such as consensus, adaptive-consistency, esc, doubling, bayes-factor, consol, deepconf"
            )


def _rules(pool: Pool, knob: str | None) -> list[Policy]:
    """All published rules that stop a query by that query alone, and that this pool can serve."""
    found = []
    for kind in ALL.values():
        one = kind()
        try:
            refuse_shared(one)
            _knob(one, knob)
            Half(pool, Asked("coverage", (), None, "samples", {}, 0)).replay(one, [1.0])
        except InputError:
            continue
        found.append(one)
    if not found:
        raise InputError(f"pool {pool.name}: can serve no rule that stops by agreement; it has no answers to agree")
    return found


def _knob(one: Policy, knob: str | None) -> str:
    """The knob to turn."""
    numeric = [name for name, values in type(one).knobs.items() if not isinstance(values[0], str | bool)]
    if knob == "cap" or (knob is None and not numeric):
        return "cap"
    if knob is not None and knob not in numeric:
        raise InputError(
            f"policy '{one}': knob '{knob}': {among(knob, [*numeric, 'cap'], 'it has')}; a policy of yours declares "
            "its own in `knobs`, the value that spends least first"
        )
    return knob or numeric[0]


def _forms(one: Policy, knob: str, values: Sequence[float], samples: int) -> list[Policy]:
    """The rule at every value, that which spends least first; it never wants more samples than there are."""
    declared = type(one).knobs.get(knob, (1.0, 2.0))
    rising = declared[-1] > declared[0]
    if knob == "cap":
        values = values or [2**i for i in range(int(math.log2(samples)) + 1)]
    every = sorted({float(v) for v in values or declared}, reverse=not rising)
    whole = isinstance(getattr(one, knob), int)
    changes: list[dict[str, Any]] = [{knob: int(value) if whole and value == int(value) else value} for value in every]
    forms = [replace(one, **change) for change in changes]
    return [replace(form, cap=min(form.cap, float(samples))) for form in forms]


def _calibrated(
    pool: Pool, one: Policy, knob: str | None, values: Sequence[float], risk: float, asked: Asked, reps: int,
    threads: int | None, config: dict[str, Any],
) -> Calibration:  # fmt: skip
    name = _knob(one, knob)
    forms = _forms(one, name, values, int(pool.sizes.max()))
    losses, spent, full = losses_of(pool, forms, asked, config["loss"], reps, threads)
    bounds = adjusted(losses, config["delta"])
    at = first_within(bounds, risk)
    frame = pl.DataFrame(
        {
            "policy": [form.written() for form in forms], "value": [float(getattr(form, name)) for form in forms],
            "loss": column_means(losses), "adjusted": bounds, "spent": spent, "saved": 1 - spent / full,
            "kept": bounds <= risk * (1 + 1e-12), "chosen": [i == at for i in range(len(forms))],
        }
    )  # fmt: skip
    return Calibration(frame, None if at is None else forms[at], name, pool.n_queries, full, config)


def losses_of(
    pool: Pool, forms: Sequence[Policy], asked: Asked, loss: str, reps: int, threads: int | None = None
) -> tuple[Floats, Floats, float]:
    """Loss of every query under every form of a rule, f8[Q, K]; what each form spends, f8[K]; what all samples cost."""
    half = Half(agreeing(pool, asked.selectors[0]) if loss == "disagree" else pool, asked)
    everything = half.price_of_all() * (1 + 1e-9)
    jobs = [Job(str(i), half.replay(form, [everything])) for i, form in enumerate(forms)]
    with executor_of("threads", available_cores() if threads is None else threads) as executor:
        tallies = replicate(jobs, reps, executor)
    right = np.column_stack(
        [means_by_query(job.replay, tally)[asked.metric][:, 0] for job, tally in zip(jobs, tallies, strict=True)]
    )
    spent = np.array([float(tally.spent.mean()) / pool.n_queries / asked.units for tally in tallies])
    if loss == "disagree":
        return 1 - right, spent, everything
    uniform = Job("all", half.replay(policy("uniform"), [everything]))
    all_right = means_by_query(uniform.replay, uniform.replay.run(0, 1))[asked.metric][:, 0]
    return all_right[:, None] * (1 - right), spent, everything


def agreeing(pool: Pool, select: str) -> Pool:
    """The pool in which a sample is correct where it has the answer that all samples of its query choose.

    Of answers that tie, one is theirs by the hash of the query's id. A query without any answer has nothing to disagree
    with: every sample of it agrees.
    """
    assert pool.answers is not None
    chosen = selector(select)
    column = chosen.column(None)
    weight = np.ones(pool.n_samples) if column is None else pool.score(column).astype(np.float64)
    agrees = np.zeros(pool.n_samples, np.uint8)
    for q in range(pool.n_queries):
        own = slice(int(pool.offsets[q]), int(pool.offsets[q + 1]))
        voting = pool.answers[own] >= 0
        if not voting.any():
            agrees[own] = 1
            continue
        answers, place = np.unique(pool.answers[own][voting], return_inverse=True)
        votes = np.bincount(place, weights=weight[own][voting])
        tied = answers[votes >= votes.max() * (1 - 1e-9)]
        drawn = int.from_bytes(
            hashlib.blake2b(pool.query_ids[q].encode(errors="surrogatepass"), digest_size=8).digest()
        )
        agrees[own] = pool.answers[own] == tied[drawn % len(tied)]
    return replace(pool, correct=agrees, manifest=None)


def _check(risk: float, loss: str, select: str, delta: float | None) -> None:
    if not 0 < risk < 1:
        raise InputError(f"risk: {risk:g} is no share; give one between 0 and 1, such as 0.05")
    if loss not in LOSSES:
        raise InputError(f"loss '{loss}': {among(loss, LOSSES)}")
    if loss == "disagree" and selector(select).name not in ("majority", "weighted"):
        raise InputError(f"loss 'disagree': is told of majority and weighted, not of {select}; use loss wrong")
    if delta is not None and not 0 < delta < 1:
        raise InputError(f"delta: {delta:g} is no probability; give one between 0 and 1, such as 0.1")


def _asked(pool: Pool, select: str, cost: str, prices: Any, seed: int) -> Asked:
    if pool.several:
        pool.alone("risk")
    selectors, column = check_selectors([select], pool)
    if cost not in PRICES:
        raise InputError(f"cost: '{cost}' is unknown; {among(cost, PRICES, 'use')}")
    return Asked(f"accuracy_{selectors[0]}", selectors, column, cost, rates_for(prices, cost), seed)
