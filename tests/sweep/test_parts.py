"""How replications are cut into parts: each is done once, whatever is lost on the way."""

import random
from concurrent.futures import Future

import pytest

from ttcsim.replay import parts
from ttcsim.replay.parts import Timed, in_parts

GAPS = [[(0, 7), (9, 300)], [], [(5, 6)], [(0, 1000)]]


class Lost(Exception):
    """What is sent away and does not come back."""


def handed_out(share, *, workers=3, seconds=0.001, at_once=2):
    """Every part that is done, where a share of those handed out is lost; and how many ran at the same time."""
    chance, running, most = random.Random(4), set(), []

    def submit(number, first, last):
        future = Future()
        running.add(future)
        future.add_done_callback(running.discard)
        most.append(len(running))
        if chance.random() < share:
            future.set_exception(Lost())
        else:
            future.set_result(Timed((number, first, last), seconds * (last - first), 0.0))
        return future

    is_loss = lambda error: isinstance(error, Lost)  # noqa: E731
    yield from in_parts(GAPS, submit, lambda: workers, measured_at_once=at_once, is_loss=is_loss)


@pytest.mark.parametrize("share", [0.0, 0.2])
@pytest.mark.parametrize("workers", [1, 3, 64])
def test_every_replication_is_done_once(share, workers, monkeypatch):
    monkeypatch.setattr(parts, "_LOSSES", 1000)
    found = sorted((done.number, *done.part) for done in handed_out(share, workers=workers))
    assert all(tally == (number, first, last) for number, first, last, tally in found)
    done = [(number, r) for number, first, last, _ in found for r in range(first, last)]
    assert done == [(i, r) for i, own in enumerate(GAPS) for first, last in own for r in range(first, last)]


def test_what_is_lost_again_and_again_is_an_error():
    with pytest.raises(Lost):
        list(handed_out(1.0))


def test_another_error_is_one_at_once():
    future = Future()
    future.set_exception(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        list(in_parts([[(0, 5)]], lambda *_: future, lambda: 1, measured_at_once=1, is_loss=lambda error: False))


def test_parts_are_of_a_size_that_keeps_everybody_at_work():
    """Long ones within two seconds, shrinking towards the end, none shorter than handing it out is worth."""

    def sizes_of(**how):
        spans = sorted(done.part[:2] for done in handed_out(0.0, workers=4, **how) if done.number == 3)
        return [last - first for first, last in spans]

    sizes = sizes_of()
    assert sum(sizes) == 1000 and sizes[0] == 1
    assert max(sizes) == 250 and sorted(sizes[1:], reverse=True) == sizes[1:]
    assert min(sizes[1:-1]) >= 50  # 0.05 seconds
    assert max(sizes_of(seconds=0.5)) == 4
