"""What a sweep will take: draws that are known are exact, seconds are those of the parts measured."""

import json
import math

import numpy as np
import pytest

import ttcsim
from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.worlds import make_pool
from ttcsim.replay import executors, forecast
from ttcsim.replay.parts import Done, Timed
from ttcsim.replay.planning import plan

QUERIES, SAMPLES = 10, 8


def pool_of(correct):
    ids = tuple(f"q{i}" for i in range(QUERIES))
    return Pool("all alike", ids, np.arange(QUERIES + 1) * SAMPLES, np.full(QUERIES * SAMPLES, correct, np.uint8))


@pytest.mark.parametrize(
    ("correct", "policy", "draws"),
    [
        (0, "uniform", 4 * QUERIES),  # at the largest budget, on the way to which the smaller ones lie
        (1, "uniform", 4 * QUERIES),
        (0, "elimination", 4 * QUERIES),
        (1, "elimination", QUERIES),  # each query leaves with its first sample
        (0, "ucb", 4 * QUERIES),
        (0, "two-stage", (1 + 2 + 4) * QUERIES),  # its plan is another for each budget
        (0, "uniform(cap=3)", 3 * QUERIES),
    ],
)
def test_draws_that_are_known_are_exact(correct, policy, draws):
    found = forecast.forecast(pool_of(correct), [policy], [1, 2, 4], reps=12345)
    assert found.efforts[0].draws == found.total.draws == 12345 * draws


def test_a_pool_that_runs_out_gives_what_it_has():
    assert forecast.forecast(pool_of(0), ["uniform"], [100], reps=7).total.draws == 7 * QUERIES * SAMPLES


@pytest.mark.parametrize("reps", [30, 150])
def test_replications_are_those_of_the_sweep(reps):
    real = ttcsim.load("builtin:smollm2-arithmetic")
    pool, policies, told = real.subset(real.query_ids[::4]), ["uniform", "elimination", "bayes-index"], []
    ttcsim.sweep(pool, policies, [1, 2], reps=reps, progress=lambda *now: told.append(now))
    found = forecast.forecast(pool, policies, [1, 2], reps=reps)
    assert found.total.replications == sum(effort.replications for effort in found.efforts) == told[-1][1]
    assert [effort.replications for effort in found.efforts[:2]] == [reps + 2 * min(reps, 100)] * 2


def test_seconds_are_those_of_the_parts(monkeypatch):
    """With a clock by which each replication takes 10 ms of 30 there is no spread, and what follows is exact."""

    def timed(one, first, last):
        return Timed(one.run(first, last), 0.03 * (last - first), 0.01 * (last - first))

    monkeypatch.setattr(executors, "timed", timed)
    found = forecast.forecast(pool_of(0), ["uniform", "elimination"], [2], reps=1000, threads=3)
    for effort in found.efforts:
        assert (effort.seconds, effort.lo, effort.hi) == pytest.approx((12.0, 12.0, 12.0))
    assert (found.total.seconds, found.total.hi, found.threads) == (pytest.approx(24), pytest.approx(24), 3)
    assert found.here == pytest.approx(0.03 * 2 * 1200 / 3)
    assert found.slowest == pytest.approx(0.01)
    assert [found.cores(within) for within in (25, 23, 7, 0.11)] == [1, 2, 4, 219]
    with pytest.raises(InputError, match=r"within: 0\.009 seconds are fewer than the 0\.01 of one replication"):
        found.cores(0.009)


def test_limits_by_hand():
    """Two replications of 1 and 3 seconds: a mean of 2 with a standard error of 1, and Student's 12.7 of it."""
    planned = plan(pool_of(0), ["uniform"], [1], reps=100)
    (one,) = planned.replays
    parts = [ttcsim.replay.kept.Part(i, i + 1, one.run(i, i + 1)) for i in range(2)]
    effort = forecast._effort(planned, one, [Done(0, parts[0], 9.0, 1.0), Done(0, parts[1], 9.0, 3.0)])
    assert (effort.seconds, effort.hi) == (600.0, pytest.approx(300 * (2 + 12.7062), rel=1e-5))
    assert effort.lo == 0.0  # nothing takes less than no time
    both = forecast._together([effort, effort])
    assert both.seconds == 1200 and both.hi == pytest.approx(1200 + math.sqrt(2) * 300 * 12.7062, rel=1e-5)


def test_memory_grows_with_the_replications(monkeypatch):
    pool = pool_of(0)
    few, many = (forecast.forecast(pool, ["uniform"], [1, 2], reps=reps) for reps in (10**3, 10**6))
    assert many.memory - few.memory >= 8 * 8 * 2 * (10**6 - 10**3)
    assert pool.n_samples < few.arrays == many.arrays < few.memory


# -- the command line


@pytest.fixture
def words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ttcsim.write(make_pool("beta(0.5,1)", 20, 64), "pool")
    return ["sweep", "pool", "-p", "uniform,elimination", "-b", "1,2.5", "--reps", "5000", "--dry-run"]


def test_it_is_told_and_nothing_is_written(words, command, tmp_path):
    code, out, err = command(*words, "--out", "run", "--executor", "ray", "--within", "3600", "--threads", 3)
    assert (code, err) == (0, "")
    for told in (
        "5,000 replications",
        "5,200",
        "10,400",
        "2.5e+05",
        "draws. Here ",
        "on 3 cores, as busy",
        "iB of memory",  # MiB or GiB: the most that this process has had, with all that it did before
        "core seconds",
    ):
        assert told in " ".join(out.split()), told  # lines break by how long the numbers are
    assert out.splitlines()[-1] == "Within 60 minutes: 1 core like these"
    assert [path.name for path in tmp_path.iterdir()] == ["pool"]


def test_json(words, command):
    code, out, err = command(*words, "--json", "--within", "0.05", "--threads", "1")
    said = json.loads(out)
    assert (code, err) == (0, "")
    assert [row["policy"] for row in said["rows"]] == ["uniform", "elimination"]
    assert said["rows"][0]["draws"] == 5000 * 50 and said["config"]["reps"] == 5000
    (total,) = said["total"]
    assert total["policy"] == "all" and total["threads"] == 1 and total["seconds_here"] > 0
    assert total["cores"] == total["machines"] == math.ceil(total["hi"] / 0.05)
    assert total["lo"] <= total["seconds"] <= total["hi"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--within", "1e-9"], "within: 1e-09 seconds are fewer than"),
        (["--precision", "0.01"], "precision: how many replications it takes shows while they run"),
        (["--policy", "nonsense"], "nonsense"),
    ],
)
def test_bad_uses(words, command, more, said):
    code, out, err = command(*words, *more)
    assert (code, out) == (2, "") and said in err and err.count("\n") == 1
    words.remove("--dry-run")
    code, _, err = command(*words, "--within", 5)
    assert code == 2 and "--within: is for --dry-run" in err
