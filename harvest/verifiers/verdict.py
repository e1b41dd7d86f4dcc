"""What verification says of a response."""

from __future__ import annotations

from typing import NamedTuple


class Verdict(NamedTuple):
    """Whether a response is right, and the answer it gives."""

    right: bool
    answer: str | None = None  # what it votes for; None: it gives none
    reason: str | None = None  # why it could not be judged by comparison, in few fixed words: "timeout", "memory", ...
