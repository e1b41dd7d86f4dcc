"""G12: mean pass@k of a Beta(a, b) world = ``1 - B(a, b + k) / B(a, b)``, whose failures fall like ``k^-a``."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import scipy

from ttcsim.guarantees.decide import alike, exactly, on_average
from ttcsim.guarantees.plain import values
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim
from ttcsim.theory import pass_at_k

_NUMBER = r"\s*([0-9.]+(?:e[+-]?[0-9]+)?)\s*"
_BETA = re.compile(rf"beta\({_NUMBER},{_NUMBER}\)")


def _pass_at_k(a: float, b: float, k: float) -> float:
    return -float(np.expm1(scipy.special.betaln(a, b + k) - scipy.special.betaln(a, b)))


def _variance(a: float, b: float, size: int, k: int) -> float:
    """Variance of the pass@k of a query of the world, estimated from so many samples: their hits are Beta-binomial.

    The levels of a world are stratified, which makes the variance of the mean smaller still.
    """
    hits = np.arange(size + 1)
    chance = scipy.stats.betabinom.pmf(hits, size, a, b)
    solved = pass_at_k(np.full(size + 1, size), hits, k)
    return float(chance @ (solved - _pass_at_k(a, b, k)) ** 2)


def claims(study: Study) -> Iterator[Claim]:
    """Where the pool is such a world, by its name."""
    pairs = [(values.beta_pass_at_k(2, 3, k), _pass_at_k(2, 3, k)) for k in (1, 4, 16, 64)]
    yield alike("G12", "pass@1, 4, 16 and 64 under Beta(2, 3) = that of its moments, one by one", pairs)
    pool = study.pool
    match = _BETA.fullmatch(pool.name)
    if match is None:
        return
    a, b = float(match[1]), float(match[2])
    for k in (1, 4, 16, 64):
        if k > pool.sizes.min():
            continue
        each = pass_at_k(pool.sizes, pool.successes, k)
        sizes, members = np.unique(pool.sizes, return_counts=True)
        variance = sum(m * _variance(a, b, int(s), k) for s, m in zip(sizes, members, strict=True)) / pool.n_queries
        words = f"mean pass@{k} of the world = 1 - B(a, b+{k}) / B(a, b)"
        yield on_average("G12", words, _pass_at_k(a, b, k), each, step=1.0, variance=variance)
    far = 1e6
    slope = (scipy.special.betaln(a, b + 2 * far) - scipy.special.betaln(a, b + far)) / np.log(2)
    words = "failures of the world fall like k^-a: slope of log failure over log k at a million draws"
    # The next term of the expansion of ln B(a, b + k) is a (a + 2b - 1) / 2k.
    yield exactly("G12", words, -a, float(slope), 1e-4 + a * (a + 2 * b + 1) / far)
