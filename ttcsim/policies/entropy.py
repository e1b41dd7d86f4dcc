"""Elimination that draws the query whose answers disagree most."""

import math
from dataclasses import dataclass
from typing import ClassVar

from ttcsim.policies import rules
from ttcsim.policies.family import Streamable
from ttcsim.policies.parameters import Knobs, number


@dataclass(frozen=True)
class Entropy(Streamable):
    """Largest ``empirical entropy of the answers (nats) + weight * sqrt(ln(t+1) / draws)`` among active queries.

    The exploration rule "ENTROPY" of Zuo & Zhu, arXiv 2506.12721, which they motivate by unsolvable queries giving
    badly formatted, little varied output; their exact formula is not known to us. Samples without an answer count
    as one more answer.
    """

    weight: float = number(1.0)

    name: ClassVar[str] = "entropy"
    source: ClassVar[str] = "Zuo & Zhu 2025"
    knobs: ClassVar[Knobs] = {"weight": (0.3, 1.0, 3.0)}

    @rules.score
    def score(s, p, key):
        return s.entropy

    @rules.score
    def bonus(s, p, key):
        return p.weight / math.sqrt(s.draws)
