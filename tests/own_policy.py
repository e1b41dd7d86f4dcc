"""A policy as a user would write one into a file of one's own."""

THRIFTY = """
from dataclasses import dataclass
import ttcsim

@dataclass(frozen=True)
class Thrifty(ttcsim.Policy):
    weight: float = 1.0

    @ttcsim.score
    def score(s, p, key):
        return -p.weight * s.draws
"""
OTHER_WAY = THRIFTY.replace("-p.weight", "+p.weight")
"""As long a text of another policy."""
OF_TOKENS = THRIFTY.replace("s.draws", "s.tokens")
"""One that reads a column."""
