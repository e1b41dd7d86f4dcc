"""G12: mean pass@k of a Beta(a, b) world = ``1 - B(a, b + k) / B(a, b)``, whose failures fall like ``k^-a``."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from scipy import special, stats

from ttcsim.guarantees.decide import ALPHA, exactly
from ttcsim.guarantees.study import Study
from ttcsim.statistics.claim import Claim
from ttcsim.theory import pass_at_k

_BETA = re.compile(r"beta\(\s*([0-9.]+)\s*,\s*([0-9.]+)\s*\)")


def claims(study: Study) -> Iterator[Claim]:
    """Where the pool is such a world, by its name."""
    pool = study.pool
    match = _BETA.fullmatch(pool.name)
    if match is None:
        return
    a, b = float(match[1]), float(match[2])
    for k in (1, 4, 16, 64):
        if k > pool.sizes.min():
            continue
        exact = -float(np.expm1(special.betaln(a, b + k) - special.betaln(a, b)))
        values = pass_at_k(pool.sizes, pool.successes, k)
        allowed = float(stats.norm.isf(ALPHA / 2)) * float(values.std(ddof=1)) / np.sqrt(pool.n_queries)
        words = f"mean pass@{k} of the world = 1 - B(a, b+{k}) / B(a, b)"
        yield exactly("G12", words, exact, float(values.mean()), allowed)
    far = 1e6
    slope = (special.betaln(a, b + 2 * far) - special.betaln(a, b + far)) / np.log(2)
    words = "failures of the world fall like k^-a: slope of log failure over log k at a million draws"
    yield exactly("G12", words, -a, float(slope), 1e-4)
