"""Elimination by agreement of the answers, without a verifier."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.policies.family import Streamable
from ttcsim.policies.rules import QueryStats, Rule, stop


@stop
def _agreement(s: QueryStats, p: NDArray[np.float64], key: int) -> bool:
    return s.draws >= p[1] and s.top > p[0] * s.draws


@dataclass(frozen=True)
class Consensus(Streamable):
    """Rounds; a query leaves once more than `share` of at least `min` draws agree on one answer.

    The self-consistency form of elimination in Zuo & Zhu, arXiv 2506.12721 (their example is 50 %). A draw without
    an answer agrees with nothing.
    """

    share: float = 0.5
    min: float = 3

    name: ClassVar[str] = "consensus"
    source: ClassVar[str] = "Zuo & Zhu 2025, self-consistency"
    needs: ClassVar[tuple[str, ...]] = ("answer",)
    stop: ClassVar[Rule] = _agreement
    warmup: ClassVar[int] = 0

    def __post_init__(self) -> None:
        """Check `share` and `min`."""
        super().__post_init__()
        if not 0 <= self.share <= 1:
            raise InputError(f"policy consensus: share={self.share!r} must lie in [0, 1]")
        if self.min < 1:
            raise InputError(f"policy consensus: min={self.min!r} must be 1 draw or more")
