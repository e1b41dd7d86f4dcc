"""How it is drawn and tabled: the figures of Snell et al., and the bandit beyond them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paper.numbers import Job, Numbers
from paper.strategies import sweep as settings
from paper.tables import markdown
from paper.words import per_cent, plain, whole
from ttcsim.plot import save
from ttcsim.plot.figures import Size
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

PANEL = Size(3.95, 2.6, 7.0)
"""Two of them are as wide as the page."""
FINDINGS = ("world", "claim", "verdict", "numbers")
BANDIT = ("uniform", "elimination", "bandit", "compute_optimal")


def build(job: Job) -> list[Path]:
    """Figures and tables of both worlds."""
    out = job.out
    out.mkdir(parents=True, exist_ok=True)
    queries, runs = (settings.TESTING_QUERIES, settings.TESTING_RUNS) if job.fast else (settings.QUERIES, settings.RUNS)
    tree = simulate("tree", queries, runs=runs, seed=settings.SEED)
    bins = difficulty(tree.pool)
    curves = [compute_optimal(tree, difficulty(tree.pool, kind)) for kind in ("oracle", "predicted")]
    paths = [
        save(search_figure(by_bin(tree, bins), PANEL), out / "search.pdf"),
        save(optimal_figure(curves, "column"), out / "optimal.pdf"),
        save(flops_figure(flops_matched(tree, bins), "column"), out / "flops.pdf"),
    ]
    chains = simulate("revisions", queries, budgets=settings.RATIO_BUDGETS, runs=runs, seed=settings.SEED)
    rows = ratio_sweep(chains, difficulty(chains.pool), settings.RATIO_BUDGET)
    paths.append(save(ratio_figure(rows, "column"), out / "ratio.pdf"))
    asked = [
        (name, claim.statement, claim.verdict, claim.evidence)
        for name, table in (("tree", tree), ("revisions", chains))
        for claim in findings(table)
        if claim.holds is not None
    ]
    spent = [_cells(row) for row in bandit(tree, bins, settings.BANDIT_BUDGETS, reps=max(runs, 2))]
    _tell(job.told, queries, runs, asked, spent)
    lines = [
        "# Snell et al. in simulated worlds", "", *markdown(FINDINGS, asked), "",
        "# Share of queries solved with a verifier, at the same total budget", "",
        *markdown(("generations a query", *BANDIT), spent),
    ]  # fmt: skip
    page = out / "strategies.md"
    write_whole(page, ("\n".join(lines) + "\n").encode())
    return [*paths, page]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    def cell(name: str) -> str:
        spread = f" ({row[name + '_lo']:.1%} to {row[name + '_hi']:.1%})" if f"{name}_lo" in row else ""
        return f"{per_cent(row[name])}{spread}"

    return (plain(row["budget"]), *map(cell, BANDIT))


def _tell(
    told: Numbers, queries: int, runs: int, asked: list[tuple[str, str, str, str]], spent: list[tuple[str, ...]]
) -> None:
    told.number("queries", queries, whole)
    told.number("runs", runs, whole)
    told.number("claims", len(asked), whole)
    told.number("holding", sum(verdict == "holds" for _, _, verdict, _ in asked), whole)
    told.number("ratio.budget", settings.RATIO_BUDGET, plain)
    told.table("findings", FINDINGS, asked)
    told.table("bandit", ("generations a query", "uniform", "elimination", "bandit", "compute-optimal"), spent)
