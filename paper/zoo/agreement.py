"""UCB and GAP where the verifier alone would leave them elimination: agreement of the answers as their signal."""

import math
from dataclasses import dataclass

import ttcsim


@dataclass(frozen=True)
class AgreementUCB(ttcsim.Policy):
    """Largest ``share of the most frequent answer + weight * sqrt(2 ln(t+1) / draws)``: the index of UCB1."""

    weight: float = 1.0

    @ttcsim.score
    def score(s, p, key):
        return s.top / s.draws

    @ttcsim.score
    def bonus(s, p, key):
        return p.weight * math.sqrt(2.0 / s.draws)


@dataclass(frozen=True)
class AgreementGap(ttcsim.Policy):
    """Smallest gap between that share and gamma, less ``weight * sqrt(ln(t+1) / draws)``.

    At gamma = 1 the gap is smallest where agreement is largest: UCB's order, with another weight.
    """

    weight: float = 0.1

    @ttcsim.score
    def score(s, p, key):
        return -abs(p.gamma - s.top / s.draws)

    @ttcsim.score
    def bonus(s, p, key):
        return p.weight / math.sqrt(s.draws)
