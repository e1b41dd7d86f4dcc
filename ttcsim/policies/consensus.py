"""Elimination by agreement of the answers, without a verifier."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.policies import rules
from ttcsim.policies.family import Streamable
from ttcsim.policies.parameters import Knobs, number


@dataclass(frozen=True)
class Consensus(Streamable):
    """Rounds; a query leaves once more than `share` of at least `min` draws agree on one answer.

    The self-consistency form of elimination in Zuo & Zhu, arXiv 2506.12721 (their example is 50 %). A draw without
    an answer agrees with nothing.
    """

    share: float = number(0.5, "[0, 1]")
    min: float = number(3, "[1, inf)")

    name: ClassVar[str] = "consensus"
    source: ClassVar[str] = "Zuo & Zhu 2025, self-consistency"
    knobs: ClassVar[Knobs] = {"share": (0.3, 0.5, 0.6, 0.7, 0.8, 0.9), "min": (2, 3, 5)}
    warmup: ClassVar[int] = 0

    @rules.stop
    def stop(s, p, key):
        return s.draws >= p.min and s.top > p.share * s.draws
