"""Digests of replays of every policy: the choices and the bits that a change of the engine has to leave as they are.

``python -m tests.golden.replays`` writes them anew, which is for a change of behaviour that is meant and explained.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path

import numpy as np

import ttcsim
from ttcsim.policies import ZOO
from ttcsim.pool.worlds import make_pool

FILE = Path(__file__).with_name("replays.json")
BUDGETS = (0.5, 1, 2.3, 4, 9)
REPS = 6
SELECTORS = ("first", "best", "majority", "weighted")
CONFIDENT = (
    "best(by=confidence)", "weighted(by=confidence)", "deepconf", "deepconf(keep=60)", "cisc", "cisc(temperature=0.05)",
    "borda", "borda(p=2)",
)  # fmt: skip
VARIANTS = (
    "elimination(k=2,cap=5)",
    "elimination(gamma=0.75,signal=reward)",
    "elimination(stream=true,k=2,cap=4)",
    "ucb(weight=0.5,k=2,signal=reward,cap=6)",
    "ucb(stream=true)",
    "gap(gamma=0.75,signal=reward)",
    "gap(weight=0,estimate=mean,signal=reward)",
    "entropy(weight=0,k=2)",
    "entropy(weight=0.3)",
    "consensus(min=2,stream=true,cap=7)",
    "thompson(a=0.5,b=2,signal=reward)",
    "bayes(signal=reward,gamma=0.75)",
    "adabon(share=0.5)",
    "uab(base=2,tau=0.5)",
    "damani(eliminate=true)",
    "slg(m=2,tail=0.5,horizon=8)",
    "slg(m=3,tail=1,gamma=0.75,cap=7)",
    "esc(k=2,cap=8)",
    "elimination(gamma=0.9,signal=confidence)",
    "doubling(share=0.6,cap=16)",
    "bayes-factor(factor=30,cap=120)",
    "consol(variant=beta,cap=40)",
    "deepconf(min=2,share=0.6)",
    "deepconf(min=4,share=0.8,signal=reward)",
    "bayes-stop(confidence=0.7,keep=2,law='0.4/0.3/0.2/0.1')",
    "bayes-stop(confidence=0.7,keep=3,law='0.4/0.3/0.2/0.1')",
)


def pools():
    """A part of the built-in pool, which has every column, and a synthetic one."""
    whole = ttcsim.load("builtin:smollm2-arithmetic")
    return {
        "built-in": whole.subset(whole.query_ids[::8]),
        "world": make_pool("beta(0.4,1.2,unsolvable=0.1)", 50, 24, seed=3),
    }


def digest(outcome):
    """Hash of all that a replay gives: values and spending of every replication, draws and values of every query."""
    arrays = {"spent": outcome.spent, "exhausted": outcome.exhausted, "draws": outcome.draws}
    arrays |= {f"rep {name}": values for name, values in outcome.per_rep.items()}
    arrays |= {f"query {name}": values for name, values in outcome.per_query.items()}
    return digest_of(arrays)


def digest_of(arrays):
    """Hash of arrays by name."""
    state = hashlib.blake2b(digest_size=12)
    for name in sorted(arrays):
        state.update(name.encode())
        state.update(np.ascontiguousarray(arrays[name], np.float64).tobytes())
    return state.hexdigest()


def digests():
    """One entry per pool, replay, cost and policy."""
    found = {}
    for label, pool in pools().items():
        for replay in ("permute", "bootstrap"):
            for cost in ("samples", "tokens"):
                mean = float(pool.tokens.mean()) if cost == "tokens" else 1.0
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    result = ttcsim.sweep(
                        pool, [*ZOO, *VARIANTS], [b * mean for b in BUDGETS], reps=REPS, seed=7, cost=cost,
                        replay=replay, selectors=SELECTORS, reward="reward", skip_unfit=True,
                    )  # fmt: skip
                for outcome in result.outcomes:
                    found[f"{label} {replay} {cost} {outcome.policy}"] = digest(outcome)
            if label == "built-in":
                result = ttcsim.sweep(pool, ["uniform"], BUDGETS, reps=REPS, seed=7, replay=replay, selectors=CONFIDENT)
                for selector in CONFIDENT:
                    metric = f"accuracy_{selector}"
                    kept = {"rep": result.outcomes[0].per_rep[metric], "query": result.outcomes[0].per_query[metric]}
                    found[f"{label} {replay} {selector}"] = digest_of(kept)
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(digests(), indent=0) + "\n")
