"""Limits on requests and tokens a minute, on a clock of the test's own."""

import asyncio
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from harvest.endpoint.pace import Pace
from tests.harvest.endpoint.asked import REQUESTS
from tests.harvest.endpoint.served import Served


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only where somebody sleeps."""
    now = [100.0]

    async def sleep(seconds):
        now[0] += seconds

    monkeypatch.setattr("harvest.endpoint.pace.asyncio.sleep", sleep)
    return lambda: now[0]


def sent(pace, clock, number, tokens=0):
    """When so many requests are sent, each of which takes tokens."""
    times = []

    async def ask():
        for _ in range(number):
            aside = await pace.turn()
            times.append(clock())
            pace.took(tokens, aside)

    asyncio.run(ask())
    return [time - 100 for time in times]


def test_requests_a_minute(clock):
    times = sent(Pace(30, None, clock), clock, 16)
    assert times[-1] - times[1] == pytest.approx(14 * 2)  # one at once, since a second's worth is less than one
    for at in times:
        assert sum(at <= other < at + 60 for other in times) <= 31


def test_tokens_a_minute_are_those_that_were_used(clock):
    """6,000 a minute and 500 a request: one every five seconds, whatever is not known beforehand."""
    times = sent(Pace(None, 6000, clock), clock, 20, tokens=500)
    gaps = [b - a for a, b in pairwise(times[2:])]
    assert gaps == pytest.approx([5.0] * 17)


def test_requests_under_way_are_set_aside(clock):
    """What they will take is not known yet: the mean of those before."""
    pace, times = Pace(None, 6000, clock), []

    async def ask():
        pace.took(500, await pace.turn())
        for _ in range(5):
            await pace.turn()
            times.append(clock())

    asyncio.run(ask())
    assert times[-1] - times[0] == pytest.approx(4 * 5.0)


def test_a_pause_is_for_all(clock):
    pace = Pace(None, None, clock)
    pace.pause(7)
    assert sent(pace, clock, 3) == [7, 7, 7]


def test_an_endpoint_is_asked_no_faster(asking):
    """Three at once, since two are saved up, and then one every half second."""
    with Served() as served:
        began = time.monotonic()
        asking(served, {"requests_per_minute": 120}, [replace(r, n=1) for r in REQUESTS[:5]])
        assert len(served.asked) == 5 and time.monotonic() - began >= 0.95
