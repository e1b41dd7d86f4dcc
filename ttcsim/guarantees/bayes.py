"""G6: what is best when only outcomes are seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import scipy
from numpy.typing import NDArray

from ttcsim.compiled.special import beta_variate, fit_beta
from ttcsim.guarantees.decide import ALPHA, alike, always, exactly
from ttcsim.guarantees.plain import priors, rng, values
from ttcsim.guarantees.plain.world import tiny, to_pool
from ttcsim.guarantees.study import Study
from ttcsim.policies.priors import Prior, beta_law, mean_rate
from ttcsim.replay.cross_fit import cross_fit
from ttcsim.statistics.claim import Claim
from ttcsim.theory import bayes

QUERIES, DRAWS = 3, 7


def claims(study: Study) -> Iterator[Claim]:
    """Values of play and priors on small cases; exact programmes with the prior of this pool; empirical Bayes on it."""
    yield from _values_of_play()
    yield from _beta_laws(study)
    yield from _priors(study)
    pool = study.pool
    hits = pool.successes.astype(np.float64)
    a, b = fit_beta(1.0, 1.0, hits, pool.sizes - hits, 50)
    same = np.tile(bayes.beta_hazards(a, b, DRAWS), (QUERIES, 1))
    optimum = bayes.optimal_value(same, DRAWS)
    rounds = bayes.index_value(same, DRAWS, lambda q, f: -float(f))
    prior = f"Beta({a:.3g}, {b:.3g})"
    yield exactly("G6", f"elimination is Bayes-optimal under one prior, {prior} (exact)", optimum, rounds)
    parts = np.array_split(np.argsort(pool.rates, kind="stable"), QUERIES)
    fits = [fit_beta(1.0, 1.0, hits[p], (pool.sizes - hits)[p], 50) for p in parts if len(p)]
    own = np.stack([bayes.beta_hazards(fit[0], fit[1], DRAWS) for fit in fits])
    words = "the posterior mean is Bayes-optimal under priors per query, those of this pool's thirds (exact)"
    yield exactly("G6", words, bayes.optimal_value(own, DRAWS), bayes.myopic_value(own, DRAWS))
    first, second = study.sweep(["elimination", "bayes"], study.inside, reps=study.few).outcomes
    moved = float(np.abs(first.per_rep["coverage"] - second.per_rep["coverage"]).max())
    yield exactly("G6", "empirical Bayes on binary outcomes is elimination in every replay", 0.0, moved)


_LEFT = ((Fraction(2, 3), Fraction(1, 5)), (Fraction(1, 3), Fraction(3, 4)))  # (weight, rate) of one query's prior
_RIGHT = ((Fraction(1, 3), Fraction(1, 2)), (Fraction(2, 3), Fraction(1, 4)))
_PLAYED = 4


def _prior(law: tuple[tuple[Fraction, Fraction], ...]) -> tuple[list[float], list[float]]:
    """Rates and weights of a prior, the weights summing to 1."""
    total = sum((w for w, _ in law), start=Fraction(0))
    return [float(rate) for _, rate in law], [float(w / total) for w, _ in law]


def _values_of_play() -> Iterator[Claim]:
    own = [(Fraction(wa) * wb, (pa, pb)) for wa, pa in _LEFT for wb, pb in _RIGHT]
    total = sum((w for w, _ in own), start=Fraction(0))
    best = values.best_play([(w / total, rates) for w, rates in own], _PLAYED)
    table = [
        bayes.discrete_hazards(np.array(_prior(law)[0]), np.array(_prior(law)[1]), _PLAYED) for law in (_LEFT, _RIGHT)
    ]
    found = bayes.optimal_value(np.stack(table), _PLAYED), bayes.myopic_value(np.stack(table), _PLAYED)
    words = "Bayes-optimal and myopic play of two queries with priors of their own = the best of all ways to play"
    yield alike("G6", words, [(best, value) for value in found])
    rates, weights = _prior(_RIGHT)
    shared = [(Fraction(w), (Fraction(p),) * 2) for p, w in zip(rates, weights, strict=True)]
    constant = np.repeat(np.array(rates)[:, None], _PLAYED, axis=1)
    common = bayes.common_prior_value(constant, np.array(weights), 2, _PLAYED)
    rounds = bayes.common_prior_value(constant, np.array(weights), 2, _PLAYED, lambda f: -float(f))
    best = values.best_play(shared, _PLAYED)
    words = "Bayes-optimal play of two queries of one unknown rate, and rounds, = the best of all ways to play"
    yield alike("G6", words, [(best, common), (best, rounds)])
    hazards = bayes.beta_hazards(2, 3, 6)
    failing = [1 - values.beta_pass_at_k(2, 3, k) for k in range(7)]
    words = "P(success | f failures) under Beta(2, 3) = that of its moments"
    yield alike("G6", words, [(1 - failing[f + 1] / failing[f], hazards[f]) for f in range(6)])


def _beta_laws(study: Study) -> Iterator[Claim]:
    """What rules compute with: random numbers of a Beta law, and its fit."""
    chance = np.random.default_rng([study.seed, 6])
    for a, b in ((1.0, 3.0), (2.5, 1.5), (0.5, 0.7)):
        keys = [np.uint64(rng.mix(int(k))) for k in chance.integers(0, 2**63, 1000)]
        drawn = np.array([beta_variate(key, a, b) for key in keys])
        p = float(scipy.stats.kstest(drawn, scipy.stats.beta(a, b).cdf).pvalue)
        words = (
            f"random numbers of Beta({a:g}, {b:g}) have its law (Kolmogorov and Smirnov: p-value at least {ALPHA:g})"
        )
        yield always("G6", words, np.array([p - ALPHA]))
    hits = chance.binomial(12, chance.beta(0.8, 1.7, 60)).astype(np.float64)

    def cost(v: NDArray[np.float64]) -> float:
        a, b = np.exp(v)
        return float(-(scipy.special.betaln(a + hits, b + 12 - hits) - scipy.special.betaln(a, b)).sum())

    best = scipy.optimize.minimize(cost, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11})
    fitted = fit_beta(1.0, 1.0, hits, 12 - hits, 50)
    pairs = [*zip(np.exp(best.x), fitted, strict=True)]
    yield alike("G6", "the fitted Beta law is the likeliest, by a search that knows no derivatives", pairs, 1e-3)


def _priors(study: Study) -> Iterator[Claim]:
    laws: tuple[tuple[str, Callable[..., tuple[float, float]]], ...] = (
        ("mean rate", mean_rate),
        ("Beta law", beta_law),
    )
    for name, law in laws:
        pairs, moved = [], 0.0
        for seed in range(study.seed, study.seed + 3):
            plain = tiny(seed, queries=14)
            found = cross_fit(to_pool(plain), Prior("level", law))
            mean, worth = priors.expected(plain, beta=law is beta_law)
            pairs += [*zip(mean, found.mean, strict=True)]
            if law is beta_law:
                pairs += [*zip(worth, found.draws, strict=True)]
            for q, (query_id, samples) in enumerate(plain.items()):
                other = {**plain, query_id: [{**s, "correct": not s["correct"]} for s in samples]}
                again = cross_fit(to_pool(other), Prior("level", law))
                moved = max(moved, abs(float(again.mean[q] - found.mean[q])))
        yield alike("G6", f"the {name} expected of a query is that of its level in the other half", pairs, 1e-6)
        words = f"the {name} expected of a query stays when all of its own outcomes are turned round"
        yield exactly("G6", words, 0.0, moved, 0.0)
