"""How it is drawn and tabled: the figures of Snell et al., and the bandit beyond them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paper.strategies import sweep as settings
from paper.tables import markdown
from ttcsim.plot import save
from ttcsim.pool.folders import write_whole
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
    asked = [
        (name, claim.statement, claim.verdict, claim.evidence)
        for name, table in (("tree", tree), ("revisions", chains))
        for claim in findings(table)
        if claim.holds is not None
    ]
    lines = markdown(("world", "claim", "verdict", "numbers"), asked)
    write_whole(claims, ("\n".join(["# Snell et al. in simulated worlds", "", *lines]) + "\n").encode())
    rows = bandit(tree, bins, settings.BANDIT_BUDGETS, reps=max(reps, 2))
    bandits = out / "bandit.md"
    write_whole(bandits, _table(rows).encode())
    return [*paths, claims, bandits]


def _table(rows: list[dict[str, Any]]) -> str:
    names = ("uniform", "elimination", "bandit", "compute_optimal")

    def cell(row: dict[str, Any], name: str) -> str:
        spread = f" ({row[name + '_lo']:.1%} to {row[name + '_hi']:.1%})" if f"{name}_lo" in row else ""
        return f"{row[name]:.1%}{spread}"

    lines = [
        "# Share of queries solved with a verifier, at the same total budget",
        "",
        "Compute-optimal spends its budget on one run of the best strategy of the query's bin, which it is told.",
        "",
        *markdown(
            ("generations a query", *names), [(f"{row['budget']:g}", *(cell(row, n) for n in names)) for row in rows]
        ),
    ]
    return "\n".join(lines) + "\n"
