"""How fast a server is asked: at most so many requests and tokens a minute, and not before it wants to be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Allowance:
    """So much a minute, evenly: what is saved up is a second's worth, and what is overdrawn is waited for.

    Parameters
    ----------
    per_minute : float, optional
        None: as much as one likes.
    """

    def __init__(self, per_minute: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = None if per_minute is None else per_minute / 60
        self._clock = clock
        self._left, self._seen = self._rate or 0.0, clock()

    def wait(self) -> float:
        """Seconds until something may be taken."""
        if self._rate is None:
            return 0.0
        now = self._clock()
        self._left = min(self._rate, self._left + (now - self._seen) * self._rate)
        self._seen = now
        return max(0.0, -self._left / self._rate)

    def take(self, amount: float) -> None:
        """Take something, or give it back where it is less than 0."""
        self._left -= amount


class Pace:
    """When the next request may be sent.

    How many tokens a request will take is known afterwards; until then it counts as the mean of those before it.
    """

    def __init__(
        self, requests: float | None, tokens: float | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._requests, self._tokens = Allowance(requests, clock), Allowance(tokens, clock)
        self._until = 0.0
        self._answers, self._taken = 0, 0

    @property
    def _mean(self) -> float:
        return self._taken / self._answers if self._answers else 0.0

    async def turn(self) -> float:
        """Wait until a request may be sent; the tokens that are set aside for it."""
        while True:
            wait = max(self._until - self._clock(), self._requests.wait(), self._tokens.wait())
            if wait <= 0:
                break
            await asyncio.sleep(wait)
        aside = self._mean
        self._requests.take(1)
        self._tokens.take(aside)
        return aside

    def took(self, tokens: int, aside: float) -> None:
        """What a request took, for which so much was set aside."""
        if tokens:
            self._answers, self._taken = self._answers + 1, self._taken + tokens
        self._tokens.take(tokens - aside)

    def pause(self, seconds: float) -> None:
        """Send nothing for so long."""
        self._until = max(self._until, self._clock() + seconds)
