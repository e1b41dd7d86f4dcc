"""A pool continued by what a fitted law says of the samples that were never drawn.

For policies that want more of a query than a pool has. Given its counts, a query's success rate has a posterior law
under the fitted law of rates; further samples are right at a rate drawn from that, and look in all else like a sample
of that outcome that the query has (or, where it has none, another query). What comes of it rests on the law, so
replays of such a pool are marked; theory/theory.md has a table of how much they err.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.pool import offsets_of
from ttcsim.theory.extrapolate import Fit, fit_rates

FAMILIES = ("beta", "zero+beta", "2beta", "zero+2beta")
"""Laws whose posterior is of their own kind; the one with the lowest BIC is taken."""


@dataclass(frozen=True)
class Mixture:
    """A share `zero` at rate 0, and Beta laws with weights."""

    zero: float
    weights: NDArray[np.float64]  # f8[C], of the rest
    a: NDArray[np.float64]  # f8[C]
    b: NDArray[np.float64]  # f8[C]

    @classmethod
    def of(cls, fit: Fit) -> Mixture:
        """The law of a fit of `FAMILIES`."""
        p = fit.parameters
        two = "w" in p
        weights = np.array([p["w"], 1 - p["w"]] if two else [1.0])
        a, b = (np.array([p[name], p[f"{name}2"]] if two else [p[name]]) for name in "ab")
        return cls(p.get("z", 0.0), weights, a, b)

    def rate(self, draws: int, successes: int, generator: np.random.Generator) -> float:
        """A success rate from the posterior after so many draws."""
        failures = draws - successes
        likelihood = np.exp(betaln(self.a + successes, self.b + failures) - betaln(self.a, self.b))
        shares = np.array([self.zero * (successes == 0), *((1 - self.zero) * self.weights * likelihood)])
        chosen = int(generator.choice(len(shares), p=shares / shares.sum()))
        if chosen == 0:
            return 0.0
        return float(generator.beta(self.a[chosen - 1] + successes, self.b[chosen - 1] + failures))


def fit_mixture(pool: Pool) -> Fit:
    """The law of `FAMILIES` with the lowest BIC."""
    fits = [fit_rates(pool.sizes, pool.successes, family) for family in FAMILIES]
    return min(fits, key=lambda fit: fit.bic(pool.n_queries))


def continued(pool: Pool, samples: int, *, seed: int = 0) -> Pool:
    """The pool with so many samples of each query: its own, and beyond them those of a fitted law.

    Parameters
    ----------
    samples : int
        Samples of each query; queries that have as many stay as they are.

    Raises
    ------
    InputError
        Where no query would get more, or the pool was continued already.
    """
    pool.alone("continue")
    if pool.manifest and "continued" in pool.manifest:
        raise InputError(f"pool {pool.name}: was continued already; continue the pool that it came from")
    if samples <= pool.sizes.min():
        raise InputError(
            f"pool {pool.name}: every query has {pool.sizes.min()} samples or more; ask for more than that"
        )
    fit = fit_mixture(pool)
    law = Mixture.of(fit)
    generator = np.random.default_rng([seed, 0x7461696C])
    by_outcome = [np.flatnonzero(pool.correct == outcome) for outcome in (0, 1)]
    donors, strange = [], []
    for start, size, successes in zip(pool.offsets[:-1], pool.sizes, pool.successes, strict=True):
        own = np.arange(start, start + size)
        rate = law.rate(int(size), int(successes), generator)
        right = generator.random(max(0, samples - int(size))) < rate
        more = np.empty(len(right), np.int64)
        alien = np.zeros(len(right), bool)
        for outcome in (0, 1):
            wanted = right == outcome
            mine = own[pool.correct[own] == outcome]
            among = mine if len(mine) else by_outcome[outcome]
            if wanted.any() and not len(among):  # no query of the pool was ever right, or wrong
                right[wanted], among = 1 - outcome, own
            more[wanted] = generator.choice(among, int(wanted.sum())) if wanted.any() else 0
            alien[wanted] = len(mine) == 0
        donors.append(np.concatenate([own, more]))
        strange.append(np.concatenate([np.zeros(size, bool), alien]))
    return _taken(
        pool, np.concatenate(donors), np.concatenate(strange), offsets_of([len(d) for d in donors]), fit, seed
    )


def _taken(
    pool: Pool, donor: NDArray[np.int64], strange: NDArray[np.bool_], offsets: NDArray[np.int64], fit: Fit, seed: int
) -> Pool:
    """The samples `donor` of a pool; `strange` ones are from another query, whose answer means nothing here."""
    columns = pool.samples(donor)
    labels = pool.answer_labels
    if pool.answers is not None:
        answers = columns["answers"]
        # One answer more, right where it is right: strangers of a query agree with each other and with nobody else.
        answers[strange & (answers >= 0)] = len(labels)
        labels = (*labels, "(continued)")
    facts = {"from": pool.name, "hash": pool.hash, "own": [int(pool.sizes.min()), int(pool.sizes.max())], "seed": seed}
    return replace(
        pool, offsets=offsets, answer_labels=labels, revisions=None,
        manifest={**(pool.manifest or {}), "continued": {**facts, "law": {"family": fit.law.name, **fit.parameters}}},
        **{**columns, "chain": None, "step": None},
    )  # fmt: skip
