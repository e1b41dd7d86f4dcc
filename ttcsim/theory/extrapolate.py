"""Coverage beyond the pool: laws of success rates fitted to its counts, tested against them, with intervals.

No pool says how rates below 1 / (its samples a query) are spread. So several laws are fitted (`rate_laws.AUTO`), those
that the counts reject are left out, and the limits are the outermost of the others (theory/theory.md has a table of how
often they cover). Beyond `FAR` times the draws the answer is the laws' and no longer the pool's, and is marked; beyond
`MOST` times none is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import scipy
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ttcsim.errors import InputError, among
from ttcsim.theory.rate_laws import AUTO, LAWS, Counts, RateLaw

_F = TypeVar("_F", bound=Callable[..., Any])


def _one_thread(function: _F) -> _F:
    """The function with one thread of BLAS: the products are so small that a second costs four times what it saves."""
    return cast(_F, threadpool_limits.wrap(limits=1, user_api="blas")(function))


FAMILIES = ("auto", *LAWS)
LEVEL = 0.01
"""A law is rejected below this p-value."""
_STEP = 1e-7  # of differences, in parameters of the order of one
FAR, MOST = 10, 100
"""Multiples of the pool's samples a query: beyond the first the limits are marked, beyond the second it refuses."""


@dataclass(frozen=True)
class Fit:
    """A fitted law of success rates."""

    law: RateLaw
    v: NDArray[np.float64]
    log_likelihood: float

    @property
    def parameters(self) -> dict[str, float]:
        """By name, as the law is written."""
        return dict(zip(self.law.parameters, map(float, self.law.read(self.v)), strict=True))

    def bic(self, queries: int) -> float:
        """Bayes' information criterion, for so many queries."""
        return float(len(self.v) * np.log(queries) - 2 * self.log_likelihood)

    def coverage(self, draws: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected share of queries solved within k draws, for every k."""
        return np.asarray(1.0 - self.law.missing(self.v, np.asarray(draws, np.float64)))


@_one_thread
def fit_rates(sizes: NDArray[np.int64], successes: NDArray[np.int64], family: str = "beta") -> Fit:
    """Maximum-likelihood law of the success rates behind the counts.

    Parameters
    ----------
    sizes, successes : i8[Q]
        Draws of each query, and how many succeeded. The number of draws must not depend on the outcomes.
    family : str
        One of `rate_laws.LAWS`: ``beta``, ``kumaraswamy``, ``scaled-beta`` on (0, c), ``logit-normal``, ``2beta``,
        ``2logit-normal``, and with ``zero+`` before it, a share of queries that are never solved.
    """
    if family not in LAWS:
        raise InputError(f"family '{family}' is unknown; {among(family, LAWS, 'use')}")
    counts = Counts.of(sizes, successes)
    return _fit(LAWS[family], counts, counts.members)


def _fit(law: RateLaw, counts: Counts, members: NDArray[np.float64], start: NDArray[np.float64] | None = None) -> Fit:
    """The likeliest parameters for so many queries of each kind, from one start or from all of the law's own."""
    low, high = np.array(law.box).T
    size = len(low)

    def loss(v: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Minus the log-likelihood and its gradient by differences: one call for all parameters' steps together."""
        steps = np.where(v + _STEP <= high, _STEP, -_STEP)
        points = np.repeat(v[:, None, None], size + 1, axis=1)
        points[np.arange(size), np.arange(1, size + 1), 0] += steps
        values = -(np.log(np.maximum(law.density(points, counts), 1e-300)) @ members)
        return float(values[0]), (values[1:] - values[0]) / steps

    found = [
        scipy.optimize.minimize(loss, np.clip(at, low, high), method="L-BFGS-B", bounds=law.box, jac=True)
        for at in ([start] if start is not None else law.starts)
    ]
    best = min(found, key=lambda r: float(r.fun))
    return Fit(law, np.asarray(best.x), -float(best.fun))


def fit_p_value(fit: Fit, sizes: NDArray[np.int64], successes: NDArray[np.int64], *, seed: int = 0) -> float:
    """How well counts agree with a law: the p-value of a chi-square test of their randomised probability transform.

    Every query is thinned to the fewest draws of any: the samples of a query are exchangeable, so x of n become a
    hypergeometric number of m, whose law the fit knows. The degrees of freedom are not reduced by the fitted
    parameters, so a true law is rejected less often than it says.
    """
    return _Thinned.of(sizes, successes, seed).p_value(fit)


class _Thinned(NamedTuple):
    """Counts with equal numbers of draws, as the test of fit looks at them whatever the law."""

    successes: NDArray[np.int64]  # i8[Q]
    every: Counts  # all that there can be
    places: NDArray[np.float64]  # f8[Q], where within its probability each count is placed

    @classmethod
    def of(cls, sizes: NDArray[np.int64], successes: NDArray[np.int64], seed: int) -> _Thinned:
        generator = np.random.default_rng([seed, 0x676F6F64])
        draws = int(sizes.min())
        thinned = generator.hypergeometric(successes, sizes - successes, draws)
        every = Counts.of(np.full(draws + 1, draws), np.arange(draws + 1))
        return cls(thinned, every, generator.random(len(sizes)))

    def p_value(self, fit: Fit) -> float:
        mass = fit.law.density(fit.v, self.every)
        below = np.concatenate([[0.0], np.cumsum(mass)])
        place = below[self.successes] + self.places * mass[self.successes]
        cells = int(np.clip(len(place) // 10, 2, 20))
        counted = np.bincount(np.clip(place * cells, 0, cells - 1).astype(np.int64), minlength=cells)
        expected = len(place) / cells
        return float(scipy.stats.chi2.sf(((counted - expected) ** 2).sum() / expected, cells - 1))


@dataclass(frozen=True)
class LawCurve:
    """What one law says of coverage."""

    fit: Fit
    p_value: float  # of the test of fit
    bic: float
    coverage: NDArray[np.float64]
    lo: NDArray[np.float64]  # 95 %, bootstrap over queries
    hi: NDArray[np.float64]
    limits: dict[str, tuple[float, float]]  # 95 % limits of the parameters

    @property
    def rejected(self) -> bool:
        """Whether the counts contradict it."""
        return self.p_value < LEVEL


@dataclass(frozen=True)
class Extrapolation:
    """Predicted coverage with 95 % limits, of all laws that the counts do not reject."""

    laws: tuple[LawCurve, ...]  # that were tried
    best: LawCurve  # lowest BIC of those that are not rejected; of all where every one is
    draws: NDArray[np.float64]
    coverage: NDArray[np.float64]  # of the best
    lo: NDArray[np.float64]  # outermost limits
    hi: NDArray[np.float64]
    far: NDArray[np.bool_]  # more than `FAR` times the draws that were made


@_one_thread
def extrapolate(
    sizes: NDArray[np.int64],
    successes: NDArray[np.int64],
    draws: NDArray[np.float64],
    family: str = "auto",
    *,
    resamples: int = 200,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Extrapolation:
    """Coverage at numbers of draws beyond those that were made, for these queries and others like them.

    Parameters
    ----------
    family : str
        ``auto``: all of `rate_laws.AUTO`; or the name of one law.

    Raises
    ------
    InputError
        For an unknown family, and for more than `MOST` times the draws of the query that has fewest.
    """
    if family not in FAMILIES:
        raise InputError(f"family '{family}' is unknown; {among(family, FAMILIES, 'use')}")
    points = np.asarray(draws, np.float64)
    made = int(sizes.min())
    if points.max() > MOST * made:
        raise InputError(
            f"{points.max():g} draws a query are more than {MOST} times the {made} that were made: no law fitted to "
            f"these can be trusted there; ask for at most {MOST * made}, or sample more"
        )
    counts = Counts.of(sizes, successes)
    thinned = _Thinned.of(sizes, successes, seed)
    chosen = AUTO if family == "auto" else (LAWS[family],)
    total = len(chosen) * (resamples + 1)
    curves = []
    for turn, law in enumerate(chosen):
        fit = _fit(law, counts, counts.members)
        # The same resamples for every law.
        generator = np.random.default_rng([seed, 0x65787472])
        again = []
        for done in range(resamples):
            progress(turn * (resamples + 1) + done, total)
            members = generator.multinomial(len(sizes), counts.members / counts.members.sum())
            again.append(_fit(law, counts, members.astype(np.float64), fit.v))
        lo, hi = np.quantile([one.coverage(points) for one in again], [0.025, 0.975], axis=0)
        spread = np.quantile([law.read(one.v) for one in again], [0.025, 0.975], axis=0).T
        limits = {name: (float(low), float(high)) for name, (low, high) in zip(law.parameters, spread, strict=True)}
        curves.append(LawCurve(fit, thinned.p_value(fit), fit.bic(len(sizes)), fit.coverage(points), lo, hi, limits))
    progress(total, total)
    kept = [curve for curve in curves if not curve.rejected] or curves
    best = min(kept, key=lambda curve: curve.bic)
    lo, hi = np.min([c.lo for c in kept], axis=0), np.max([c.hi for c in kept], axis=0)
    return Extrapolation(tuple(curves), best, points, best.coverage, lo, hi, points > FAR * made)
