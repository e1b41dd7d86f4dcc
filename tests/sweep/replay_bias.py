"""How far replays of a small pool are from fresh samples: ``python -m tests.sweep.replay_bias [POOLS]``.

A big pool stands for the model: replayed without replacement it shows fresh samples, since no query comes near its end.
Small pools are random parts of it, so that what their replays say on average, minus that, is the bias of replay.
"""

import sys
import warnings
from dataclasses import replace

import numpy as np

import ttcsim
from ttcsim.pool.worlds import make_pool
from ttcsim.theory.tail import continued

QUERIES, WHOLE, LONGER = 40, 4096, 2048
CASES = ((16, 4), (16, 8), (64, 8), (64, 32))
"""Samples a query, and average draws per query."""
POLICIES = ("uniform", "elimination", "ucb", "entropy", "two-stage", "thompson")


def part_of(pool, samples, generator):
    """A pool of so many samples of each query, drawn without replacement."""
    chosen = np.concatenate(
        [start + np.sort(generator.choice(WHOLE, samples, replace=False)) for start in pool.offsets[:-1]]
    )
    return replace(
        pool, offsets=np.arange(QUERIES + 1, dtype=np.int64) * samples, correct=pool.correct[chosen],
        rewards={name: values[chosen] for name, values in pool.rewards.items()}, tokens=pool.tokens[chosen],
        answers=pool.answers[chosen],
    )  # fmt: skip


def coverage(pool, policies, budget, *, reps, how="permute"):
    """Coverage by policy, f8[P], and the share of queries that ran out, f8[P]."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = ttcsim.sweep(pool, policies, [budget], reps=reps, replay=how).frame.filter(metric="coverage")
    return frame["mean"].to_numpy(), frame["exhausted"].to_numpy()


def biases(samples, budget, *, pools, policies=POLICIES, seed=0):
    """Bias of every kind of replay and its standard error, f8[P] each, and the share of queries that ran out."""
    model = make_pool("beta(0.4,1.2,unsolvable=0.1)", QUERIES, WHOLE, seed=seed)
    truth, _ = coverage(model, policies, budget, reps=4000)
    generator = np.random.default_rng(seed)
    found = {"permute": [], "bootstrap": [], "continued": []}
    out = []
    for turn in range(pools):
        one = part_of(model, samples, generator)
        for how, values in found.items():
            longer = how == "continued"
            subject = continued(one, LONGER, seed=turn) if longer else one
            value, exhausted = coverage(subject, policies, budget, reps=20, how="permute" if longer else how)
            values.append(value)
            if how == "permute":
                out.append(exhausted)
    summary = {how: np.array(values) for how, values in found.items()}
    return {
        how: (values.mean(axis=0) - truth, values.std(axis=0, ddof=1) / np.sqrt(pools))
        for how, values in summary.items()
    }, np.mean(out, axis=0)


def main():
    pools = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(
        "| samples a query, budget | policy | queries used up | without replacement | with replacement "
        "| continued by a law |"
    )
    print("|---|---|---|---|---|---|")
    for samples, budget in CASES:
        found, used_up = biases(samples, budget, pools=pools)
        for i, policy in enumerate(POLICIES):
            cells = [f"{100 * bias[i]:+.1f} ± {196 * error[i]:.1f}" for bias, error in found.values()]
            print(f"| {samples}, {budget} | {policy} | {used_up[i]:.0%} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
