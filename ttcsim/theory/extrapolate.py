"""Coverage beyond the pool: laws of success rates fitted to counts, with intervals.

The laws of Schaeffer et al., "How Do Large Language Monkeys Get Their Power (Laws)?" (arXiv 2502.17578): Beta,
Kumaraswamy and Beta scaled to (0, c). Failure after k draws is ``E (1-p)^k``; where the density behaves like
``p^(a-1)`` near 0 it falls like ``k^-a``, so the shape a is the exponent of the power law.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import gammaln

from ttcsim.errors import InputError

FAMILIES = ("beta", "kumaraswamy", "scaled-beta")
_EDGES = np.concatenate([[0.0], np.geomspace(1e-12, 1.0, 6001)])
_POINTS = np.sqrt(np.maximum(_EDGES[:-1], 1e-13) * _EDGES[1:])
_LOG, _LOG1M = np.log(_POINTS), np.log1p(-np.minimum(_POINTS, 1 - 1e-9))


@dataclass(frozen=True)
class Fit:
    """A fitted law of success rates."""

    family: str
    a: float  # shape near 0: the exponent of the power law
    b: float
    c: float  # largest rate; 1 for the unscaled families
    log_likelihood: float

    def masses(self) -> NDArray[np.float64]:
        """Probability of each cell of the grid of rates."""
        x = np.minimum(_EDGES / self.c, 1.0)
        if self.family == "kumaraswamy":
            with np.errstate(divide="ignore"):
                cdf = -np.expm1(self.b * np.log1p(-np.minimum(x**self.a, 1.0)))
            cdf[x >= 1] = 1.0
        else:
            cdf = stats.beta.cdf(x, self.a, self.b)
        return np.asarray(np.diff(cdf))

    def coverage(self, draws: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected share of queries solved within k draws, for every k."""
        k = np.asarray(draws, np.float64)
        return np.asarray(1.0 - np.exp(k[:, None] * _LOG1M[None, :]) @ self.masses())


def _likelihoods(sizes: NDArray[np.int64], successes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Binomial likelihood of each query at each rate of the grid, f8[Q, cells]."""
    n, x = (np.asarray(v, np.float64)[:, None] for v in (sizes, successes))
    log = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1) + x * _LOG + (n - x) * _LOG1M
    return np.asarray(np.exp(log), np.float64)


def fit_rates(sizes: NDArray[np.int64], successes: NDArray[np.int64], family: str = "beta") -> Fit:
    """Maximum-likelihood law of the success rates behind the counts.

    Parameters
    ----------
    sizes, successes : i8[Q]
        Draws of each query, and how many succeeded. The number of draws must not depend on the outcomes.
    family : {"beta", "kumaraswamy", "scaled-beta"}
        Law on (0, 1); the last one on (0, c) with c fitted too.
    """
    if family not in FAMILIES:
        raise InputError(f"family '{family}' is unknown; use {', '.join(FAMILIES)}")
    kinds, members = np.unique(np.stack([sizes, successes]), axis=1, return_counts=True)
    return _fit(_likelihoods(kinds[0], kinds[1]), members.astype(np.float64), kinds, family)


def _fit(
    likelihoods: NDArray[np.float64],
    members: NDArray[np.float64],
    kinds: NDArray[np.int64],
    family: str,
    start: Fit | None = None,
) -> Fit:
    scaled = family == "scaled-beta"

    def law(v: NDArray[np.float64], log_likelihood: float = 0.0) -> Fit:
        c = 1.0 / (1.0 + np.exp(-v[2])) if scaled else 1.0
        return Fit(family, float(np.exp(v[0])), float(np.exp(v[1])), float(c), log_likelihood)

    def loss(v: NDArray[np.float64]) -> float:
        if np.abs(v[:2]).max() > 8 or (scaled and abs(v[2]) > 12):
            return 1e12
        density = likelihoods @ law(v).masses()
        return -float(members @ np.log(np.maximum(density, 1e-300)))

    top = min(max(float((kinds[1] / kinds[0]).max()), 1e-3), 1 - 1e-3)
    guesses, options = [(0.5, 2.0, top), (0.2, 10.0, top)], {"xatol": 1e-5, "fatol": 1e-7}
    if start is not None:
        guesses, options = [(start.a, start.b, start.c)], {"xatol": 1e-3, "fatol": 1e-3, "maxiter": 120}
    starts = [[np.log(a), np.log(b), *([np.log(c / (1.0 - c))] if scaled else [])] for a, b, c in guesses]
    found = [optimize.minimize(loss, np.array(v), method="Nelder-Mead", options=options) for v in starts]
    best = min(found, key=lambda r: r.fun)
    return law(best.x, -float(best.fun))


@dataclass(frozen=True)
class Extrapolation:
    """Predicted coverage with 95 % limits from the bootstrap over queries."""

    fit: Fit
    draws: NDArray[np.float64]
    coverage: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    exponent: tuple[float, float, float]  # a, and its limits


def extrapolate(
    sizes: NDArray[np.int64],
    successes: NDArray[np.int64],
    draws: NDArray[np.float64],
    family: str = "beta",
    *,
    resamples: int = 200,
    seed: int = 0,
) -> Extrapolation:
    """Coverage at numbers of draws beyond those that were made, for these queries and others like them."""
    kinds, members = np.unique(np.stack([sizes, successes]), axis=1, return_counts=True)
    likelihoods = _likelihoods(kinds[0], kinds[1])
    fit = fit_rates(sizes, successes, family)
    generator = np.random.default_rng([seed, 0x65787472])
    curves, exponents = [], []
    for _ in range(resamples):
        again = generator.multinomial(len(sizes), members / members.sum()).astype(np.float64)
        one = _fit(likelihoods, again, kinds, family, fit)
        curves.append(one.coverage(draws))
        exponents.append(one.a)
    (lo, hi), (low, high) = (np.quantile(x, [0.025, 0.975], axis=0) for x in (curves, exponents))
    points = np.asarray(draws, np.float64)
    return Extrapolation(fit, points, fit.coverage(points), lo, hi, (fit.a, float(low), float(high)))
