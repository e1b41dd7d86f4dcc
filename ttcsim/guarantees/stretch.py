"""G7: after T rounds elimination covers pass@T, at the cost sum of (1 - pass@t)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ttcsim.guarantees.decide import alike, on_average
from ttcsim.guarantees.plain import values
from ttcsim.guarantees.plain.values import SMALL, counts
from ttcsim.guarantees.study import Study
from ttcsim.replay.by_rate import elimination_by_rate
from ttcsim.statistics.claim import Claim
from ttcsim.theory import elimination_coverage, first_success, law_from_curve, pass_at_k, stretch_law, stretched

_TOTALS = (1, 3, 5, 8, 12)


def claims(study: Study) -> Iterator[Claim]:
    """The law on a small pool, then replayed at a few numbers of rounds."""
    yield from _small_cases()
    yield from _by_rate(study)
    pool = study.pool
    for replay, _ in study.replays():
        for rounds in (2, 8, 32):
            if replay == "permute" and rounds > pool.sizes.max():
                continue
            law = stretch_law(pool.sizes, pool.successes, rounds, replay=replay)
            outcome = study.outcome(f"elimination(cap={rounds})", rounds, replay=replay)
            words = f"after {rounds} rounds elimination covers pass@{rounds} ({replay})"
            yield on_average("G7", words, float(law.coverage[-1]), outcome.per_rep["coverage"][:, 0], step=study.step)
            words = f"after {rounds} rounds it has cost sum over t < {rounds} of 1 - pass@t per query ({replay})"
            yield on_average(
                "G7", words, float(law.budget[-1]), outcome.spent[:, 0], step=rounds * study.step, most=rounds
            )


def _small_cases() -> Iterator[Claim]:
    for replay in ("permute", "bootstrap"):
        law = stretch_law(*counts(SMALL), 7, replay=replay)
        pairs: list[tuple[float, float]] = []
        for rounds in range(1, 8):
            own = (law.coverage[rounds], law.budget[rounds])
            pairs += zip(values.rounds_of_elimination(SMALL, rounds, replay), own, strict=True)
        yield alike("G7", f"the law after 1 to 7 rounds = every case of a small pool gone through ({replay})", pairs)
        exact = [elimination_coverage(*counts(SMALL), t, replay=replay).value for t in _TOTALS]
        pairs = [(values.elimination_coverage(SMALL, t, replay), v) for t, v in zip(_TOTALS, exact, strict=True)]
        yield alike("G7", f"exact coverage of elimination = every case of a small pool gone through ({replay})", pairs)
        pairs = []
        for (m, c), own_law in zip(SMALL, first_success(*counts(SMALL), 6, replay=replay), strict=True):
            places = values.first_success_law(m, c, 6, replay)
            pairs += [(float(places.get(t, 0)), own_law[t - 1]) for t in range(1, 7)]
        yield alike("G7", f"law of the first success = the places of the correct samples listed ({replay})", pairs)
    whole = stretch_law(*counts(SMALL), 3)
    curve = [float(pass_at_k(*counts(SMALL), k).mean()) for k in (1, 2, 3)]
    known = law_from_curve(np.array([1.0, 2.0, 3.0]), np.array(curve))
    pairs = [*zip(whole.budget, known.budget, strict=True), *zip(whole.coverage, known.coverage, strict=True)]
    yield alike("G7", "the law from uniform's curve alone = that of the pool behind it", pairs)
    coverage, efficiency = stretched(whole, np.array([whole.budget[2], (whole.budget[1] + whole.budget[2]) / 2]))
    half = (whole.coverage[1] + whole.coverage[2]) / 2
    pairs = [(whole.coverage[2], coverage[0]), (half, coverage[1]), (2 / whole.budget[2], efficiency[0])]
    yield alike("G7", "between rounds the law is a straight line; its efficiency is rounds over their cost", pairs)


def _by_rate(study: Study) -> Iterator[Claim]:
    """The replay that knows only rates, on the rates of a small pool."""
    found = elimination_by_rate(np.array([c / m for m, c in SMALL]), [2.0], reps=max(study.reps, 4000), seed=study.seed)
    exact = values.elimination_coverage(SMALL, 2 * len(SMALL), "bootstrap")
    words = "elimination replayed from rates alone covers what going through every case says"
    yield on_average("G7", words, exact, found.coverage[:, 0], step=1 / len(SMALL))
