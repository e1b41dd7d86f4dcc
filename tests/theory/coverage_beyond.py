"""How often the limits of `extrapolate` hold what they promise: ``python -m tests.theory.coverage_beyond [SETS]``."""

import sys

import numpy as np

from ttcsim.theory.extrapolate import extrapolate

QUERIES, MADE = 200, 100
BEYOND = np.array([100.0, 1_000.0, 10_000.0])


def _some(share, one, other):
    return lambda n, g: np.where(g.random(n) < share, one(n, g), other(n, g))


def _zero(n, g):
    return np.zeros(n)


def _beta(a, b):
    return lambda n, g: g.beta(a, b, n)


TRUTHS = {
    "Beta(0.4, 1.2)": _beta(0.4, 1.2),
    "Beta(0.2, 8)": _beta(0.2, 8),
    "Kumaraswamy(0.5, 3)": lambda n, g: (1 - (1 - g.random(n)) ** (1 / 3)) ** 2,
    "zero-inflated": _some(0.2, _zero, _beta(0.5, 2)),
    "log-normal": lambda n, g: np.minimum(1, np.exp(g.normal(-4, 2, n))),
    "bimodal": _some(0.5, _beta(8, 2), _beta(1, 60)),
    "bimodal with zeros": _some(0.5, _beta(8, 2), _some(0.4, _zero, _beta(1, 200))),
}
"""Laws of success rates, (queries, generator) -> rates."""


def simulate(draw, *, sets, resamples, seed):
    """Share of query sets whose limits hold the truth of the law at `BEYOND`, by family."""
    generator = np.random.default_rng(seed)
    many = draw(400_000, generator)
    truth = np.array([(1 - (1 - many) ** k).mean() for k in BEYOND])
    hits = {"auto": np.zeros(len(BEYOND)), "beta": np.zeros(len(BEYOND))}
    sizes = np.full(QUERIES, MADE)
    for _ in range(sets):
        successes = generator.binomial(sizes, draw(QUERIES, generator))
        found = extrapolate(sizes, successes, BEYOND, resamples=resamples)
        beta = found.laws[0]
        hits["auto"] += (found.lo <= truth) & (truth <= found.hi)
        hits["beta"] += (beta.lo <= truth) & (truth <= beta.hi)
    return {name: count / sets for name, count in hits.items()}


def main():
    sets = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(
        f"| law of the rates ({sets} sets) | all laws, at 100 | 1,000 | 10,000 | Beta alone, at 100 | 1,000 | 10,000 |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, draw in TRUTHS.items():
        found = simulate(draw, sets=sets, resamples=100, seed=0)
        cells = [f"{share:.0%}" for family in ("auto", "beta") for share in found[family]]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
