"""Pools continued by a fitted law: what is kept, what is new, and by how much replays of them err."""

from dataclasses import replace

import numpy as np
import pytest

import ttcsim
from tests.sweep.replay_bias import biases
from ttcsim import InputError
from ttcsim.pool.worlds import make_pool
from ttcsim.theory import pass_at_k
from ttcsim.theory.tail import Mixture, continued


@pytest.fixture(scope="module")
def pool():
    made = make_pool("beta(0.4,1.2,unsolvable=0.2)", 300, 24, seed=1)
    return replace(made, prompt_tokens=np.arange(made.n_samples, dtype=np.int32))


def test_own_samples_stay(pool):
    longer = continued(pool, 60, seed=3)
    assert (longer.sizes == 60).all()
    for name in ("correct", "tokens", "answers", "prompt_tokens"):
        own, all_of = (getattr(p, name).reshape(300, -1) for p in (pool, longer))
        assert all_of.shape == (300, 60) and (all_of[:, :24] == own).all(), name
    assert longer.manifest["continued"]["own"] == [24, 24]
    assert continued(pool, 60, seed=3).hash == longer.hash != continued(pool, 60, seed=4).hash


def test_votes_mean_what_they_meant(pool):
    """Of one query an answer is right always or never, as in its own samples."""
    longer = continued(pool, 200)
    for start, end in zip(longer.offsets[:-1], longer.offsets[1:], strict=True):
        answers, correct = longer.answers[start:end], longer.correct[start:end]
        assert not set(answers[correct == 1]) & set(answers[correct == 0]) - {-1}


def test_queries_that_never_succeeded_may_be_unsolvable_or_not(pool):
    longer = continued(pool, 4000)
    hard = pool.successes == 0
    solved = longer.successes[hard] > 0
    assert 0.1 < solved.mean() < 0.9
    more = longer.correct.reshape(300, -1)[:, 24:].mean(axis=1)
    easy = pool.rates > 0.3
    # A rate's posterior is about its estimate: mean error within four standard errors of it.
    assert abs((more - pool.rates)[easy].mean()) < 4 * np.sqrt(0.25 / 24 / easy.sum()) + 0.02


def test_posterior_of_a_mixture_is_bayes_rule():
    """Shares of the components after three failures, exactly, at five standard errors of 20,000 draws."""
    law = Mixture(0.3, np.array([0.6, 0.4]), np.array([1.0, 8.0]), np.array([1.0, 2.0]))
    generator = np.random.default_rng(0)
    rates = np.array([law.rate(3, 0, generator) for _ in range(20_000)])
    failing = np.array([0.3, 0.7 * 0.6 * 1 / 4, 0.7 * 0.4 * (2 * 3 * 4) / (10 * 11 * 12)])
    zero = failing[0] / failing.sum()
    assert abs((rates == 0).mean() - zero) < 5 * np.sqrt(zero * (1 - zero) / 20_000)
    mean = (failing[1] * 1 / 5 + failing[2] * 8 / 13) / failing.sum()
    assert abs(rates.mean() - mean) < 5 * rates.std() / np.sqrt(20_000)


@pytest.mark.slow
def test_a_small_pool_continued_errs_less_than_cut_off_or_shown_again():
    """12 random parts of 16 samples a query: entropy at 8 is 11 points too high as it stands."""
    found, _ = biases(16, 8, pools=12, policies=("elimination", "entropy"))
    worst = {how: np.abs(bias).max() for how, (bias, _) in found.items()}
    assert worst["continued"] < 0.045 < min(worst["permute"], worst["bootstrap"])


def test_coverage_continues_the_curve(pool):
    """At ten times the samples it is off by up to eight points: 24 samples do not tell unsolvable from hard."""
    longer = continued(pool, 2000)
    truth = make_pool("beta(0.4,1.2,unsolvable=0.2)", 300, 2000, seed=1)
    for k in (24, 100, 240):
        curves = [pass_at_k(p.sizes, p.successes, k).mean() for p in (longer, truth)]
        assert abs(curves[0] - curves[1]) < 0.08


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_pools_of_one_outcome_go_on_as_they_are(rate):
    longer = continued(make_pool(f"constant({rate})", 5, 6), 40)
    assert (longer.rates == rate).all()


def test_refusals(pool):
    with pytest.raises(InputError, match="ask for more than that"):
        continued(pool, 24)
    with pytest.raises(InputError, match="was continued already"):
        continued(continued(pool, 30), 50)


def test_command(tmp_path, command, pool):
    ttcsim.write(pool, tmp_path / "pool")
    code, out, _ = command("pool", "continue", str(tmp_path / "pool"), str(tmp_path / "longer"), "--samples", "96")
    assert (code, "300 queries, 28800 samples" in out, "they are those of" in out) == (0, True, True)
    loaded = ttcsim.load(tmp_path / "longer")
    same = continued(ttcsim.load(tmp_path / "pool"), 96)
    assert (loaded.correct == same.correct).all() and (loaded.tokens == same.tokens).all()
    assert loaded.manifest["continued"] == same.manifest["continued"]
    code, out, _ = command("sweep", str(tmp_path / "longer"), "-p", "entropy", "-b", "4", "--reps", "5")
    assert "continued by a fitted law" in " ".join(out.split())
