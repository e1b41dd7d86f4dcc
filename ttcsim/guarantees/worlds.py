"""G12: coverage of a Beta world in closed form."""

from __future__ import annotations

import re

import numpy as np
from scipy import special, stats

from ttcsim.guarantees.verdict import ALPHA, Verdict
from ttcsim.pool import Pool
from ttcsim.theory import pass_at_k

_BETA = re.compile(r"beta\(\s*([0-9.]+)\s*,\s*([0-9.]+)\s*\)")


def beta_world(pool: Pool) -> list[Verdict]:
    """G12: mean pass@k of a Beta(a, b) world = ``1 - B(a, b + k) / B(a, b)``, whose failures fall like ``k^-a``."""
    match = _BETA.fullmatch(pool.name)
    if match is None:
        return []
    a, b = float(match[1]), float(match[2])
    rows = []
    for k in (1, 4, 16, 64):
        if k > pool.sizes.min():
            continue
        exact = -float(np.expm1(special.betaln(a, b + k) - special.betaln(a, b)))
        values = pass_at_k(pool.sizes, pool.successes, k)
        se = float(values.std(ddof=1)) / np.sqrt(pool.n_queries)
        allowed = float(stats.norm.isf(ALPHA / 2)) * se
        mean = float(values.mean())
        holds = bool(abs(mean - exact) <= allowed)
        words = f"mean pass@{k} of the world = 1 - B(a, b+{k}) / B(a, b)"
        rows.append(Verdict("G12", words, exact, mean, exact - allowed, exact + allowed, None, holds))
    far = 1e6
    slope = (special.betaln(a, b + 2 * far) - special.betaln(a, b + far)) / np.log(2)
    words = "failures of the world fall like k^-a: slope of log failure over log k at a million draws"
    rows.append(Verdict("G12", words, -a, float(slope), -a - 1e-4, -a + 1e-4, None, bool(abs(slope + a) < 1e-4)))
    return rows
