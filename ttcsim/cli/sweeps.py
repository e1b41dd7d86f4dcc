"""Commands that replay: demo, sweep, rerun, report."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

import ttcsim
from ttcsim.cli import completion
from ttcsim.cli import options as opt
from ttcsim.cli.completion import of, words
from ttcsim.cli.tables import print_json, progress, say
from ttcsim.errors import InputError


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
    from ttcsim.cli.results import show_result
    from ttcsim.report.demo import replay_demo, write_demo

    out.mkdir(parents=True, exist_ok=True)  # before the work that would be lost
    with progress("replaying") as told:
        found = replay_demo(reps=reps, seed=seed, threads=threads, progress=told)
    say(found.opening)
    show_result(found.result.frame, found.comparison, found.result.config)
    for remark in found.remarks:
        say(remark)
    say(found.headline, style="bold")
    with progress("drawing"):
        written = write_demo(found, out)
    say(f"Figures and report: {out}/{', '.join(path.name for path in written)}")


def sweep(
    pool: opt.Pool,
    policy: opt.Policies,
    budgets: opt.Budgets,
    reps: opt.Reps = 1000,
    seed: opt.Seed = 0,
    cost: opt.Cost = "samples",
    prices: opt.Prices = None,
    source: opt.Source = None,
    wave: Annotated[
        int, typer.Option(metavar="W", help="Draws decided before the first is seen: the streams of a server.", min=1)
    ] = 1,
    speed: Annotated[
        float | None, typer.Option(metavar="T", help="Tokens a second of each stream: tells how long waves take.")
    ] = None,
    streams: Annotated[
        int | None, typer.Option(metavar="S", help="Streams that the draws of a wave share; as many as these if left.")
    ] = None,
    replay: Annotated[
        str, typer.Option(help="permute or bootstrap.", autocompletion=of(words("permute", "bootstrap")))
    ] = "permute",
    select: Annotated[
        str,
        typer.Option(
            help="Selectors with commas: first, best, majority, weighted, deepconf, cisc, borda.",
            autocompletion=of(completion.selectors, several=True),
        ),
    ] = "",
    reward: Annotated[
        str | None, typer.Option(help="Reward column for best and weighted.", autocompletion=of(completion.rewards))
    ] = None,
    precision: Annotated[
        float | None, typer.Option(help="Replicate until every 95 % interval has at most this half-width.")
    ] = None,
    skip_unfit: Annotated[
        bool, typer.Option("--skip-unfit", help="Leave out policies that need a column that the pool lacks.")
    ] = False,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            help="Also by a column of the queries, such as level; may be repeated.",
            autocompletion=of(completion.groups),
        ),
    ] = None,
    noise: Annotated[bool, typer.Option("--noise", help="Show replay noise, for these queries, too.")] = False,
    out: Annotated[Path | None, typer.Option(help="Run folder to write.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a sweep to --out that was stopped, or start it.")
    ] = False,
    keep_replications: Annotated[
        bool, typer.Option(help="Also write every replication's values (with --out).")
    ] = False,
    as_json: opt.Json = False,
    threads: opt.Threads = None,
    executor: opt.Executor = "threads",
    ray_address: opt.RayAddress = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only measure a few replications, and say what all of them take.")
    ] = False,
    within: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="With --dry-run: say how many cores it takes to be done by.")
    ] = None,
) -> None:
    """Replay policies on a pool at every budget.

    Examples
    --------
    ttcsim sweep mypool -p uniform -p elimination -b 1,2,4,8 --out run1
    ttcsim sweep mypool -p 'mine=mine.py:Thrifty(weight=2)' -p uniform -b 4
    ttcsim sweep mypool -p all --skip-unfit -b 2,8 --select best --json
    ttcsim sweep mypool -p uniform,ucb -b 8 --reps 90000 --dry-run --within 60
    ttcsim sweep mypool -p ucb -b 8 --executor ray --ray-address 10.0.0.1:6379
    ttcsim sweep mypool -p deepconf -b 8 --select 'majority,deepconf(keep=90)'
    """
    if out is not None and out.exists():
        if resume:
            raise InputError(f"--out {out}: is finished; `ttcsim report {out}` shows it")
        raise InputError(f"--out {out}: exists already and is not overwritten; name another folder or remove it")
    if out is None and resume:
        raise InputError("--resume: goes on with a sweep to --out, which is missing; give the same as before")
    if within is not None and not dry_run:
        raise InputError("--within: is for --dry-run, which says what it takes; add that")
    if ray_address is not None and executor != "ray":
        raise InputError("--ray-address: is for --executor ray; add that")
    from ttcsim.cli.forecast import show_forecast
    from ttcsim.cli.results import show_groups, show_result
    from ttcsim.cli.stopping import stoppable
    from ttcsim.pool.groups import query_groups
    from ttcsim.replay.cluster import Cluster
    from ttcsim.replay.forecast import forecast
    from ttcsim.replay.kept import Kept
    from ttcsim.replay.pins import versions
    from ttcsim.report.finding import findings

    columns = list(dict.fromkeys(by or ()))
    loaded = ttcsim.load(pool)
    for column in columns:
        query_groups(loaded, column)  # whether it has such groups, before anything runs
    asked: dict[str, Any] = {
        "reps": reps, "seed": seed, "cost": cost, "prices": prices, "source": source, "wave": wave, "speed": speed,
        "streams": streams, "replay": replay, "selectors": opt.names(select), "reward": reward, "precision": precision,
        "skip_unfit": skip_unfit, "threads": threads,
    }  # fmt: skip
    what = loaded, opt.names(*policy), opt.budgets_of(budgets)
    if dry_run:
        with progress("measuring"):
            found = forecast(*what, **asked)
        show_forecast(found, within, as_json=as_json)
        return
    kept = None if out is None else Kept(out.with_name(f"{out.name}.partial"), resume=resume)
    with stoppable(kept), kept or nullcontext(), progress("replaying") as told:
        if executor == "ray":
            asked["executor"] = Cluster(
                ray_address, threads=threads, tell=lambda words: print(f"ttcsim: {words}", file=sys.stderr)
            )
        result = ttcsim.sweep(*what, **{"executor": executor, **asked}, keep=kept, progress=told)
        if out is not None:
            result.save(out, replications=keep_replications, by=columns)
    if out is not None:
        print(f"ttcsim: wrote {out}", file=sys.stderr)
    if as_json:
        parts = {"groups": [row for column in columns for row in result.by(column).to_dicts()]} if columns else {}
        print_json(result.frame.to_dicts(), {**result.config, "versions": versions()}, **parts)
        return
    comparison = result.compare()
    show_result(result.frame, comparison, result.config, noise=noise)
    for column in columns:
        show_groups(result.by(column), result.config)
    for sentence in findings(result.frame, comparison, result.config):
        say(sentence, style="bold")


def rerun(
    folder: opt.RunFolder,
    pool: Annotated[
        str | None, typer.Option(help="The pool, where it moved.", autocompletion=of(completion.pools))
    ] = None,
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


def report(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER", help="Run folders of `ttcsim sweep --out`, one for each pool.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page; by default report.html in the only folder.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Run `ttcsim check` on the pools too, and add its table.")
    ] = False,
    figure: opt.Figure = None,
    of: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What --figure shows: a metric, difference, efficiency, allocation.",
            autocompletion=of(completion.figures),
        ),
    ] = "coverage",
) -> None:
    """Write one self-contained HTML page with figures: into a run folder, or of several to a file.

    With --figure no page, but one figure as wide as a column of a paper.

    Examples
    --------
    ttcsim report run1
    ttcsim report run1 run2 --out both.html
    ttcsim report run1 --check
    ttcsim report run1 --figure efficiency.pdf --of efficiency
    """
    from ttcsim.guarantees import check as run_check
    from ttcsim.report.page.page import report_html, write_report
    from ttcsim.report.run import run_of_folder

    if figure is not None:
        say(str(_drawn(folders, of, figure)))
        return
    if out is None and len(folders) > 1:
        raise InputError("report: of several runs it goes to a file of its own; name one with --out FILE")
    runs = [run_of_folder(folder) for folder in folders]
    if check:
        pools = [_pool_of(run.folder, run.config) for run in runs]
        with progress("checking") as told:
            runs = [
                run._replace(claims=run_check(pool, budgets=run.config["budgets"], progress=told))
                for run, pool in zip(runs, pools, strict=True)
            ]
    with progress("drawing"):
        written = write_report(out or folders[0] / "report.html", report_html(runs))
    say(str(written))


def _drawn(folders: list[Path], of: str, path: Path) -> Path:
    """One figure of one run."""
    from ttcsim.plot import canvas, save
    from ttcsim.plot.choice import figure
    from ttcsim.report.run import run_of_folder

    if len(folders) > 1:
        raise InputError(f"--figure {path}: is of one run; give one folder")
    run = run_of_folder(folders[0])
    axes = canvas("column")
    figure(of, run.frame, lambda: run.comparison, lambda: run.allocation, ax=axes, cost=run.config["cost"])
    return save(axes, path)


def _pool_of(folder: str, config: dict[str, Any]) -> ttcsim.Pool:
    """The pool that a run was made from."""
    if not config["source"]:
        raise InputError(f"{folder}: does not say where its pool lies, so nothing can be checked; leave out --check")
    pool = ttcsim.load(config["source"])
    if pool.hash != config["pool_hash"]:
        raise InputError(f"{folder}: was made from another pool than {config['source']}; leave out --check")
    return pool.of(config["from_source"])
