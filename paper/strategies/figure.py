"""How it is drawn and tabled: the figures of Snell et al., and the bandit beyond them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paper.strategies import sweep as settings
from ttcsim.report.figures import save
from ttcsim.report.strategies import flops_figure, optimal_figure, ratio_figure, search_figure
from ttcsim.strategies.questions.bandit import bandit
from ttcsim.strategies.questions.bins import by_bin
from ttcsim.strategies.questions.difficulty import difficulty
from ttcsim.strategies.questions.findings import findings
from ttcsim.strategies.questions.flops import flops_matched
from ttcsim.strategies.questions.optimal import compute_optimal
from ttcsim.strategies.questions.ratio import ratio_sweep
from ttcsim.strategies.worlds.simulate import simulate


def build(out: Path, *, reps: int = settings.RUNS) -> list[Path]:
    """Write four figures and a table; `reps` is the number of runs of each strategy on each query."""
    out.mkdir(parents=True, exist_ok=True)
    queries = settings.QUERIES if reps >= settings.RUNS else 60
    tree = simulate("tree", queries, runs=reps, seed=settings.SEED)
    bins = difficulty(tree.pool)
    curves = [compute_optimal(tree, difficulty(tree.pool, kind)) for kind in ("oracle", "predicted")]
    paths = [
        save(search_figure(by_bin(tree, bins)), out / "search.png"),
        save(optimal_figure(curves), out / "compute_optimal.png"),
        save(flops_figure(flops_matched(tree, bins)), out / "flops.png"),
    ]
    chains = simulate("revisions", queries, budgets=settings.RATIO_BUDGETS, runs=reps, seed=settings.SEED)
    for budget in settings.RATIO_BUDGETS:
        rows = ratio_sweep(chains, difficulty(chains.pool), budget)
        paths.append(save(ratio_figure(rows), out / f"ratio-{budget}.png"))
    claims = out / "findings.md"
    lines = ["# Snell et al. in simulated worlds", "", "| world | claim | verdict | numbers |", "|---|---|---|---|"]
    for name, table in (("tree", tree), ("revisions", chains)):
        asked = [claim for claim in findings(table) if claim.holds is not None]
        lines += [f"| {name} | {claim.statement} | {claim.verdict} | {claim.evidence} |" for claim in asked]
    claims.write_text("\n".join(lines) + "\n")
    rows = bandit(tree, bins, settings.BANDIT_BUDGETS, reps=max(reps, 2))
    bandits = out / "bandit.md"
    bandits.write_text(_table(rows))
    return [*paths, claims, bandits]


def _table(rows: list[dict[str, Any]]) -> str:
    names = ("uniform", "elimination", "bandit", "compute_optimal")
    lines = [
        "# Share of queries solved with a verifier, at the same total budget",
        "",
        "Compute-optimal spends its budget on one run of the best strategy of the query's bin, which it is told.",
        "",
        f"| generations a query | {' | '.join(names)} |",
        "|---|" + "---|" * len(names),
    ]
    for row in rows:
        cells = [
            f"{row[n]:.1%}" + (f" ({row[n + '_lo']:.1%} to {row[n + '_hi']:.1%})" if f"{n}_lo" in row else "")
            for n in names
        ]
        lines.append(f"| {row['budget']:g} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
