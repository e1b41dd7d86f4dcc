"""Stop asking a query when a test tells its two leading answers apart."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from ttcsim.policies import rules
from ttcsim.policies.adaptive_consistency import leads_beta
from ttcsim.policies.base import Policy, Setup
from ttcsim.policies.parameters import Knobs, choice, number

P1 = 0.5001
"""The leader's share of the votes for the two, by the alternative of the sequential test."""
PRIOR = 1e6
"""Both parameters of the Beta law that the mixture test has of that share, cut off below one half."""
POWER = {"sprt": 0.000024, "msprt": 0.00006}
"""The power beyond `alpha` of the tests: both are tuned to be all but powerless, since they are asked so often."""

LogRatio = Callable[[int, int], float]


def _ratio_of_points(top: int, second: int) -> float:
    """Log-likelihood ratio of the share `P1` to one half."""
    return top * math.log(P1 / 0.5) + second * math.log((1 - P1) / 0.5)


def _ratio_of_mixture(top: int, second: int) -> float:
    """The same for a share from Beta(`PRIOR`, `PRIOR`) above one half."""
    a, b = PRIOR + top, PRIOR + second
    above = math.log(scipy.special.betainc(b, a, 0.5)) - math.log(0.5)
    return float(scipy.special.betaln(a, b) - scipy.special.betaln(PRIOR, PRIOR) + above + (top + second) * math.log(2))


@functools.cache
def limits(variant: str, alpha: float, most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For every number of votes of the runner-up: the leader's up to which, and from which on, the test stops.

    Each is f8[most // 2 + 1]; -1, and more than `most`, where it does not stop.
    """

    def different(top: int, second: int) -> bool:
        if variant == "binomial":
            return bool(scipy.stats.binom.sf(top - 1, top + second, 0.5) <= alpha)
        if variant == "beta":
            return bool(leads_beta(top, second) >= 1 - alpha)
        return ratio(top, second) >= upper

    ratio: LogRatio = _ratio_of_points if variant == "sprt" else _ratio_of_mixture
    upper, lower = math.inf, -math.inf
    if variant in POWER:
        power = alpha + POWER[variant]
        upper, lower = math.log(power / alpha), math.log((1 - power) / (1 - alpha))
    alike, apart = np.full(most // 2 + 1, -1.0), np.empty(most // 2 + 1)
    top = 1
    for second in range(most // 2 + 1):
        top = max(top, second)
        while top <= most and not different(top, second):
            top += 1
        apart[second] = top
        if variant in POWER:
            tied = [t for t in range(max(second, 1), min(top, most + 1)) if ratio(t, second) <= lower]
            alike[second] = max(tied, default=-1)
    return alike, apart


@dataclass(frozen=True)
class ConSol(Policy):
    """Rounds; a query leaves once a test of the votes for its two leading answers says that they differ.

    ConSol (Lee et al. 2025, arXiv 2503.17587; their code). ``variant=sprt``: Wald's sequential test of a share of one
    half against 0.5001; at `alpha` 0.05 it stops at a lead of three. ``variant=msprt``: against Beta(1e6, 1e6) above
    one half. ``variant=binomial``: one-sided p-value of at most `alpha`. ``variant=beta``: the Beta rule of
    `adaptive-consistency` at ``1 - alpha``. The sequential tests stop a query also when the two do not differ. Their
    cap is 256, and 40 with binomial and beta. A draw without an answer has no vote. No verifier is asked: read it with
    the selector `majority`.
    """

    variant: str = choice("sprt", "msprt", "binomial", "beta")
    alpha: float = number(0.05, "(0, 0.5)")
    cap: float = number(256, "[1, 10000]", whole=True)

    name: ClassVar[str] = "consol"
    source: ClassVar[str] = "ConSol 2025 (arXiv 2503.17587)"
    knobs: ClassVar[Knobs] = {"alpha": (0.3, 0.2, 0.1, 0.05, 0.02), "variant": ("sprt", "binomial")}
    warmup: ClassVar[int] = 0

    @rules.stop
    def stop(s, p, key):
        return s.top > 0 and (s.top >= p.apart[s.second] or s.top <= p.alike[s.second])

    def setup(self, total: int, queries: int) -> Setup:
        """The limits of the chosen test, in as many places as few lengths need."""
        tables = limits(self.variant, self.alpha, int(self.cap))
        room = rules.slots(len(tables[0]))
        alike, apart = (np.concatenate([table, np.zeros(room - len(table))]) for table in tables)
        return super().setup(total, queries)._replace(params={"alike": alike, "apart": apart})
