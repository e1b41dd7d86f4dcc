"""What Snell et al. found, asked of strategy runs: each claim with its numbers and a verdict.

A comparison holds beyond chance when its paired 95 % interval for new queries lies on one side of zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.statistics.intervals import query_interval
from ttcsim.strategies.questions.difficulty import Difficulty, difficulty
from ttcsim.strategies.questions.flops import flops_matched
from ttcsim.strategies.questions.optimal import compute_optimal
from ttcsim.strategies.questions.ratio import ratio_sweep
from ttcsim.strategies.runs import BEST_OF_N, StrategyRuns

HOLDS, FAILS, CANNOT = "holds", "does not hold", "cannot be asked"


@dataclass(frozen=True)
class Finding:
    """One claim of the paper and what came of it."""

    claim: str
    verdict: str
    numbers: str


def findings(table: StrategyRuns, *, bins: int = 5, seed: int = 0) -> list[Finding]:
    """All claims, in the order of the paper; those that the runs cannot answer say what is missing."""
    which = difficulty(table.pool, bins=bins)
    ask = _Ask(table, which, seed)
    claims: list[tuple[str, Callable[[], tuple[bool, str]]]] = [
        ("Beam search beats best-of-N at a small budget (5.2).", ask.beam_at_small),
        ("Its gain shrinks or reverses at a large budget (5.2).", ask.beam_at_large),
        ("On easy questions beam search gets worse with budget: over-optimisation (5.2).", ask.over_optimisation),
        ("On harder questions beam search beats best-of-N (5.2).", ask.beam_on_hard),
        ("Lookahead is the worst at equal cost (5.2).", ask.lookahead),
        ("Easy questions favour sequential revisions, hard ones a mix (6.2).", ask.ratios),
        ("Compute-optimal needs at most half of best-of-N's budget somewhere (5.3, 6.2).", ask.efficiency),
        ("Predicted difficulty serves nearly as well as oracle difficulty (5.3).", ask.predicted),
        ("Test-time compute beats the larger model on easier questions, pretraining on the hardest (7).", ask.exchange),
    ]
    found = []
    for claim, answer in claims:
        try:
            holds, numbers = answer()
            found.append(Finding(claim, HOLDS if holds else FAILS, numbers))
        except InputError as error:
            found.append(Finding(claim, CANNOT, str(error)))
    return found


class _Ask:
    def __init__(self, table: StrategyRuns, which: Difficulty, seed: int) -> None:
        self.table, self.which, self.seed = table, which, seed
        self.complete = table.complete()

    def budgets(self, *names: str) -> list[int]:
        """Budgets from 4 on at which every query has all of these strategies."""
        for name in names:
            if name not in self.table.strategies:
                raise InputError(f"there are no runs of {name}")
        rows = [self.table.index(name) for name in names]
        shared = [b for i, b in enumerate(self.table.budgets) if b >= 4 and all(self.complete[s, i] for s in rows)]
        if not shared:
            raise InputError(f"{' and '.join(names)} share no budget of 4 or more")
        return shared

    def search(self) -> str:
        """The beam search to speak of: M = sqrt(N) where there is one, as the paper's strongest at small budgets."""
        beams = [s for s in self.table.strategies if s.startswith("beam(")]
        if not beams:
            raise InputError("there are no runs of beam search")
        return "beam(m=sqrt)" if "beam(m=sqrt)" in beams else beams[0]

    def values(self, name: str, budget: int) -> NDArray[np.float64]:
        return self.table.rate[:, self.table.index(name), self.table.budgets.index(budget)]

    def gap(
        self, a: NDArray[np.float64], b: NDArray[np.float64], own: NDArray[np.int64] | None = None
    ) -> tuple[float, float, float]:
        """Mean paired difference with its 95 % limits for new queries."""
        difference = (a - b)[slice(None) if own is None else own]
        lo, hi = query_interval(difference[:, None], self.seed)
        return float(difference.mean()), float(lo[0]), float(hi[0])

    def members(self, d: int) -> NDArray[np.int64]:
        own = np.flatnonzero(self.which.bins == d)
        if len(own) < 2:
            raise InputError(f"bin {d + 1} has {len(own)} queries")
        return own

    def beam_at_small(self) -> tuple[bool, str]:
        beam = self.search()
        budget = self.budgets(beam, BEST_OF_N)[0]
        gap = self.gap(self.values(beam, budget), self.values(BEST_OF_N, budget))
        return gap[1] > 0, f"{beam} at {budget}: {_points(gap)}"

    def beam_at_large(self) -> tuple[bool, str]:
        beam = self.search()
        shared = self.budgets(beam, BEST_OF_N)
        small, large = shared[0], shared[-1]
        if small == large:
            raise InputError(f"{beam} and {BEST_OF_N} share only the budget {small}")
        first = self.values(beam, small) - self.values(BEST_OF_N, small)
        last = self.values(beam, large) - self.values(BEST_OF_N, large)
        change = self.gap(last, first)
        return change[
            2
        ] < 0, f"{beam}: {_points(self.gap(last, 0 * last))} at {large}, {_points(change)} against {small}"

    def over_optimisation(self) -> tuple[bool, str]:
        beam = self.search()
        budgets = self.budgets(beam)
        own = self.members(0)
        gap = self.gap(self.values(beam, budgets[-1]), self.values(beam, budgets[0]), own)
        return gap[2] < 0, f"{beam} in bin 1, from {budgets[0]} to {budgets[-1]}: {_points(gap)}"

    def beam_on_hard(self) -> tuple[bool, str]:
        names = [s for s in self.table.strategies if s.startswith("beam(")]
        told, good = [], 0
        bins = [d for d in (2, 3) if d < self.which.n_bins]
        for d in bins:
            own = self.members(d)
            budget = self.budgets(names[0] if names else "beam", BEST_OF_N)[0]
            gaps = [self.gap(self.values(n, budget), self.values(BEST_OF_N, budget), own) for n in names]
            best = max(gaps)
            good += best[1] > 0
            told.append(f"bin {d + 1} at {budget}: {_points(best)}")
        return good == len(bins) > 0, "; ".join(told)

    def lookahead(self) -> tuple[bool, str]:
        ahead = [s for s in self.table.strategies if s.startswith("lookahead(")]
        if not ahead:
            raise InputError("there are no runs of lookahead search")
        told, good = [], True
        name = max(ahead, key=lambda s: (s.startswith("lookahead(k=3,m=4"), s))
        for budget in self.budgets(name, self.search(), BEST_OF_N):
            others = max(self.values(BEST_OF_N, budget).mean(), self.values(self.search(), budget).mean())
            mine = self.values(name, budget).mean()
            good &= bool(mine < others)
            told.append(f"{mine:.1%} against {others:.1%} at {budget}")
        return good, f"{name}: {', '.join(told)}"

    def ratios(self) -> tuple[bool, str]:
        chains = [b for b in self.table.budgets if b >= 4 and self._splits(b) >= 3]
        if not chains:
            raise InputError("there are no revisions with three or more splits of one budget")
        rows = ratio_sweep(
            self.table,
            self.which,
            chains[0],
            seed=self.seed,
        )
        best = {r["bin"]: r for r in rows if r["best"]}
        hard = best.get(self.which.n_bins - 1) or best[max(best)]
        told = ", ".join(f"bin {d}: {r['sequential']} in a chain, {r['parallel']} chains" for d, r in best.items() if d)
        sequential = best[1]["parallel"] == 1
        mixed = hard["sequential"] > 1 and hard["parallel"] > 1
        return sequential and mixed, f"best split of {rows[0]['budget']}: {told}"

    def _splits(self, budget: int) -> int:
        b = self.table.budgets.index(budget)
        names = [s for s in self.table.strategies if s.startswith("revisions(")]
        return sum(bool(self.complete[self.table.index(s), b]) for s in names)

    def efficiency(self) -> tuple[bool, str]:
        rows = [r for r in compute_optimal(self.table, self.which, seed=self.seed).rows() if r["budget"] >= 2]
        if not rows:
            raise InputError("no budget above 1 that every query has")
        largest = max(r["budget"] for r in rows)

        def low(row: dict[str, Any]) -> float:
            """Lower 95 % limit; where even that is beyond best-of-N's largest budget, that budget bounds it."""
            return float(row["efficiency_lo"] or largest / row["budget"])

        best = max(rows, key=lambda r: (r["gain_lo"] > 0, low(r)))
        shown = (
            f"{best['efficiency']:.2f}" if best["efficiency"] is not None else f"more than {largest / best['budget']:g}"
        )
        gain = _points((best["gain"], best["gain_lo"], best["gain_hi"]))
        numbers = f"at {best['budget']:g}: {shown} times its budget (95 %: at least {low(best):.2f}); {gain}"
        return best["gain_lo"] > 0 and low(best) >= 2, numbers

    def predicted(self) -> tuple[bool, str]:
        if self.table.pool.reward_name() is None:
            raise InputError("the pool has no reward to predict difficulty from")
        guessed = difficulty(self.table.pool, "predicted", bins=self.which.n_bins)
        curves = [compute_optimal(self.table, d, seed=self.seed) for d in (self.which, guessed)]
        lost = curves[0].value - curves[1].value
        gain = float((curves[0].value - curves[0].baseline).max())
        return bool(
            lost.max() <= max(gain, 0) / 4
        ), f"loses at most {100 * lost.max():.1f} of {100 * gain:.1f} points gained"

    def exchange(self) -> tuple[bool, str]:
        rows = flops_matched(self.table, self.which, seed=self.seed)
        told = []
        for ratio in sorted({r["R"] for r in rows}):
            won = [r["bin"] for r in rows if r["R"] == ratio and r["better"] == "test-time compute"]
            lost = [r["bin"] for r in rows if r["R"] == ratio and r["better"] == "pretraining"]
            told.append(f"R = {ratio:g}: test-time in bins {_list(won)}, pretraining in {_list(lost)}")
        easy = all(r["better"] == "test-time compute" for r in rows if r["bin"] == 1)
        last, worst = max(r["bin"] for r in rows), max(r["R"] for r in rows)
        hard = any(r["better"] == "pretraining" for r in rows if r["bin"] == last and r["R"] == worst)
        return easy and hard, "; ".join(told)


def _points(gap: tuple[float, float, float]) -> str:
    return f"{100 * gap[0]:+.1f} points ({100 * gap[1]:+.1f} to {100 * gap[2]:+.1f})"


def _list(bins: list[int]) -> str:
    return ", ".join(map(str, bins)) or "none"


def as_rows(found: list[Finding]) -> list[dict[str, Any]]:
    """For tables and JSON."""
    return [{"claim": f.claim, "verdict": f.verdict, "numbers": f.numbers} for f in found]
