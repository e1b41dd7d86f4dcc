"""Laws of success rates that can be fitted to counts: four shapes, their mixtures, and a share that is never solved.

Beta, Kumaraswamy and Beta scaled to (0, c) are those of Schaeffer et al., "How Do Large Language Monkeys Get Their
Power (Laws)?" (arXiv 2502.17578): failure after k draws is ``E (1-p)^k``, and where the density behaves like
``p^(a-1)`` near 0 it falls like ``k^-a``. The log-odds of the logit-normal law are normal, so it has hardly any mass
near 0. A prefix ``zero+`` adds a share z of queries that no number of draws solves; ``2`` mixes two laws of one shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln, expit, gammaln, logit, ndtr

Floats = NDArray[np.float64]


def _cells(most: float) -> Floats:
    """Edges of cells of rates on [0, 1], a third as wide as the likelihood of `most` draws, and logarithmic below."""
    low = np.concatenate([[0.0], np.geomspace(1e-12, 1e-1, 241)])
    bend = np.arcsin(np.sqrt(1e-3))
    steps = int(np.ceil((np.pi / 2 - bend) * 2 * np.sqrt(most) * 3))
    high = np.sin(np.linspace(bend, np.pi / 2, max(steps, 30) + 1)) ** 2
    edges = np.unique(np.concatenate([low, high]))
    edges[-1] = 1.0
    return edges


def _centres(edges: Floats) -> Floats:
    return np.minimum(np.sqrt(np.maximum(edges[:-1], 1e-13) * edges[1:]), 1 - 1e-12)


_EDGES = _cells(10_000)
_LOG_MISS = np.log1p(-_centres(_EDGES))


@dataclass(frozen=True)
class Counts:
    """Counts of a pool, equal ones together, with what laws need of them."""

    draws: Floats  # f8[kinds]
    successes: Floats  # f8[kinds]
    members: Floats  # f8[kinds], how many queries are of that kind

    @classmethod
    def of(cls, sizes: NDArray[np.int64], successes: NDArray[np.int64]) -> Counts:
        """Those of n[Q] draws with x[Q] successes."""
        kinds, members = np.unique(np.stack([sizes, successes]), axis=1, return_counts=True)
        draws, right = kinds.astype(np.float64)
        return cls(draws, right, members.astype(np.float64))

    @cached_property
    def choose(self) -> Floats:
        """Log binomial coefficients, f8[kinds]."""
        n, x = self.draws, self.successes
        return np.asarray(gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1))

    @cached_property
    def edges(self) -> Floats:
        """Edges of the cells of rates, f8[cells + 1]."""
        return _cells(float(self.draws.max()))

    @cached_property
    def likelihood(self) -> Floats:
        """Probability of each kind at the rate of each cell, f8[kinds, cells]; only laws on cells need it."""
        n, x, p = self.draws[:, None], self.successes[:, None], _centres(self.edges)
        return np.asarray(np.exp(self.choose[:, None] + x * np.log(p) + (n - x) * np.log1p(-p)))


@dataclass(frozen=True)
class RateLaw:
    """A family of laws; a parameter vector v is unbounded in spirit, and boxed so that a search cannot run away."""

    name: str
    parameters: tuple[str, ...]
    box: tuple[tuple[float, float], ...]
    starts: tuple[tuple[float, ...], ...]  # of a search
    read: Callable[[Floats], Floats]  # the parameters as people know them
    density: Callable[[Floats, Counts], Floats]  # probability of each kind of counts, of v[d] or of v[d, m, 1]
    missing: Callable[[Floats, Floats], Floats]  # share of queries unsolved after k draws, for every k
    power: bool = False  # whether failure falls like k^-a


def _beta_density(v: Floats, counts: Counts) -> Floats:
    a, b = np.exp(v)
    successes, failures = counts.successes, counts.draws - counts.successes
    return np.asarray(np.exp(counts.choose + betaln(successes + a, failures + b) - betaln(a, b)))


def _beta_missing(v: Floats, k: Floats) -> Floats:
    a, b = np.exp(v)
    return np.asarray(np.exp(betaln(a, b + k) - betaln(a, b)))


def _on_cells(
    name: str,
    parameters: tuple[str, ...],
    box: tuple[tuple[float, float], ...],
    starts: tuple[tuple[float, ...], ...],
    read: Callable[[Floats], Floats],
    below: Callable[[Floats, Floats], Floats],
    power: bool,
) -> RateLaw:
    """A law known by its distribution function `below`, (v, rates) -> probabilities."""

    def density(v: Floats, counts: Counts) -> Floats:
        return np.asarray(np.diff(below(v, counts.edges)) @ counts.likelihood.T)

    def missing(v: Floats, k: Floats) -> Floats:
        return np.asarray(np.exp(k[:, None] * _LOG_MISS) @ np.diff(below(v, _EDGES)))

    return RateLaw(name, parameters, box, starts, read, density, missing, power)


def _kumaraswamy_below(v: Floats, p: Floats) -> Floats:
    a, b = np.exp(v)
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(b * np.log1p(-(p**a))))


def _scaled_below(v: Floats, p: Floats) -> Floats:
    return np.asarray(betainc(np.exp(v[0]), np.exp(v[1]), np.minimum(p / expit(v[2]), 1.0)))


def _logit_normal_below(v: Floats, p: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(ndtr((logit(p) - v[0]) / np.exp(v[1])))


_SHAPE = (-8.0, 8.0)
_SHARE = (-9.0, 9.0)
_BETA = RateLaw(
    "beta", ("a", "b"), (_SHAPE, _SHAPE), ((-0.7, 0.7), (-1.6, 2.3), (0.0, 0.0)), np.exp, _beta_density, _beta_missing,
    power=True,
)  # fmt: skip
_KUMARASWAMY = _on_cells(
    "kumaraswamy", ("a", "b"), (_SHAPE, _SHAPE), _BETA.starts, np.exp, _kumaraswamy_below, power=True
)
_SCALED = _on_cells(
    "scaled-beta", ("a", "b", "c"), (_SHAPE, _SHAPE, _SHARE), tuple((*s, 2.0) for s in _BETA.starts),
    lambda v: np.array([*np.exp(v[:2]), expit(v[2])]), _scaled_below, power=True,
)  # fmt: skip
_LOGIT_NORMAL = _on_cells(
    "logit-normal", ("mu", "sigma"), ((-20.0, 20.0), (-3.0, 3.0)), ((-2.0, 0.7), (0.0, 0.5), (-5.0, 1.0)),
    lambda v: np.array([v[0], np.exp(v[1])]), _logit_normal_below, power=False,
)  # fmt: skip


def _zero(law: RateLaw) -> RateLaw:
    """The law and a share z of queries that are never solved."""

    def density(v: Floats, counts: Counts) -> Floats:
        z = expit(v[0])
        return np.asarray(z * (counts.successes == 0) + (1 - z) * law.density(v[1:], counts))

    def missing(v: Floats, k: Floats) -> Floats:
        z = expit(v[0])
        return np.asarray(z + (1 - z) * law.missing(v[1:], k))

    def read(v: Floats) -> Floats:
        return np.array([expit(v[0]), *law.read(v[1:])])

    starts = tuple((-2.0, *s) for s in law.starts)
    return RateLaw(f"zero+{law.name}", ("z", *law.parameters), (_SHARE, *law.box), starts, read, density, missing)


def _two(law: RateLaw, starts: tuple[tuple[float, ...], ...]) -> RateLaw:
    """A share w of queries from the law with its first parameters, the others with its second."""
    size = len(law.parameters)

    def mixed(v: Floats, of: Callable[[Floats], Floats]) -> Floats:
        w = expit(v[-1])
        return np.asarray(w * of(v[:size]) + (1 - w) * of(v[size:-1]))

    def density(v: Floats, counts: Counts) -> Floats:
        return mixed(v, lambda part: law.density(part, counts))

    def missing(v: Floats, k: Floats) -> Floats:
        return mixed(v, lambda part: law.missing(part, k))

    def read(v: Floats) -> Floats:
        return np.array([*law.read(v[:size]), *law.read(v[size:-1]), expit(v[-1])])

    names = (*law.parameters, *(f"{p}2" for p in law.parameters), "w")
    box = (*law.box, *law.box, _SHARE)
    return RateLaw(f"2{law.name}", names, box, starts, read, density, missing)


_TWO_BETAS = _two(_BETA, ((0.0, 1.0, 1.0, 0.0, 0.0), (-0.7, 2.0, 1.5, 0.0, 0.0), (1.0, 4.0, 2.0, 0.0, 0.0)))
_TWO_NORMALS = _two(_LOGIT_NORMAL, ((-3.0, 0.0, 2.0, 0.0, 0.0), (-4.0, 0.5, 0.0, 0.5, 0.0)))

AUTO = (
    _BETA, _zero(_BETA), _LOGIT_NORMAL, _zero(_LOGIT_NORMAL), _TWO_BETAS, _zero(_TWO_BETAS), _TWO_NORMALS,
)  # fmt: skip
"""Laws that bend differently near 0, where no pool tells them apart: what all of them say is what can be said."""
LAWS = {law.name: law for law in (*AUTO, _KUMARASWAMY, _SCALED, _zero(_KUMARASWAMY), _zero(_SCALED))}
