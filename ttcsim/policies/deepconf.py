"""Stop asking a query when the answers that its sure samples give agree."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.policies import rules
from ttcsim.policies.base import Policy
from ttcsim.policies.parameters import Knobs, number


@dataclass(frozen=True)
class DeepConf(Policy):
    """Rounds; from `min` draws on a query leaves once one answer has a `share` of the confidence of all answers.

    The stopping rule of DeepConf's online form (arXiv 2508.15260), 16 draws, 95 % and at most 256 as told of the paper
    (a note: it is not in the code that we read). That form also cuts a sample off when its confidence falls below a
    percentile of the first 16, which a pool of finished samples cannot show: here each is paid and votes in full. With
    ``min=2`` it is adaptive-consistency's confidence form in the code of Self-Calibration (CaTS). Any column that is
    not negative can be the weight (``signal=confidence_tail``, ``signal=reward``). No verifier is asked: read it with
    the selector `weighted(by=confidence)`.
    """

    share: float = number(0.95, "(0, 1]")
    min: int = number(16, "[1, inf)")
    signal: str = "confidence"
    cap: float = number(256, "[1, inf]", whole=True)

    name: ClassVar[str] = "deepconf"
    source: ClassVar[str] = "DeepConf online: arXiv 2508.15260"
    knobs: ClassVar[Knobs] = {"share": (0.6, 0.7, 0.8, 0.9, 0.95), "min": (2, 4, 8, 16)}
    warmup: ClassVar[int] = 0
    signal_within: ClassVar[str] = "[0, inf)"

    @rules.stop
    def stop(s, p, key):
        weighed = s.draws >= p.min and s.answered_signal > 0.0
        return weighed and s.top_signal >= p.share * s.answered_signal
