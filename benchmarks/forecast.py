"""How far is a forecast from the run? And what do 10^12 draws of all published policies take?"""

from __future__ import annotations

import itertools
import time

import ttcsim
from ttcsim.replay.forecast import forecast

POOL = "builtin:smollm2-arithmetic"
SWEEPS = {
    "rounds and events": (["uniform", "elimination", "two-stage", "prophet"], {"reps": 20_000}),
    "rules": (["ucb", "entropy", "thompson", "bayes-index"], {"reps": 400}),
    "votes": (["uniform", "consensus", "adaptive-consistency"], {"reps": 1_000, "selectors": ["majority"]}),
}
BUDGETS, ROUNDS = [1, 2, 4, 8, 16], 3
MANY, HOUR = 10**12, 3600


def main():
    pool = ttcsim.load(POOL)
    print("| sweep | forecast, seconds of a core (95 %) | run, seconds of a core | run / forecast |\n|---|---|---|---|")
    for (words, (policies, options)), _ in itertools.product(SWEEPS.items(), range(ROUNDS)):
        total = forecast(pool, policies, BUDGETS, **options).total
        begun = time.process_time()
        ttcsim.sweep(pool, policies, BUDGETS, **options)
        run = time.process_time() - begun
        told = f"{total.seconds:.1f} ({total.lo:.1f} to {total.hi:.1f})"
        print(f"| {words} | {told} | {run:.1f} | {run / total.seconds:.2f} |")
    one = forecast(pool, ["all"], [64], reps=1).total.draws
    reps = round(MANY / one)
    found = forecast(pool, ["all"], [64], reps=reps)
    print(f"\n`ttcsim sweep {POOL} -p all -b 64 --reps {reps} --dry-run --within {HOUR}`:\n")
    print(
        f"{found.total.draws:.3g} draws take {found.total.seconds / HOUR:.3g} hours of one core (95 % "
        f"{found.total.lo / HOUR:.3g} to {found.total.hi / HOUR:.3g}) and {found.memory / 2**30:.2g} GiB; "
        f"within an hour {found.cores(HOUR)} cores like these."
    )
    slowest = sorted(found.efforts, key=lambda effort: -effort.seconds)[:3]
    print(f"Most of it: {', '.join(f'{e.policy} {e.seconds / found.total.seconds:.0%}' for e in slowest)}.")


if __name__ == "__main__":
    main()
