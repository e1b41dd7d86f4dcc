"""What the policies of Zuo & Zhu share: each also has a streaming form."""

from __future__ import annotations

from dataclasses import dataclass

from ttcsim.policies.base import Policy


@dataclass(frozen=True, kw_only=True)
class Streamable(Policy):
    """A policy that can also serve queries that come one at a time.

    Parameters
    ----------
    stream : bool
        Queries come one at a time, in random order. Each brings its share of the budget, and may spend that and all
        that earlier ones left over, up to `cap`; then the next one comes, for good. Only one query is in sight, so
        rules that choose between queries choose nothing, and what is left of a policy is when it stops. How much a
        query may spend depends on the budget, so every budget is a replay of its own.
    """

    stream: bool = False

    def streamed(self) -> bool:
        """Whether queries come one at a time."""
        return self.stream
