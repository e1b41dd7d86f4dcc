"""How far is a forecast from the run? And what do 10^12 draws of all published policies take?"""

from __future__ import annotations

import itertools
import time

from tables import Found, Table, tell

import ttcsim
from ttcsim.replay.forecast import forecast

POOL = "builtin:smollm2-arithmetic"
SWEEPS = {
    "rounds and events": (["uniform", "elimination", "two-stage", "prophet"], {"reps": 20_000}),
    "rules": (["ucb", "entropy", "thompson", "bayes-index"], {"reps": 400}),
    "votes": (["uniform", "consensus", "adaptive-consistency"], {"reps": 1_000, "selectors": ["majority"]}),
}
BUDGETS, ROUNDS, QUICK_ROUNDS = [1, 2, 4, 8, 16], 3, 1
MANY, HOUR = 10**12, 3600


def find(quick):
    pool, rows = ttcsim.load(POOL), []
    for (words, (policies, options)), _ in itertools.product(SWEEPS.items(), range(QUICK_ROUNDS if quick else ROUNDS)):
        total = forecast(pool, policies, BUDGETS, **options).total
        begun = time.process_time()
        ttcsim.sweep(pool, policies, BUDGETS, **options)
        run = time.process_time() - begun
        rows.append((words, total.seconds, f"{total.lo:.1f} to {total.hi:.1f}", run, run / total.seconds))
    one = forecast(pool, ["all"], [64], reps=1).total.draws
    reps = round(MANY / one)
    found = forecast(pool, ["all"], [64], reps=reps)
    slowest = sorted(found.efforts, key=lambda effort: -effort.seconds)[:3]
    share = ", ".join(f"{effort.policy} {effort.seconds / found.total.seconds:.0%}" for effort in slowest)
    foreseen = (
        f"{found.total.draws:.3g} draws take {found.total.seconds / HOUR:.3g} hours of one core (95 % "
        f"{found.total.lo / HOUR:.3g} to {found.total.hi / HOUR:.3g}) and {found.memory / 2**30:.2g} GiB; "
        f"within an hour {found.cores(HOUR)} cores like these. "
        f"Most of it: {share}."
    )
    heads = "sweep", "forecast, seconds of a core", "95 %", "run, seconds of a core", "run / forecast"
    return Found(
        (
            Table(heads, ("", "{:.1f}", "", "{:.1f}", "{:.2f}"), rows),
            f"`ttcsim sweep {POOL} -p all -b 64 --reps {reps} --dry-run --within {HOUR}`:",
            foreseen,
        )
    )


if __name__ == "__main__":
    tell(find, __doc__)
