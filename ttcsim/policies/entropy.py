"""Elimination that draws the query whose answers disagree most."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.policies.family import Streamable
from ttcsim.policies.rules import QueryStats, Rule, score


@score
def _entropy(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    return s.entropy


@score
def _width(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    return p[0] / math.sqrt(s.draws)


@dataclass(frozen=True)
class Entropy(Streamable):
    """Largest ``empirical entropy of the answers (nats) + weight * sqrt(ln(t+1) / draws)`` among active queries.

    The exploration rule "ENTROPY" of Zuo & Zhu, arXiv 2506.12721, which they motivate by unsolvable queries giving
    badly formatted, little varied output; their exact formula is not known to us. Samples without an answer count
    as one more answer.
    """

    weight: float = 1.0

    name: ClassVar[str] = "entropy"
    source: ClassVar[str] = "Zuo & Zhu 2025"
    needs: ClassVar[tuple[str, ...]] = ("answer",)
    score: ClassVar[Rule | None] = _entropy
    bonus: ClassVar[Rule] = _width
    depends: ClassVar[str] = "own draws"
