"""Every published policy against a published or derived value that shares no code with it.

Simulated means are compared at 4.5 standard errors: a true statement fails with probability below 1e-5. Fixed seeds.
"""

import dataclasses
import functools
import itertools
import math
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from published import checks
from scipy import integrate, optimize, stats

import ttcsim
from ttcsim.compiled.rng import query_key
from ttcsim.errors import InputError
from ttcsim.policies.adabon import AdaBoN
from ttcsim.policies.adaptive_consistency import leads_beta, leads_dirichlet
from ttcsim.policies.bayes import Bayes
from ttcsim.policies.bayes_factor import trails
from ttcsim.policies.bayes_stop import mode_posterior
from ttcsim.policies.esc import esc_expected_draws
from ttcsim.policies.parameters import record
from ttcsim.policies.priors import Prior, beta_law, mean_rate
from ttcsim.policies.rules import RANKS, row_with
from ttcsim.policies.slg import SLG, expected_maximum
from ttcsim.pool import Pool
from ttcsim.pool.worlds import make_pool
from ttcsim.replay.cross_fit import cross_fit

PAPER_LAW = [0.5, 0.2, 0.1, 0.1, 0.05, 0.03, 0.01, 0.01]  # PAPERS 3.13


def pool_of_law(law, queries=250):
    """Every query has 100 samples whose answers have exactly the frequencies `law`, answer 0 correct."""
    answers = np.repeat(np.arange(len(law)), np.round(np.array(law) * 100).astype(int)).astype(np.int32)
    assert len(answers) == 100
    return Pool(
        name="law",
        query_ids=tuple(f"{i:04d}" for i in range(queries)),
        offsets=np.arange(queries + 1, dtype=np.int64) * 100,
        correct=np.tile(answers == 0, queries).astype(np.uint8),
        answers=np.tile(answers, queries),
        answer_labels=tuple(map(str, range(len(law)))),
    )


def mean_draws(pool, policy, reps=60):
    """Mean emergent draws of a query and its standard error (queries are independent: the budget never binds)."""
    result = ttcsim.sweep(pool, [policy], [1000.0], reps=reps, replay="bootstrap")
    values = result.outcomes[0].spent[:, 0]
    return values.mean(), values.std(ddof=1) / math.sqrt(reps)


@checks("bayes-stop", "adaptive-consistency")
@pytest.mark.parametrize(
    ("policy", "published"),
    [
        ("bayes-stop(cap=inf)", 18.13),
        ("bayes-stop(keep=2,cap=inf)", 22.43),
        ("adaptive-consistency(threshold=0.99,cap=inf)", 44.07),
    ],
)
def test_mean_samples_on_the_synthetic_law_of_2602_05395(policy, published):
    mean, se = mean_draws(pool_of_law(PAPER_LAW), policy, reps=16)
    spread = {18.13: 10, 22.43: 14, 44.07: 31}[published]  # of one trial; the paper's means are over 10,000 trials
    assert abs(mean - published) < 4.5 * math.hypot(se, spread / math.sqrt(10_000))


@checks("adaptive-consistency")
def test_adaptive_consistency_stops_at_four_equal_answers():
    assert leads_beta(4, 0) == pytest.approx(0.96875)
    assert leads_beta(3, 0) == pytest.approx(0.9375)
    mean, _ = mean_draws(pool_of_law([1.0]), "adaptive-consistency", reps=2)
    assert mean == 4.0


@checks("adaptive-consistency")
@pytest.mark.parametrize(("top", "second"), [(0, 0), (1, 0), (7, 3), (40, 39), (500, 450), (2000, 1000)])
def test_beta_rule_is_the_beta_tail(top, second):
    assert leads_beta(top, second) == pytest.approx(stats.beta.sf(0.5, top + 1, second + 1), abs=1e-10)


@checks("adaptive-consistency")
@pytest.mark.parametrize("votes", [(3, 2, 1), (9, 4, 4, 1, 1), (1, 1, 1), (40, 38, 3, 2, 1), (12, 0, 0)])
def test_dirichlet_rule_is_the_chance_that_the_leader_leads(votes):
    padded = np.zeros(5, np.int64)
    padded[: len(votes)] = votes
    draws = np.random.default_rng(0).dirichlet(np.array(votes) + 1.0, size=400_000)
    share = np.mean(draws.argmax(axis=1) == 0)
    value = leads_dirichlet(padded, len(votes))
    assert abs(value - share) < 4.5 * math.sqrt(0.25 / 400_000)

    def integrand(x):
        return stats.gamma.pdf(x, votes[0] + 1) * math.prod(stats.gamma.cdf(x, v + 1) for v in votes[1:])

    assert value == pytest.approx(integrate.quad(integrand, 0, 250, limit=400, points=[votes[0]])[0], abs=1e-6)


def expected_draws(law, leaves, most):
    """Mean draws of a query whose answers are independent with frequencies `law`, by going through all votes."""

    @functools.cache
    def more(votes):
        n = sum(votes)
        if n == most or (n and leaves(n, votes)):
            return Fraction(0)
        grown = [tuple(v + (i == j) for j, v in enumerate(votes)) for i in range(len(law))]
        return 1 + sum(p * more(after) for p, after in zip(law, grown, strict=True))

    return float(more((0,) * len(law)))


THREE = (Fraction(6, 10), Fraction(3, 10), Fraction(1, 10))
THREE_ANSWERS = [0.6, 0.3, 0.1]


@checks("doubling")
def test_doubling_waits_as_long_as_its_law_says():
    """At 2 draws both have to agree, at 4 three of them, at 8 six, at 16 twelve."""
    exact = expected_draws(THREE, lambda n, votes: max(votes) >= {2: 2, 4: 3, 8: 6, 16: 12}.get(n, n + 1), 20)
    mean, se = mean_draws(pool_of_law(THREE_ANSWERS), "doubling(cap=20)", reps=40)
    assert abs(mean - exact) < 4.5 * se


@checks("bayes-factor")
def test_bayes_factor_is_that_of_the_dirichlet_law():
    def behind(*votes):
        ranked = np.zeros(RANKS, np.int32)
        ranked[: min(len(votes), RANKS)] = votes[:RANKS]
        return trails(ranked, len(votes), sum(votes), 0.3, 1.0)

    for n in (1, 2, 5, 40):  # alone with the unknown: a tail of the Beta law
        assert behind(n) == pytest.approx(stats.beta.cdf(0.5, n + 1, 1.3), rel=2e-6, abs=1e-13)
    for votes in ((3, 2, 1), (9, 4, 4, 1, 1), (2, 2), (5, *[1] * 20)):  # as the authors do, by Monte Carlo
        draws = np.random.default_rng(0).dirichlet([*(v + 1.0 for v in votes), 1.3], size=200_000)
        assert abs(behind(*votes) - np.mean(draws.argmax(axis=1) != 0)) < 4.5 * math.sqrt(0.25 / 200_000)


@checks("bayes-factor")
def test_bayes_factor_waits_as_long_as_its_law_says():
    @functools.cache
    def factor(votes):
        others = [*votes[1:], 0.3]
        points = np.linspace(0, 60, 20_001)
        density = stats.gamma.pdf(points, votes[0] + 1)
        below = np.prod([stats.gamma.cdf(points, v + 1) for v in others], axis=0)
        leads = integrate.simpson(density * below, x=points)
        return (len(votes) + 1) * leads / (1 - leads)

    def leaves(n, votes):
        return factor(tuple(sorted((v for v in votes if v), reverse=True))) >= 10

    mean, se = mean_draws(pool_of_law(THREE_ANSWERS), "bayes-factor(cap=12)", reps=40)
    assert abs(mean - expected_draws(THREE, leaves, 12)) < 4.5 * se
    assert mean_draws(pool_of_law([1.0]), "bayes-factor", reps=2)[0] == 3.0  # 2 alike have a factor of 9.2, 3 of 19.1
    assert mean_draws(pool_of_law([1.0]), "bayes-factor(cap=101)", reps=2)[0] == 4.0  # not asked at 3


@checks("consol")
@pytest.mark.parametrize("variant", ["sprt", "msprt"])
def test_consol_s_sequential_tests_are_a_walk_to_a_lead_of_three(variant):
    """Its expected length to 3 or -3 with steps up of probability p is 3 (p^3 - q^3) / (p^3 + q^3) / (p - q)."""
    p, q = 0.7, 0.3
    mean, se = mean_draws(pool_of_law([p, q]), f"consol(variant={variant})", reps=40)
    assert abs(mean - 3 * (p**3 - q**3) / (p**3 + q**3) / (p - q)) < 4.5 * se


@checks("consol")
@pytest.mark.parametrize("variant", ["binomial", "beta"])
def test_consol_waits_as_long_as_its_law_says(variant):
    """Both are shares of coins: P(at least `top` heads of n), and of n + 1 coins P(at most `second` heads)."""

    def heads(least, coins):
        return sum(math.comb(coins, h) for h in range(least, coins + 1)) / 2**coins

    def leaves(n, votes):
        top, second = sorted(votes, reverse=True)[:2]
        p = heads(top, top + second) if variant == "binomial" else heads(top + 1, top + second + 1)
        return p <= 0.1

    mean, se = mean_draws(pool_of_law(THREE_ANSWERS), f"consol(variant={variant},alpha=0.1,cap=16)", reps=40)
    assert abs(mean - expected_draws(THREE, leaves, 16)) < 4.5 * se


@checks("deepconf")
def test_deepconf_waits_for_a_share_of_the_confidence():
    """The first answer is three times as sure as the others."""
    weights = (3, 1, 1)

    def leaves(n, votes):
        sums = [w * v for w, v in zip(weights, votes, strict=True)]
        return n >= 4 and max(sums) >= 0.8 * sum(sums)

    pool = pool_of_law(THREE_ANSWERS)
    sure = np.array(weights, np.float32)[pool.answers]
    pool = replace(pool, confidences={"confidence_tail": sure})
    for signal in ("confidence", "confidence_tail"):  # the only column there is has both names
        mean, se = mean_draws(pool, f"deepconf(share=0.8,min=4,cap=16,signal={signal})", reps=40)
        assert abs(mean - expected_draws(THREE, leaves, 16)) < 4.5 * se
    with pytest.raises(InputError, match=r"takes signals in \[0, inf\), and 'confidence' of pool law has -3"):
        ttcsim.sweep(replace(pool, confidences={"confidence": -sure}), ["deepconf"], [2])


@checks("esc")
@pytest.mark.parametrize("law", [PAPER_LAW, [0.9, 0.1], [1.0], [0.25] * 4])
def test_esc_draws_as_often_as_its_formula_says(law):
    mean, se = mean_draws(pool_of_law(law), "esc")
    assert abs(mean - esc_expected_draws(law)) <= 4.5 * se + 1e-9


@checks("bayes-stop")
def test_mode_posterior_is_the_sum_over_assignments():
    law = np.array([0.4, 0.3, 0.2, 0.1])
    for votes in ([3, 1, 1, 0], [5, 4, 0, 0], [2, 2, 2, 2], [1, 0, 0, 0]):
        weights = {p: math.prod(f**v for f, v in zip(p, votes, strict=True)) for p in itertools.permutations(law)}
        exact = sum(w for p, w in weights.items() if p[0] == law[0]) / sum(weights.values())
        assert mode_posterior(np.array(votes), law) == pytest.approx(exact, rel=1e-12)


@checks("adabon")
def test_adabon_gain_is_that_of_the_kernel_density():
    rewards = np.random.default_rng(1).beta(2, 3, size=12)
    density = stats.gaussian_kde(rewards)  # Scott's rule is its default
    best = rewards.max()
    gains = []
    for more in range(4):

        def expected_best(j, cdf=lambda x: density.integrate_box_1d(-np.inf, x)):
            return integrate.quad(lambda x: 1 - cdf(x) ** j, best, best + 2)[0]

        gains.append(expected_best(more + 1) - expected_best(more))
    assert np.diff(gains).max() < 0
    policy = AdaBoN()
    s, p = row_and_parameters(policy, 16 * 4, 4)
    assert p.d == 12
    engine = []
    for draws in range(1, 16):
        s.draws, s.signal, s.signal_max = draws, rewards[draws - 1] if draws <= 12 else 0.0, max(rewards[:draws])
        policy.see(s, p, 0)
        if draws >= 12:
            engine.append(policy.score(s, p, 0))
    np.testing.assert_allclose(engine, gains, rtol=1e-5)


@pytest.mark.parametrize("reward", [0.1, 0.25, 0.7])
def test_equal_rewards_have_no_gain(reward):
    """Whatever their mean rounds to: nine ninths of 0.25, summed, are not 0.25."""
    s, p = row_and_parameters(AdaBoN(), 12 * 4, 4)
    for draws in range(1, p.d + 1):
        s.draws, s.signal, s.signal_max = draws, reward, reward
        AdaBoN().see(s, p, 0)
    assert p.d == 9 and AdaBoN().score(s, p, 0) == 0.0


def row_and_parameters(policy, total, queries):
    """What the rules of a policy get, for calling them as plain Python."""
    setup = policy.setup(total, queries)
    row = np.zeros(1, row_with(setup.memory)).view(np.recarray)[0]
    return row, record(policy, setup.params).view(np.recarray)[0]


@checks("slg")
def test_slg_extrapolates_a_normal_law():
    assert expected_maximum(1) == pytest.approx(0, abs=1e-9)
    assert expected_maximum(2) == pytest.approx(1 / math.sqrt(math.pi))
    draws = np.random.default_rng(2).standard_normal((4000, 64)).max(axis=1)
    assert abs(expected_maximum(64) - draws.mean()) < 4.5 * draws.std() / math.sqrt(4000)
    for tail in (1.0, 0.5, 0.2):
        policy = SLG(m=20_000, tail=tail, horizon=1000)
        s, p = row_and_parameters(policy, 0, 1)
        # The quantiles of a normal law, so that only the rule's own arithmetic is tested; descending is fastest.
        values = 0.5 + 0.1 * stats.norm.isf((np.arange(20_000) + 0.5) / 20_000)
        for i, value in enumerate(values):
            s.draws, s.signal = i + 1, value
            policy.see(s, p, 0)
        assert policy.score(s, p, 0) == pytest.approx(0.5 + 0.1 * expected_maximum(1000), abs=2e-3)


@checks("damani")
@pytest.mark.parametrize("total", [3, 7, 12])
def test_greedy_by_predicted_gain_is_the_best_fixed_allocation(total):
    """`damani` and `uab` maximise sum 1 - (1-p)^draws over all allocations of the budget, found here by brute force."""
    rates = {"easy": 0.6, "medium": 0.3, "hard": 0.05}
    halves = [[f"q{i}" for i in range(40) if query_key(f"q{i}") >> 63 == half][:3] for half in (0, 1)]
    level = dict(zip([*halves[0], *halves[1]], [*rates, *rates], strict=True))  # one of each level in either half
    ids = tuple(sorted(level))
    p = np.array([rates[level[q]] for q in ids])
    correct = np.concatenate([np.arange(20) < round(20 * x) for x in p]).astype(np.uint8)
    queries = pl.DataFrame({"query_id": ids, "level": [level[q] for q in ids]})
    pool = Pool("levels", ids, np.arange(7) * 20, correct, queries=queries)

    class Known(ttcsim.ALL["damani"]):
        def prior(self):
            return Prior("level", lambda alike, half: (float(alike.rates.mean()), np.nan))

    result = ttcsim.sweep(pool, [Known()], [total / 6], reps=1)
    value = (1 - (1 - p) ** result.outcomes[0].draws[:, 0]).sum()
    best = max(
        (1 - (1 - p) ** np.array(draws)).sum()
        for draws in itertools.product(range(total + 1), repeat=6)
        if sum(draws) == total
    ) if total <= 7 else None  # fmt: skip
    if best is None:
        gains = sorted((q * (1 - q) ** j for q in p for j in range(total)), reverse=True)
        best = sum(gains[:total])  # concave: the largest gains
    assert value == pytest.approx(best, rel=1e-12)


@checks("uab")
def test_uab_reads_the_first_draw_only():
    pool = make_pool("constant(0.5)", 2, 30, seed=1)
    logprob = np.where(np.arange(60) < 30, math.log(0.5), math.log(0.05)).astype(np.float32)
    pool = dataclasses.replace(pool, logprob=logprob, tokens=np.ones(60, np.int32))
    result = ttcsim.sweep(pool, ["uab"], [8.0], reps=3)
    draws = result.outcomes[0].draws[:, 0]
    # Query 0 has p = 0.5, query 1 p = 0.05: gains 0.5^(n+1) against 0.05 * 0.95^n, taken greedily after a draw each.
    expected = [1, 1]
    for _ in range(14):
        gains = [0.5 * 0.5 ** expected[0], 0.05 * 0.95 ** expected[1]]
        expected[int(np.argmax(gains))] += 1
    assert draws.tolist() == expected


@checks("bayes")
def test_bayes_is_elimination_when_outcomes_are_binary():
    pool = make_pool("beta(0.4,1.2)", 60, 50, seed=3)
    result = ttcsim.sweep(pool, ["elimination", "bayes"], [1, 2.5, 6], reps=40)
    first, second = result.outcomes
    assert (first.draws == second.draws).all()
    assert (first.per_rep["coverage"] == second.per_rep["coverage"]).all()


@checks("bayes")
def test_bayes_on_a_reward_shrinks_by_what_the_rewards_say():
    """The Beta-binomial likelihood of fractional sums ran to its bound: every query looked like the mean."""
    pool = make_pool("beta(2,2)", 200, 40, seed=5)
    policy = Bayes(signal="reward", gamma=2.0)  # nothing is ever solved, so that all keep their place
    fit = policy.setup(0, 0).fit
    first = np.array([pool.rewards["reward"][a : a + 6] for a in pool.offsets[:-1]], np.float64)
    rows = SimpleNamespace(draws=np.full(200, 6), signal_sum=first.sum(axis=1), signal_squares=(first**2).sum(axis=1))
    prior = SimpleNamespace(a=1.0, b=1.0)
    fit(rows, prior)
    within, between = first.var(axis=1, ddof=1).mean(), first.mean(axis=1).var(ddof=1)
    assert prior.a + prior.b == pytest.approx(within / (between - within / 6), rel=1e-9)
    assert 1 < prior.a + prior.b < 50
    assert prior.a / (prior.a + prior.b) == pytest.approx(first.mean())


def test_esc_counts_no_answer_as_an_answer():
    """As in the authors' code: a whole window of responses without an answer stops a query."""
    pool = make_pool("beta(1,1)", 3, 40, seed=0)
    answers = np.full((3, 40), -1, np.int32)
    answers[1] = np.arange(40) % 2
    answers[2] = 0
    pool = replace(pool, answers=answers.ravel())
    draws = ttcsim.sweep(pool, ["esc(cap=20)"], [20], reps=3).outcomes[0].draws[:, 0]
    assert draws[0] == draws[2] == 5
    assert draws[1] > 5


@checks("thompson")
def test_thompson_draws_by_the_chance_of_being_best():
    """After a draw of 1 and one of 0, P(Beta(2, 1) > Beta(1, 2)) = 5/6."""
    reps = 20_000
    pool = constant_rewards((1.0, 0.0), samples=4)
    draws = ttcsim.sweep(pool, ["thompson(signal=reward,gamma=2)"], [1.5], reps=reps).outcomes[0].draws[:, 0]
    assert abs(draws[0] - 1 - 5 / 6) < 4.5 * math.sqrt(5 / 36 / reps)


def test_thompson_prefers_what_has_failed_less():
    pool = make_pool("constant(0.0)", 40, 60, seed=4)
    draws = ttcsim.sweep(pool, ["thompson", "elimination"], [10], reps=30).outcomes
    assert draws[0].draws.sum() == draws[1].draws.sum() == 400
    # Posterior sampling spreads draws of one replication unevenly, but over replications no query is preferred.
    spread = draws[0].draws[:, 0].std(ddof=1)
    assert 0 < spread < 4.5 * 6 / math.sqrt(30)


@pytest.mark.parametrize("policy", ["elimination", "consensus(min=2)", "ucb", "entropy"])
@pytest.mark.parametrize("cost", ["samples", "tokens"])
def test_stream_spends_no_more_than_has_come_in(policy, cost):
    pool = ttcsim.load("builtin:smollm2-arithmetic")
    text = policy[:-1] + ",stream=true)" if policy.endswith(")") else policy + "(stream=true)"
    batch = policy if policy.startswith("consensus") else "elimination"
    result = ttcsim.sweep(pool, [text, batch, "uniform"], [2, 6], reps=50, cost=cost)
    stream, whole, uniform = result.outcomes
    assert (stream.spent <= np.array([2, 6]) + 1e-9).all()
    if batch == "elimination":  # Zuo & Zhu: streaming is near the batch, and both beat uniform
        ours, batch_value, base = (o.per_rep["coverage"].mean(axis=0)[1] for o in (stream, whole, uniform))
        assert base < ours
        assert cost == "tokens" or abs(ours - batch_value) < 0.03


def with_levels(seed, queries=300):
    """Two levels of difficulty, and a column that says which."""
    generator = np.random.default_rng(seed)
    easy = np.arange(queries) % 2 == 0
    rates = np.where(easy, generator.beta(4, 4, queries), generator.beta(0.5, 8, queries))
    correct = (generator.random((queries, 60)) < rates[:, None]).astype(np.uint8)
    ids = tuple(f"{i:04d}" for i in range(queries))
    level = pl.DataFrame({"query_id": ids, "level": np.where(easy, "easy", "hard")})
    return Pool("levels", ids, np.arange(queries + 1) * 60, correct.ravel(), queries=level)


@checks("bayes-index")
def test_bayes_index_beats_elimination_where_levels_tell_queries_apart():
    pool = with_levels(0)
    result = ttcsim.sweep(pool, ["elimination", "bayes-index"], [0.5, 1, 2], reps=200)
    table = ttcsim.compare(result, "elimination").sort("budget")
    assert table["lo_queries"][0] > 0.05  # half a draw each: the easy ones first
    assert (table["lo"] > 0).all()
    priors = cross_fit(pool, Prior("level", beta_law))
    easy = np.arange(300) % 2 == 0
    assert np.abs(priors.mean[easy] - 0.5).max() < 0.1
    assert np.abs(priors.mean[~easy] - 0.5 / 8.5).max() < 0.03


def test_predictions_never_use_a_query_s_own_outcomes():
    pool = with_levels(1, queries=40)
    for law in (mean_rate, beta_law):
        before = cross_fit(pool, Prior("level", law))
        for q in (0, 7, 23):
            correct = pool.correct.copy()
            correct[pool.offsets[q] : pool.offsets[q + 1]] ^= 1
            after = cross_fit(dataclasses.replace(pool, correct=correct), Prior("level", law))
            assert after.mean[q] == before.mean[q]
            assert (after.mean != before.mean).any()


def test_a_small_pool_s_priors_never_use_a_query_s_own_outcomes():
    """Ids whose hashes all lie in one half: nobody is fitted to itself for want of others."""
    ids = tuple(sorted(q for q in map(str, range(60)) if query_key(q) >> 63 == 1))[:5]
    for queries in (1, 2, 5):
        levels = pl.DataFrame({"query_id": ids[:queries], "level": ["a"] * queries})
        fitted = []
        for right in (0, 1):
            correct = np.tile(np.arange(6) % 2, queries).astype(np.uint8)
            correct[:6] = right
            pool = Pool("one half", ids[:queries], np.arange(queries + 1) * 6, correct, queries=levels)
            fitted.append(cross_fit(pool, Prior("level", mean_rate)).mean)
        assert fitted[0][0] == fitted[1][0]
        assert queries == 1 or (fitted[0] != fitted[1]).any()


def test_what_a_query_teaches_priors_is_in_its_contribution_and_in_no_value():
    pool = with_levels(1)
    result = ttcsim.sweep(pool, ["elimination", "bayes-index"], [1], reps=50)
    plain, taught = result.outcomes
    assert plain.taught == {} and (plain.influence("coverage") == plain.contribution("coverage")).all()
    moved = taught.taught["coverage"]
    assert np.abs(moved).max() > 0 and np.abs(moved.mean()) < 1e-12
    few = ttcsim.sweep(pool.subset(pool.query_ids[:8]), ["bayes-index"], [1], reps=5).frame
    assert few["lo_queries"].is_null().all() and few["lo"].is_not_null().all()


def constant_rewards(rewards, samples=4000):
    """A query for each reward, all of whose samples have it, none of them correct."""
    ids = tuple(f"{i:04d}" for i in range(len(rewards)))
    values = np.repeat(np.array(rewards, np.float32), samples)
    correct = np.zeros(len(values), np.uint8)
    return Pool("constant", ids, np.arange(len(rewards) + 1) * samples, correct, rewards={"reward": values})


def balance(index, total):
    """Draws of the first of two queries at which the indices ``index[q](n)`` meet, where `total` draws were made."""
    return optimize.brentq(lambda n: index[0](n) - index[1](total - n), 1e-3, total - 1e-3)


@checks("uniform")
def test_uniform_is_pass_at_k_by_its_binomials():
    sizes, right = np.array([6, 6, 9, 4]), np.array([0, 2, 3, 4])
    correct = np.concatenate([np.arange(m) < c for m, c in zip(sizes, right, strict=True)]).astype(np.uint8)
    pool = Pool("counts", tuple("abcd"), np.concatenate([[0], np.cumsum(sizes)]), correct)
    values = ttcsim.sweep(pool, ["uniform"], [1, 3], reps=20_000).frame["mean"]
    for k, value in zip((1, 3), values, strict=True):
        exact = np.mean([1 - math.comb(m - c, k) / math.comb(m, k) for m, c in zip(sizes, right, strict=True)])
        assert abs(value - exact) < 4.5 * 0.5 / math.sqrt(20_000)


@checks("elimination")
@pytest.mark.parametrize("k", [1, 3])
def test_elimination_pays_for_first_successes_in_blocks_of_k(k):
    """With replacement a block succeeds with probability 1 - (1-p)^k, and costs k."""
    pool = pool_of_law([0.2, 0.8], queries=100)
    mean, se = mean_draws(pool, f"elimination(k={k})")
    assert abs(mean - k / (1 - 0.8**k)) < 4.5 * se


@checks("ucb")
def test_ucb_leaves_indices_balanced():
    """At t draws the indices of UCB1 differ by less than a draw's worth: the counts solve that equation."""
    means, weight, t = (0.6, 0.4), 0.5, 600

    def index(mean):
        return lambda n: mean + weight * math.sqrt(2 * math.log(t + 1) / n)

    result = ttcsim.sweep(constant_rewards(means), [f"ucb(weight={weight},signal=reward)"], [t / 2], reps=1)
    assert abs(result.outcomes[0].draws[0, 0] - balance([index(m) for m in means], t)) < 2


@checks("gap")
@pytest.mark.parametrize("estimate", ["max", "mean"])
def test_gap_leaves_indices_balanced(estimate):
    means, gamma, weight, t = (0.7, 0.5), 0.9, 0.4, 600

    def index(mean):
        return lambda n: -abs(gamma - mean) + weight * math.sqrt(math.log(t + 1) / n)

    policy = f"gap(weight={weight},gamma={gamma},estimate={estimate},signal=reward)"
    result = ttcsim.sweep(constant_rewards(means), [policy], [t / 2], reps=1)
    assert abs(result.outcomes[0].draws[0, 0] - balance([index(m) for m in means], t)) < 2


@checks("entropy")
def test_entropy_leaves_indices_balanced():
    """One query never repeats an answer: its entropy after n draws is ln n; the other one always does."""
    weight, t, samples = 20.0, 600, 1000
    answers = np.concatenate([np.arange(samples), np.zeros(samples)]).astype(np.int32)
    labels = tuple(map(str, range(samples)))
    wrong = np.zeros(2 * samples, np.uint8)
    pool = Pool("varied", ("a", "b"), np.arange(3) * samples, wrong, answers=answers, answer_labels=labels)

    def bonus(n):
        return weight * math.sqrt(math.log(t + 1) / n)

    result = ttcsim.sweep(pool, [f"entropy(weight={weight})"], [t / 2], reps=1)
    expected = balance([lambda n: math.log(n) + bonus(n), bonus], t)
    assert abs(result.outcomes[0].draws[0, 0] - expected) < 2


@checks("consensus")
def test_consensus_waits_as_long_as_its_law_says():
    """Three answers as likely: the expected draws by going through every course of the votes."""
    law, share, least = (Fraction(1, 3),) * 3, Fraction(1, 2), 3

    @functools.cache
    def more(votes, depth=14):
        if sum(votes) >= least and max(votes) > share * sum(votes):
            return Fraction(0)
        if depth == 0:
            return Fraction(0)  # of probability below 2^-9 here; the tolerance below is wider
        grown = [tuple(v + (i == j) for j, v in enumerate(votes)) for i in range(len(law))]
        return 1 + sum(p * more(tuple(sorted(after)), depth - 1) for p, after in zip(law, grown, strict=True))

    answers = np.tile(np.arange(3, dtype=np.int32), 250)
    pool = Pool(
        "votes", tuple(f"{i:04d}" for i in range(250)), np.arange(251) * 3, np.zeros(750, np.uint8), answers=answers,
        answer_labels=("0", "1", "2"),
    )  # fmt: skip
    mean, se = mean_draws(pool, f"consensus(share=0.5,min=3,cap={14})", reps=60)
    assert abs(mean - float(more((0, 0, 0)))) < 4.5 * se


@checks("two-stage")
@pytest.mark.parametrize("share", [0.25, 0.5])
def test_two_stage_leaves_the_rest_to_what_is_unsolved(share):
    """Half of the queries are always solved: they get the share of the budget, the others that and all the rest."""
    correct = np.repeat(np.arange(10) % 2, 40).astype(np.uint8)
    pool = Pool("halves", tuple(f"{i:04d}" for i in range(10)), np.arange(11) * 40, correct)
    draws = ttcsim.sweep(pool, [f"two-stage(share={share})"], [8.0], reps=2).outcomes[0].draws[:, 0]
    first = share * 8
    assert draws[1::2] == pytest.approx(first)
    assert draws[::2] == pytest.approx(first + 2 * (8 - first))


def two_geometric(rates, most):
    """P(T_q = t) for t up to `most`, with replacement."""
    return [[0.0, *(p * (1 - p) ** (t - 1) for t in range(1, most + 1))] for p in rates]


@checks("clairvoyant", "prophet")
def test_oracles_have_the_value_that_their_definition_gives():
    """Two queries and b draws: the likelier first; or the one that is in fact solved sooner."""
    rates, total, reps = (0.4, 0.1), 6, 20_000
    correct = np.concatenate([np.arange(20) < 20 * p for p in rates]).astype(np.uint8)
    pool = Pool("two", ("a", "b"), np.arange(3) * 20, correct)
    first, second = two_geometric(rates, total)
    both = sum(first[t] * sum(second[: total - t + 1]) for t in range(total + 1))
    exact = {
        "clairvoyant": (sum(first) + both) / 2,
        "prophet": (1 - (1 - sum(first)) * (1 - sum(second)) + both) / 2,
    }
    frame = ttcsim.sweep(pool, list(exact), [total / 2], reps=reps, replay="bootstrap").frame
    for name, value in exact.items():
        assert abs(frame.filter(policy=name)["mean"].item() - value) < 4.5 * 0.5 / math.sqrt(reps)
