"""Does the guard notice a kernel at half its speed, and nothing else?

timings.json holds seven measurements of three kernels and their C twins, microseconds of a processor, taken in turns on
two cores that twenty other processes shared.
"""

import itertools
import json
import random
import statistics
from pathlib import Path

import pytest
from floors import TRIES, Floor, floor_of, judge, ratio, read, to_toml

TIMINGS = json.loads(Path(__file__).with_name("timings.json").read_text())
FLOORS = {name: floor_of(name, statistics.median(ratio(*one) for one in every)) for name, every in TIMINGS.items()}


def verdict(name, measurements):
    return judge(iter([ratio(*one) for one in measurements]).__next__, FLOORS[name].floor)


@pytest.mark.parametrize("name", TIMINGS)
def test_what_was_measured_holds_at_the_first_try(name):
    for one in TIMINGS[name]:
        found = verdict(name, [one])
        assert found.holds and len(found.ratios) == 1


@pytest.mark.parametrize("name", TIMINGS)
def test_a_kernel_at_half_its_speed_falls_whatever_tries_it_gets(name):
    slow = [[[2 * second for second in ours], theirs] for ours, theirs in TIMINGS[name]]
    for tries in itertools.combinations(slow, TRIES):
        found = verdict(name, tries)
        assert not found.holds and len(found.ratios) == TRIES


@pytest.mark.parametrize("name", TIMINGS)
def test_calls_that_something_else_slowed_do_not_weigh(name):
    chance = random.Random(0)
    for ours, theirs in TIMINGS[name]:
        disturbed = [second * (10 if chance.random() < 0.5 else 1) for second in ours]
        assert verdict(name, [[disturbed, theirs]]).holds


def test_one_good_try_is_enough_and_ends_them():
    ratios = iter([0.1, 0.9, 0.1])
    found = judge(ratios.__next__, 0.7)
    assert found.holds and found.ratios == [0.1, 0.9]


def test_floors_are_those_of_their_rule_and_are_read_as_they_were_written(tmp_path):
    kept = read()
    assert kept == {name: floor_of(name, one.measured) for name, one in kept.items()}
    assert all(0.5 * one.measured < one.floor < one.measured for one in kept.values()), "half the speed is below it"
    path = tmp_path / "floors.toml"
    path.write_text(to_toml({"uniform": 1.0, "ucb by reward": 1.5}, "a processor"))
    assert read(path) == {"uniform": Floor(1.0, 0.3, 0.7), "ucb by reward": Floor(1.5, 0.4, 0.9)}
