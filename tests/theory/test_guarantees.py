"""Guarantees G1 to G12 as properties of random pools, budgets, seeds and policies.

Exact statements are compared exactly. Statements about expectations are tested in two stages: 200 replications, and
where the mean is more than 4 standard errors off, 20,000 fresh ones, which fail beyond 6.5. A true statement then fails
with probability below 6e-5 * 8e-11 per comparison; with fewer than 10,000 comparisons a run, below 1e-10 in all.
G3 and G6 are in test_bounds.py, G7 in test_elimination_exact.py. A counterexample is noted as a table of samples that
`ttcsim sweep` reads.
"""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, note, settings
from pools import plain_pools, to_pool
from scipy import integrate, special, stats

import ttcsim
from ttcsim import guarantees
from ttcsim.guarantees import fresh, study
from ttcsim.policies.rules import stop
from ttcsim.pool.files import to_frame
from ttcsim.pool.worlds import make_pool
from ttcsim.statistics import intervals, shares
from ttcsim.theory import (
    bounds,
    clairvoyant_coverage,
    elimination_cost,
    elimination_coverage,
    pass_at_k,
    uniform_coverage,
)

pytestmark = pytest.mark.filterwarnings("ignore:policy", "ignore:skipped")
replays = st.sampled_from(["permute", "bootstrap"])
seeds = st.integers(0, 2**32)
grids = st.lists(st.integers(1, 40), min_size=1, max_size=3, unique=True)  # total budgets
policies = st.sampled_from(
    [
        "uniform", "elimination", "elimination(k=2)", "elimination(stream=true)", "ucb(signal=reward)", "entropy",
        "gap(signal=reward,gamma=0.75)", "consensus", "two-stage", "thompson", "bayes(signal=reward)", "adabon", "uab",
        "damani", "slg(m=2)", "adaptive-consistency", "esc(k=2)", "bayes-stop", "clairvoyant",
    ]
)  # fmt: skip
anytime = policies.filter(lambda p: ttcsim.policy(p).anytime and not ttcsim.policy(p).streamed())


def example(plain):
    """The pool, noted so that a counterexample can be written to a file and replayed."""
    pool = to_pool(plain)
    note(to_frame(pool).write_csv())
    return pool


def coverage(pool, named, totals, reps, seed, **options):
    """Coverage of each policy in every replication at total budgets, f8[reps, budgets] each."""
    budgets = [t / pool.n_queries for t in totals]
    result = ttcsim.sweep(pool, named, budgets, reps=reps, seed=seed, **options)
    return [outcome.per_rep["coverage"] for outcome in result.outcomes]


def agrees(measure, exact):
    """`measure(reps, seed)` returns one value per replication; see the module's words for the error rate."""
    for reps, seed, limit, rare in ((200, 1, 4.0, 0), (20_000, 2, 6.5, 25)):
        values = measure(reps, seed)
        se = values.std(ddof=1) / math.sqrt(reps)
        # In the second stage also what a sample that saw no rare event may be off by: (1 - e)^reps < exp(-25).
        if abs(values.mean() - exact) <= limit * se + rare / reps + 1e-9:
            return True
    return False


@given(plain_pools(), st.integers(1, 30), replays)
@settings(max_examples=100)
def test_g1_uniform_is_pass_at_k(plain, total, replay):
    pool = example(plain)

    def measure(reps, seed):
        return coverage(pool, ["uniform"], [total], reps, seed, replay=replay)[0][:, 0]

    assert agrees(measure, uniform_coverage(pool.sizes, pool.successes, total, replay=replay))


@given(plain_pools().filter(lambda p: all(any(s["correct"] for s in rows) for rows in p.values())))
@settings(max_examples=100)
def test_g2_elimination_costs_the_sum_of_first_successes(plain):
    pool = example(plain)
    end = float(pool.sizes.max())

    def measure(reps, seed):
        return ttcsim.sweep(pool, ["elimination"], [end], reps=reps, seed=seed).outcomes[0].spent[:, 0]

    assert agrees(measure, elimination_cost(pool.sizes, pool.successes).mean / pool.n_queries)


@given(plain_pools(), policies, grids, seeds, replays, st.sampled_from(["samples", "tokens"]))
@settings(max_examples=150)
def test_g4_nothing_beats_the_prophet(plain, policy, totals, seed, replay, cost):
    pool = example(plain)
    rival, best = coverage(pool, [policy, "prophet"], totals, 5, seed, replay=replay, cost=cost)
    assert (rival <= best + 1e-12).all()


@given(plain_pools(), st.integers(1, 25))
@settings(max_examples=100)
def test_g5_clairvoyant_covers_at_least_what_uniform_and_elimination_do(plain, total):
    pool = example(plain)
    best = clairvoyant_coverage(pool.sizes, pool.successes, np.array([total]))[0]
    elimination = elimination_coverage(pool.sizes, pool.successes, total, replay="bootstrap")
    assert best >= elimination.value - elimination.error - 1e-10
    uniform = uniform_coverage(pool.sizes, pool.successes, total, replay="bootstrap")
    assert elimination.value + elimination.error >= uniform - 1e-10


@given(plain_pools(), policies.filter(lambda p: p != "clairvoyant"), st.integers(1, 25))
@settings(max_examples=100)
def test_g5_no_policy_covers_more_than_clairvoyant_on_average(plain, policy, total):
    pool = example(plain)
    best = clairvoyant_coverage(pool.sizes, pool.successes, np.array([total]))[0]
    for reps, seed, limit in ((100, 1, 4.0), (20_000, 2, 6.5)):
        values = coverage(pool, [policy], [total], reps, seed, replay="bootstrap")[0]
        # The variance of a value in [0, 1] with mean at most `best` bounds it even where the sample saw no deviation.
        if values.mean() <= best + limit * math.sqrt(best * (1 - best) / reps) + 1e-9:
            return
    raise AssertionError(f"{policy} covers {values.mean()}, clairvoyant {best}")


@given(plain_pools(), anytime, st.lists(st.integers(1, 40), min_size=2, max_size=4, unique=True), seeds, replays)
@settings(max_examples=150)
def test_g8_coverage_never_falls_with_the_budget(plain, policy, totals, seed, replay):
    (values,) = coverage(example(plain), [policy], totals, 5, seed, replay=replay)
    assert (np.diff(values, axis=1) >= -1e-12).all()


@given(plain_pools(), policies, st.integers(1, 40), seeds, st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_g8_the_order_of_queries_changes_nothing(plain, policy, total, seed, random):
    pool = example(plain)
    order = list(plain)
    random.shuffle(order)
    other = to_pool({q: plain[q] for q in order})
    levels = dict(zip(pool.query_ids, pool.queries["level"], strict=True))
    other.queries.replace_column(1, other.queries["query_id"].replace_strict(levels).rename("level"))
    budget = total / pool.n_queries
    first, second = (ttcsim.sweep(p, [policy], [budget], reps=4, seed=seed).outcomes[0] for p in (pool, other))
    assert (first.per_rep["coverage"] == second.per_rep["coverage"]).all()
    drawn, again = (dict(zip(p.query_ids, o.draws[:, 0], strict=True)) for p, o in ((pool, first), (other, second)))
    assert drawn == again


@given(plain_pools(), st.integers(1, 6), st.integers(0, 30), seeds, replays)
@settings(max_examples=150)
def test_g9_two_stage_never_solves_more_than_elimination(plain, explored, more, seed, replay):
    pool = example(plain)
    budget = explored + more / pool.n_queries
    policy = f"two-stage(share={explored / budget!r})"
    result = ttcsim.sweep(pool, ["elimination", policy], [budget], reps=10, seed=seed, replay=replay)
    elimination, two_stage = (o.per_rep["coverage"] for o in result.outcomes)
    assert (two_stage <= elimination + 1e-12).all()


@given(plain_pools(), policies, st.integers(1, 30), seeds, replays)
@settings(max_examples=100)
def test_g10_best_with_a_perfect_reward_is_coverage(plain, policy, total, seed, replay):
    perfect = {q: [{**s, "reward": float(s["correct"])} for s in rows] for q, rows in plain.items()}
    pool = example(perfect)
    result = ttcsim.sweep(
        pool, [policy], [total / pool.n_queries], reps=5, seed=seed, replay=replay, selectors=["best"]
    )
    values = result.outcomes[0].per_rep
    np.testing.assert_allclose(values["accuracy_best"], values["coverage"], atol=1e-9)


@given(plain_pools(), seeds)
@settings(max_examples=100)
def test_g11_majority_over_all_samples_is_the_mode(plain, seed):
    pool = example(plain)
    expected = 0.0
    for rows in plain.values():
        # A sample without an answer takes no part while any has one; where none has, all of them tie.
        answers = [s["answer"] for s in rows if s["answer"] is not None] or [None]
        modes = [a for a in set(answers) if answers.count(a) == max(map(answers.count, answers))]
        shares = [np.mean([s["correct"] for s in rows if s["answer"] == a]) for a in modes]
        expected += np.mean(shares) / len(plain)
    everything = [float(pool.sizes.max())]
    result = ttcsim.sweep(pool, ["uniform"], everything, reps=3, seed=seed, selectors=["majority"])
    np.testing.assert_allclose(result.outcomes[0].per_rep["accuracy_majority"], expected, atol=1e-9)


@given(st.floats(0.2, 4), st.floats(0.2, 4), st.integers(0, 60))
@settings(max_examples=100)
def test_g12_coverage_of_a_beta_world(a, b, k):
    exact = (
        integrate.quad(lambda u: -np.expm1(k * np.log1p(-stats.beta.ppf(u, a, b))), 0, 1, limit=200)[0] if k else 0.0
    )
    closed = -np.expm1(special.betaln(a, b + k) - special.betaln(a, b))
    assert closed == pytest.approx(exact, abs=1e-4)


def failed(claims):
    return {claim.source for claim in claims if claim.holds is False}


@pytest.fixture(scope="module")
def world():
    return make_pool("beta(0.4,1.2)", 60, 64, seed=3)


@pytest.mark.parametrize("pool", ["world", pytest.param("builtin:smollm2-arithmetic", marks=pytest.mark.slow)])
def test_check_holds(pool, world):
    claims = guarantees.check(world if pool == "world" else ttcsim.load(pool), reps=100)
    assert not failed(claims)
    assert [*dict.fromkeys(claim.source for claim in claims)] == [f"G{i}" for i in range(1, 19)]
    assert any("of the world" in claim.statement for claim in claims) == (pool == "world")
    rows = guarantees.as_rows(claims)
    assert all(row["slack"] is None or row["slack"] >= 1 - 1e-9 for row in rows if row["guarantee"] == "G3")
    assert [*rows[0]] == ["guarantee", "statement", "theory", "replayed", "lo", "hi", "slack", "holds"]


def test_check_catches_a_broken_policy(world, monkeypatch):
    """Elimination that keeps a query until its second success."""

    @stop
    def twice(s, p, key):
        return s.successes > 1

    monkeypatch.setattr(ttcsim.policies.ALL["elimination"], "stop", twice)
    claims = guarantees.check(world, budgets=[2, 4], reps=100, policies=["elimination"], only=["G2", "G7"])
    assert failed(claims) == {"G2", "G7"}


def test_check_catches_a_broken_bound(world, monkeypatch):
    right = bounds.janson_budget
    monkeypatch.setattr(bounds, "janson_budget", lambda rates, delta: right(rates, delta) / 2)
    claims = guarantees.check(world, budgets=[2], reps=200, policies=["uniform"], only=["G2", "G7"])
    assert failed(claims) == {"G2"}


def test_check_catches_a_policy_that_sees_the_outcomes(world, monkeypatch):
    """A prophet that gives up early: something is then better than it."""
    right = study.Study.everyone

    def worse(self, replay):
        tallies = right(self, replay)
        return {p: t._replace(covered=t.covered // 3) if p.name == "prophet" else t for p, t in tallies.items()}

    monkeypatch.setattr(study.Study, "everyone", worse)
    claims = guarantees.check(world, budgets=[2, 4], reps=100, policies=["elimination"], only=["G4", "G5", "G8"])
    assert failed(claims) == {"G4"}


@pytest.mark.parametrize("law", ["beta(0.001,1)", "beta(1e-3,1)", "beta(1000,0.001)"])
@pytest.mark.parametrize("seed", range(3))
def test_a_true_statement_holds_where_nothing_varies(law, seed):
    """All queries of these worlds are alike, or nearly: their spread says nothing of the error of their mean."""
    pool = make_pool(law, 500, 64, seed=seed)
    claims = guarantees.check(pool, budgets=[1, 2], reps=20, only=["G1", "G7", "G12"])
    assert not failed(claims)
    stated = [claim.evidence for claim in claims if "of the world" in claim.statement]
    assert len(stated) == 5
    assert all(one.hi > one.lo for one in stated)


@pytest.mark.parametrize(("queries", "reps"), [(1, 1), (1, 30), (40, 1)])
def test_too_little_to_tell_gives_no_verdict(queries, reps):
    pool = make_pool("beta(0.4,1.2)", queries, 20, seed=1)
    claims = guarantees.check(
        pool, budgets=[1, 2], reps=reps, policies=["uniform"], only=["G1", "G3", "G5", "G7", "G12"]
    )
    assert not failed(claims)
    silent = [claim for claim in claims if claim.holds is None]
    assert silent
    assert all(one.evidence.lo <= 0 and one.evidence.hi >= 1 for one in silent)
    values = np.array([row[key] for row in guarantees.as_rows(claims) for key in ("theory", "replayed", "lo", "hi")])
    assert not np.isnan(values).any()


def test_no_statement_about_chance_is_decided_within_no_width(world):
    claims = guarantees.check(
        world, budgets=[2], reps=50, policies=["elimination"], only=["G1", "G7", "G10", "G12", "G13"]
    )
    replayed = [c for c in claims if "small pool" not in c.statement and c.holds is not None]
    assert len(replayed) > 20
    assert all(c.evidence.hi > c.evidence.lo for c in replayed if c.evidence.theory != 0)
    with pytest.raises(ttcsim.InputError, match="G99"):
        guarantees.check(world, only=["G99"])


def test_only_checks_what_is_asked(world):
    claims = guarantees.check(world, budgets=[2], reps=20, policies=["uniform"], only=["g12", "G9"])
    assert [*dict.fromkeys(claim.source for claim in claims)] == ["G12", "G9"]


@pytest.mark.slow
@pytest.mark.parametrize("narrow", [False, True])
def test_check_deep_tells_intervals_that_cover_from_those_that_do_not(world, monkeypatch, narrow):
    monkeypatch.setattr(fresh, "SETS", 250)
    if narrow:  # half of the resamples instead of 95 %
        monkeypatch.setattr(intervals, "tails", lambda queries: (0.25, 0.75))
        monkeypatch.setattr(shares, "LEVEL", 0.5)
    fresh.fresh.cache_clear()
    claims = guarantees.check(world, reps=20, only=["G16", "G17"], deep=True)
    fresh.fresh.cache_clear()
    simulated = {c.statement: c.holds for c in claims if "in the law of the queries" in c.statement}
    assert len(simulated) == 4
    assert set(simulated.values()) == {not narrow}


def test_pass_at_k_of_the_linear_world():
    """Rates i/n (G3): elimination's expected cost is n times the harmonic number, exactly, in the limit of the pool."""
    n = 50
    rates = np.arange(1, n + 1) / n
    assert np.sum(1 / rates) == pytest.approx(n * np.sum(1 / np.arange(1, n + 1)))
    pool = make_pool("linear", n, 400, seed=0)
    assert abs(pass_at_k(pool.sizes, pool.successes, 1).mean() - rates.mean()) < 4.5 * 0.5 / math.sqrt(n * 400)
