"""Fresh sets of queries of one law, to see whether 95 % intervals for new queries cover 95 % of the time."""

import math

import numpy as np
from scipy.integrate import quad
from scipy.stats import beta

from ttcsim.pool import Pool

A, B, UNSOLVABLE = 0.4, 1.2, 0.1


def within(share, trials, low=0.93, high=0.97):
    """Whether a share of covering intervals is 93 to 97 %, up to 4.5 standard errors: an error rate below 1e-5."""
    error = 4.5 * math.sqrt(0.95 * 0.05 / trials)
    return low - error <= share <= high + error


def random_rates(seed, queries=80):
    """Free draws from 0.1 * [rate 0] + 0.9 * Beta(0.4, 1.2)."""
    generator = np.random.default_rng(seed)
    return generator.beta(A, B, queries) * (generator.random(queries) > UNSOLVABLE), generator


def random_pool(seed, queries=80, samples=40):
    rates, generator = random_rates(seed, queries)
    return Pool(
        name="random",
        query_ids=tuple(f"{i:03d}" for i in range(queries)),
        offsets=np.arange(queries + 1, dtype=np.int64) * samples,
        correct=(generator.random((queries, samples)) < rates[:, None]).astype(np.uint8).ravel(),
    )


def pass_at(k):
    """Mean coverage of k draws each over all queries of the law."""
    failing = np.exp(math.lgamma(A + B) - math.lgamma(B) + math.lgamma(B + k) - math.lgamma(A + B + k))
    return (1 - UNSOLVABLE) * (1 - failing)


def cost_of(rounds):
    """Mean cost of drawing until solved, at most `rounds` times, over all queries of the law."""
    inside = quad(lambda u: sum((1 - beta.ppf(u, A, B)) ** t for t in range(rounds)), 0, 1)[0]
    return (1 - UNSOLVABLE) * inside + UNSOLVABLE * rounds
