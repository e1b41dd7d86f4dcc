"""Commands that replay: demo, sweep, rerun, report."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import ttcsim
from ttcsim.cli import options as opt
from ttcsim.cli.tables import Row, print_json, progress, say, show
from ttcsim.errors import InputError

if TYPE_CHECKING:
    import polars as pl


def demo(
    reps: opt.Reps = 1000,
    seed: opt.Seed = 0,
    out: Annotated[Path, typer.Option(help="Folder for figures and report.html.")] = Path("ttcsim-demo"),
    threads: opt.Threads = None,
) -> None:
    """Replay the built-in real pool: a table, the headline, figures and report.html.

    Examples
    --------
    ttcsim demo
    ttcsim demo --reps 200 --out first-look
    """
    from ttcsim.report.demo import replay_demo, write_demo

    with progress("replaying") as told:
        found = replay_demo(reps=reps, seed=seed, threads=threads, progress=told)
    say(found.opening)
    _show_metric(found.result.frame, "coverage")
    _show_efficiency(found.comparison)
    say(found.headline, style="bold")
    for remark in found.remarks:
        say(remark)
    with progress("drawing"):
        written = write_demo(found, out)
    say(f"Figures and report: {out}/{', '.join(path.name for path in written)}")


def sweep(
    pool: opt.Pool,
    policy: opt.Policies,
    budgets: opt.Budgets,
    reps: opt.Reps = 1000,
    seed: opt.Seed = 0,
    cost: Annotated[str, typer.Option(help="samples or tokens.")] = "samples",
    replay: Annotated[str, typer.Option(help="permute or bootstrap.")] = "permute",
    select: Annotated[str, typer.Option(help="Selectors with commas: first, best, majority, weighted.")] = "",
    reward: Annotated[str | None, typer.Option(help="Reward column for best and weighted.")] = None,
    precision: Annotated[
        float | None, typer.Option(help="Replicate until every 95 % interval has at most this half-width.")
    ] = None,
    skip_unfit: Annotated[
        bool, typer.Option("--skip-unfit", help="Leave out policies that need a column that the pool lacks.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Run folder to write.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a sweep to --out that was stopped, or start it.")
    ] = False,
    keep_replications: Annotated[
        bool, typer.Option(help="Also write every replication's values (with --out).")
    ] = False,
    as_json: opt.Json = False,
    threads: opt.Threads = None,
) -> None:
    """Replay policies on a pool at every budget.

    Examples
    --------
    ttcsim sweep mypool -p uniform -p elimination -b 1,2,4,8 --out run1
    ttcsim sweep mypool -p 'mine=mine.py:Thrifty(weight=2)' -p uniform -b 4
    ttcsim sweep mypool -p all --skip-unfit -b 2,8 --select best --json
    """
    if out is not None and out.exists():
        if resume:
            raise InputError(f"--out {out}: is finished; `ttcsim report {out}` shows it")
        raise InputError(f"--out {out}: exists already and is not overwritten; name another folder or remove it")
    if out is None and resume:
        raise InputError("--resume: goes on with a sweep to --out, which is missing; give the same as before")
    from ttcsim.cli.stopping import stoppable
    from ttcsim.replay.kept import Kept
    from ttcsim.replay.pins import versions
    from ttcsim.replay.result import BIASES
    from ttcsim.replay.run_folder import baseline_of, write_run

    kept = None if out is None else Kept(out.with_name(f"{out.name}.partial"), resume=resume)
    with stoppable(kept), kept or nullcontext(), progress("replaying") as told:
        result = ttcsim.sweep(
            pool, opt.names(*policy), opt.budgets_of(budgets), reps=reps, seed=seed, cost=cost, replay=replay,
            selectors=opt.names(select), reward=reward, precision=precision, skip_unfit=skip_unfit, threads=threads,
            keep=kept, progress=told,
        )  # fmt: skip
        if out is not None:
            source = pool if pool.startswith("builtin:") else str(Path(pool).resolve())
            write_run(result, out, source=source, replications=keep_replications)
    if out is not None:
        print(f"ttcsim: wrote {out}", file=sys.stderr)
    if as_json:
        print_json(result.frame.to_dicts(), {**result.config, "versions": versions()})
        return
    for metric in result.frame["metric"].unique(maintain_order=True).to_list():
        _show_metric(result.frame, metric)
    for bias in result.frame["biased_by"].drop_nulls().unique():
        say(f"* {BIASES[bias]}.")
    comparison = ttcsim.compare(result, baseline_of(result))
    if comparison.height:
        _show_efficiency(comparison)


def rerun(
    folder: opt.RunFolder,
    pool: Annotated[str | None, typer.Option(help="The pool, where it moved.")] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Run the Python code that the folder names.")] = False,
    threads: opt.Threads = None,
) -> None:
    """Run a run folder again and compare every number; exit 1 when one differs.

    Examples
    --------
    ttcsim rerun run1
    ttcsim rerun run1 --pool moved/mypool --threads 1
    """
    from ttcsim.replay.run_folder import read_run
    from ttcsim.replay.run_folder import rerun as run_again

    config, _ = read_run(folder)
    with progress("replaying") as told:
        moved = None if pool is None else ttcsim.load(pool)
        _, same = run_again(folder, moved, trust=trust, threads=threads, progress=told)
    if not same:
        print(f"ttcsim: {folder}: the numbers differ; made with {config['versions']}", file=sys.stderr)
        raise typer.Exit(1)
    say(f"{folder}: every number is the same")


def report(folder: opt.RunFolder) -> None:
    """Write one self-contained HTML page with figures into a run folder.

    Examples
    --------
    ttcsim report run1
    """
    from ttcsim.replay.run_folder import read_run, read_tables
    from ttcsim.report.page import report_html, write_report

    config, frame = read_run(folder)
    comparison, table, won = read_tables(folder)
    with progress("drawing"):
        page = write_report(folder, report_html(frame, comparison, table, config, won=won))
    say(str(page))


def _show_metric(frame: pl.DataFrame, metric: str) -> None:
    def cell(row: Row) -> str:
        half = f" ±{100 * (row['hi'] - row['mean']):.2f}" if row["hi"] is not None else ""
        return f"{row['mean']:.1%}{half}{' *' if row['biased_by'] else ''}"

    _by_budget(frame.filter(metric=metric), cell, f"{metric}, mean ± 95 % replay noise")


def _show_efficiency(comparison: pl.DataFrame) -> None:
    def cell(row: Row) -> str:
        return f"{'≥' if row['at_least'] else ''}{row['efficiency']:.2f}x"

    title = f"efficiency against {comparison['baseline'][0]}: budget it needs / own spending"
    _by_budget(comparison.filter(metric="coverage"), cell, title)


def _by_budget(frame: pl.DataFrame, cell: Callable[[Row], str], title: str) -> None:
    """A row a policy, a column a budget."""
    rows: dict[str, dict[str, str]] = {}
    for row in frame.sort("budget", maintain_order=True).iter_rows(named=True):
        own = rows.setdefault(row["policy"], {"policy": row["policy"]})
        own[f"{row['budget']:g}"] = cell(row)
    show(list(rows.values()), title=title, left=("policy",))
