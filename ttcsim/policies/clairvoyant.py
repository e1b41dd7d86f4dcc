"""The oracle that knows rates: an upper bound, never a baseline."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ttcsim.policies import rules
from ttcsim.policies.base import Policy


@dataclass(frozen=True, kw_only=True)
class Clairvoyant(Policy):
    """Knows every success rate, not the outcomes: draws the unsolved query with the highest rate.

    With constant rates (bootstrap replay) and one price no policy that sees only the past has a higher expected
    coverage. It stops when only queries with rate 0 are left. Of several sources it knows the mean prices too, and
    draws from the unit with the highest rate per unit of price (theory.md, G18, says when that is best).
    """

    name: ClassVar[str] = "clairvoyant"
    source: ClassVar[str] = "oracle: known rates"
    oracle: ClassVar[str] = "rates"
    warmup: ClassVar[int] = 0
    chooses_sources: ClassVar[bool] = True

    @rules.score
    def score(s, p, key):
        return s.rate / s.price if s.rate > 0 else -np.inf
