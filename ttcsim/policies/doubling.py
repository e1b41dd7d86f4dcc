"""Stop asking a query when most answers agree, asked at 2, 4, 8 ... draws."""

from dataclasses import dataclass
from typing import ClassVar

from ttcsim.policies import rules
from ttcsim.policies.base import Policy
from ttcsim.policies.parameters import Knobs, number


@dataclass(frozen=True)
class Doubling(Policy):
    """Rounds; after 2, 4, 8 ... draws a query leaves if at least a `share` of its answers are the same.

    ``AdaptiveSelfConsistency`` of its_hub (Red Hat, July 2026), 75 % as in its code; `cap` is its budget, of which it
    sets none by default. As there, a draw without an answer counts in no share. No verifier is asked: read it with the
    selector `majority`.
    """

    share: float = number(0.75, "(0.5, 1]")

    name: ClassVar[str] = "doubling"
    source: ClassVar[str] = "its_hub, AdaptiveSelfConsistency"
    knobs: ClassVar[Knobs] = {"share": (0.55, 0.65, 0.75, 0.85, 0.95)}
    warmup: ClassVar[int] = 0

    @rules.stop
    def stop(s, p, key):
        doubled = s.draws >= 2 and s.draws & (s.draws - 1) == 0
        return doubled and s.answered > 0 and s.top / s.answered >= p.share
