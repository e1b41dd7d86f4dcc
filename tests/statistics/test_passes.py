"""pass@k and pass^k of a pool: every hand counted, unbiased for fresh samples, limits that cover."""

import itertools
import json

import commands
import numpy as np
import pytest

import ttcsim
from ttcsim.errors import InputError
from ttcsim.guarantees.plain.values import pool_of
from ttcsim.theory import pass_hat_k

CASE = ((4, 1), (5, 4), (4, 4), (6, 3))


def test_every_hand_counted():
    frame = ttcsim.passes(pool_of(CASE), [1, 2, 4])
    for metric, kind in (("pass@k", any), ("pass^k", all)):
        for k in (1, 2, 4):
            shares = [
                np.mean([kind(i < c for i in hand) for hand in itertools.combinations(range(m), k)]) for m, c in CASE
            ]
            row = frame.filter(metric=metric, k=k)
            assert row["mean"].item() == pytest.approx(np.mean(shares), rel=1e-12)
            assert row["lo_queries"].item() <= row["mean"].item() <= row["hi_queries"].item()


def test_with_replacement_it_is_a_power():
    assert pass_hat_k(np.array([4, 7]), np.array([1, 7]), 3, replay="bootstrap") == pytest.approx([1 / 64, 1])


def test_it_is_unbiased_and_its_limits_cover():
    """Fresh pools of Beta(2, 1) rates, of which E p^3 = 2/5; 300 of them: 93 to 97 % up to 4.5 standard errors."""
    generator, inside, means = np.random.default_rng(0), 0, []
    for _ in range(300):
        right = generator.binomial(8, generator.beta(2, 1, 60))
        row = ttcsim.passes(pool_of([(8, int(c)) for c in right]), [3]).filter(metric="pass^k").row(0, named=True)
        inside += row["lo_queries"] <= 0.4 <= row["hi_queries"]
        means.append(row["mean"])
    assert abs(np.mean(means) - 0.4) < 4.5 * np.std(means) / np.sqrt(300)
    assert 0.93 - 4.5 * np.sqrt(0.05 * 0.95 / 300) < inside / 300 <= 1


def test_more_samples_than_there_are_is_refused_and_sources_are_told_apart():
    with pytest.raises(
        InputError, match="k: 5 is no number from 1 to 4, the samples that query 'q0' of pool small has"
    ):
        ttcsim.passes(pool_of(CASE), [1, 5])
    frame = ttcsim.passes(ttcsim.load("builtin:aime2025"), [1, 2])
    assert frame.height == 4 * frame["source"].n_unique() == 4 * 11


def test_the_command_line_shows_both():
    out = commands.run("pool", "describe", "builtin:smollm2-arithmetic", "-k", "1,16").stdout
    assert "pass^k" in out and "95 % of new queries" in out
    rows = json.loads(commands.run("pool", "describe", "builtin:smollm2-arithmetic", "-k", "4", "--json").stdout)[
        "rows"
    ]
    assert [row["metric"] for row in rows[0]["passes"]] == ["pass@k", "pass^k"]
