"""The command line. Results go to stdout, progress and warnings to stderr; bad input exits 2 with one line."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import polars as pl
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

import ttcsim
from ttcsim.cli.strategies import app as strategies_app
from ttcsim.cli.tables import OUT as _out
from ttcsim.cli.tables import print_json
from ttcsim.errors import InputError

app = typer.Typer(
    name="ttcsim", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Replay language-model samples under any test-time-compute allocation policy and budget.",
)  # fmt: skip
pool_app = typer.Typer(no_args_is_help=True, help="Describe, import and make pools.")
app.add_typer(pool_app, name="pool")
app.add_typer(strategies_app, name="strategies")

_err = Console(stderr=True)

DEMO_POOL = "builtin:smollm2-arithmetic"
DEMO_POLICIES = ["uniform", "elimination", "entropy", "two-stage", "clairvoyant", "prophet"]
DEMO_BUDGETS = [1.0, 2.0, 4.0, 8.0, 16.0]

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, and nothing else there.")]
Seed = Annotated[int, typer.Option(help="Seed: the same seed gives the same bits.")]
Threads = Annotated[int | None, typer.Option(help="Threads; all cores by default. Never changes a number.")]


def main() -> None:
    """Entry point: turns bad input into one line and exit code 2."""
    warnings.showwarning = _warn
    try:
        code = app(standalone_mode=False)
    except InputError as error:
        _fail(str(error))
    except BrokenPipeError:
        sys.exit(1)  # the reader of our output went away
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        # Usage errors belong to whichever click typer brings along; they are known by this method.
        if hasattr(error, "format_message"):
            _fail(error.format_message())
        if type(error).__name__ == "Abort":
            sys.exit(130)
        raise
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> NoReturn:
    print(f"ttcsim: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"ttcsim: note: {message}", file=sys.stderr)


@contextmanager
def _progress(words: str) -> Iterator[Callable[[int, int], None]]:
    if not _err.is_terminal:
        yield lambda done, total: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_err, transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _numbers(text: str, option: str = "--budgets") -> list[float]:
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise InputError(f"{option} '{text}': give numbers with commas between, such as 1,2,4,8") from None


def _split_policies(texts: list[str]) -> list[str]:
    """Split at commas outside brackets, so that ``-p uniform,elimination`` works too."""
    found: list[str] = []
    for text in texts:
        depth, word = 0, ""
        for character in text:
            depth += (character == "(") - (character == ")")
            if character == "," and depth == 0:
                found.append(word)
                word = ""
            else:
                word += character
        found.append(word)
    return [word.strip() for word in found if word.strip()]


def _coverage_table(frame: pl.DataFrame, metric: str) -> Table:
    budgets = sorted(frame["budget"].unique().to_list())
    table = Table(title=f"{metric}, mean ± 95 % replay noise", title_justify="left")
    table.add_column("policy", overflow="fold")
    for budget in budgets:
        table.add_column(f"{budget:g}", justify="right")
    for name in frame["policy"].unique(maintain_order=True).to_list():
        rows = frame.filter(policy=name, metric=metric).sort("budget")
        cells = [
            f"{mean:.1%}" + (f" ±{100 * (hi - mean):.2f}" if hi is not None else "")
            for mean, hi in rows.select("mean", "hi").iter_rows()
        ]
        table.add_row(escape(name), *cells)
    return table


def _efficiency_table(comparison: pl.DataFrame) -> Table:
    budgets = sorted(comparison["budget"].unique().to_list())
    table = Table(
        title=f"efficiency against {comparison['baseline'][0]}: budget it needs / own budget",
        title_justify="left",
    )
    table.add_column("policy", overflow="fold")
    for budget in budgets:
        table.add_column(f"{budget:g}", justify="right")
    for name in comparison["policy"].unique(maintain_order=True).to_list():
        rows = comparison.filter(policy=name, metric="coverage").sort("budget")
        cells = [
            f"{'≥' if beyond else ''}{value:.2f}x"
            for value, beyond in rows.select("efficiency", "at_least").iter_rows()
        ]
        table.add_row(escape(name), *cells)
    return table


def _headline(result: ttcsim.Result, comparison: pl.DataFrame, name: str, budget: float) -> str:
    frame = result.frame.filter(metric="coverage", budget=budget)
    uniform, other = (frame.filter(policy=p).row(0, named=True) for p in ("uniform", name))
    row = comparison.filter(metric="coverage", budget=budget, policy=name).row(0, named=True)
    at_least = "at least " if row["at_least"] else ""
    return (
        f"At {budget:g} {result.config['cost']} per query, {name} solves {other['mean']:.1%} of the queries, uniform "
        f"best-of-N {uniform['mean']:.1%}: {100 * row['difference']:+.1f} points "
        f"(95 % CI {100 * row['lo']:+.2f} to {100 * row['hi']:+.2f} for these queries, "
        f"{100 * row['lo_queries']:+.1f} to {100 * row['hi_queries']:+.1f} for new ones). "
        f"Uniform needs {at_least}{row['efficiency']:.1f} times the budget to get there."
    )


@app.command()
def demo(
    reps: Annotated[int, typer.Option(help="Replications.")] = 1000,
    seed: Seed = 0,
    out: Annotated[Path, typer.Option(help="Folder for figures and report.html.")] = Path("ttcsim-demo"),
    threads: Threads = None,
) -> None:
    """Replay the built-in real pool: a table, the headline, figures and report.html."""
    from ttcsim.statistics.comparison import allocation, compare, wins
    from ttcsim.theory import uniform_coverage

    pool = ttcsim.load(DEMO_POOL)
    facts = pool.describe()
    _out.print(
        f"Pool {pool.name}: {pool.n_queries} queries x {facts['samples_per_query'][0]} real samples, mean success rate "
        f"{facts['mean_success_rate']:.1%}, {facts['never_solved']:.1%} never solved.", highlight=False,
    )  # fmt: skip
    with _progress("replaying") as progress, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said below, in a sentence
        result = ttcsim.sweep(
            pool, DEMO_POLICIES, DEMO_BUDGETS, reps=reps, seed=seed, threads=threads, progress=progress
        )
    comparison = compare(result)
    _out.print(_coverage_table(result.frame, "coverage"))
    _out.print(_efficiency_table(comparison))
    exact = [uniform_coverage(pool.sizes, pool.successes, int(b * pool.n_queries)) for b in DEMO_BUDGETS]
    uniform = result.frame.filter(policy="uniform", metric="coverage").sort("budget")
    worst = max(
        abs(mean - e) / se if se else 0.0
        for (mean, se), e in zip(uniform.select("mean", "se").iter_rows(), exact, strict=True)
    )
    headline = _headline(result, comparison, "elimination", 8.0)
    _out.print(f"[bold]{headline}[/bold]", highlight=False)
    _out.print(
        f"Check: uniform's replayed coverage is within {worst:.1f} standard errors of the exact pass@k everywhere.",
        highlight=False,
    )
    exhausted = result.frame.filter(policy="elimination").sort("budget")["exhausted"][-1]
    if exhausted:
        _out.print(
            f"Note: at {DEMO_BUDGETS[-1]:g} samples per query, elimination used up all samples of {exhausted:.1%} of "
            "the queries.", highlight=False,
        )  # fmt: skip
    from ttcsim.report.figures import plot_allocation, plot_efficiency, plot_metric, save
    from ttcsim.report.page import report_html, write_report

    out.mkdir(parents=True, exist_ok=True)
    table = allocation(result)
    save(
        plot_metric(result.frame, title="SmolLM2-135M on 10 task families, 95 % band of replay noise"),
        out / "coverage.png",
    )
    save(plot_efficiency(comparison, title="95 % intervals over queries"), out / "efficiency.png")
    shown = table.filter(pl.col("policy").is_in(["uniform", "elimination", "clairvoyant", "prophet"]))
    save(plot_allocation(shown, budget=8.0), out / "allocation.png")
    html = report_html(result.frame, comparison, table, result.config, won=wins(result), headline=headline)
    page = write_report(out, html)
    _out.print(
        f"Figures and report: {out}/coverage.png, efficiency.png, allocation.png, {page.name}",
        highlight=False,
    )


@app.command()
def sweep(
    pool: Annotated[str, typer.Argument(help="Pool folder, Parquet file of samples, or builtin:NAME.")],
    policy: Annotated[
        list[str], typer.Option("--policy", "-p", help="A policy, as often as you like; all: every published one.")
    ],
    budgets: Annotated[str, typer.Option("--budgets", "-b", help="Average budgets per query, with commas.")],
    reps: Annotated[int, typer.Option(help="Replications.")] = 1000,
    seed: Seed = 0,
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
    keep_replications: Annotated[
        bool, typer.Option(help="Also write every replication's values (with --out).")
    ] = False,
    as_json: Json = False,
    threads: Threads = None,
) -> None:
    """Replay policies on a pool at every budget."""
    from ttcsim.replay.run_folder import baseline_of, versions, write_run
    from ttcsim.statistics.comparison import compare

    if out is not None and out.exists():
        raise InputError(f"--out {out}: exists already and is not overwritten; name another folder or remove it")
    with _progress("replaying") as progress:
        result = ttcsim.sweep(
            pool, _split_policies(policy), _numbers(budgets), reps=reps, seed=seed, cost=cost, replay=replay,
            selectors=[s for s in select.split(",") if s], reward=reward, precision=precision, skip_unfit=skip_unfit,
            threads=threads, progress=progress,
        )  # fmt: skip
    if out is not None:
        source = pool if pool.startswith("builtin:") else str(Path(pool).resolve())
        write_run(result, out, source=source, replications=keep_replications)
        print(f"ttcsim: wrote {out}", file=sys.stderr)
    if as_json:
        print_json(result.frame.to_dicts(), {**result.config, "versions": versions()})
        return
    for metric in result.frame["metric"].unique(maintain_order=True).to_list():
        _out.print(_coverage_table(result.frame, metric))
    comparison = compare(result, baseline_of(result))
    if comparison.height:
        _out.print(_efficiency_table(comparison))


@app.command()
def rerun(
    folder: Annotated[Path, typer.Argument(help="Run folder of `ttcsim sweep --out`.")],
    pool: Annotated[str | None, typer.Option(help="The pool, where it moved.")] = None,
    threads: Threads = None,
) -> None:
    """Run a run folder again and compare every number; exit 1 when one differs."""
    from ttcsim.replay.run_folder import read_run
    from ttcsim.replay.run_folder import rerun as run_again

    config, _ = read_run(folder)
    _, same = run_again(folder, ttcsim.load(pool or config["source"]), threads=threads)
    if not same:
        print(f"ttcsim: {folder}: the numbers differ; made with {config['versions']}", file=sys.stderr)
        raise typer.Exit(1)
    _out.print(f"{folder}: every number is the same")


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="Run folder of `ttcsim sweep --out`.")]) -> None:
    """Write one self-contained HTML page with figures into a run folder."""
    from ttcsim.replay.run_folder import read_run, read_tables
    from ttcsim.report.page import report_html, write_report

    config, frame = read_run(folder)
    comparison, table, won = read_tables(folder)
    _out.print(str(write_report(folder, report_html(frame, comparison, table, config, won=won))), highlight=False)


@app.command()
def check(
    pool: Annotated[str | None, typer.Argument(help="Pool; or use --world.")] = None,
    world: Annotated[str | None, typer.Option(help="A world, such as 'beta(0.4,1.2)' or linear.")] = None,
    queries: Annotated[int, typer.Option("--queries", "-n", help="Queries of the world.")] = 500,
    samples: Annotated[int, typer.Option("--samples", "-m", help="Samples per query of the world.")] = 1024,
    policy: Annotated[
        list[str] | None, typer.Option("--policy", "-p", help="Policies to hold against the prophet.")
    ] = None,
    budgets: Annotated[str, typer.Option("--budgets", "-b")] = "1,2,4,8,16",
    reps: Annotated[int, typer.Option(help="Replications.")] = 400,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Hold guarantees G1 to G12 against exact values and replays of a pool; exit 1 when one fails."""
    from ttcsim.guarantees import ALPHA, as_rows
    from ttcsim.guarantees import check as run_check
    from ttcsim.pool.worlds import make_pool

    if (pool is None) == (world is None):
        raise InputError("check: give a POOL or --world, and not both")
    subject = ttcsim.load(pool) if pool is not None else make_pool(str(world), queries, samples, seed=seed)
    with _progress("checking") as progress:
        claims = run_check(
            subject,
            budgets=_numbers(budgets),
            reps=reps,
            seed=seed,
            policies=_split_policies(policy) if policy else None,
            progress=progress,
        )
    rows = as_rows(claims)
    if as_json:
        config = {
            "pool": subject.name,
            "pool_hash": subject.hash,
            "budgets": _numbers(budgets),
            "reps": reps,
            "seed": seed,
        }
        print_json(rows, {**config, "alpha": ALPHA})
    else:
        table = Table(
            title=f"{subject.name}: a true statement fails with probability below {ALPHA:g} per row",
            title_justify="left",
        )
        for column in ("", "statement", "theory", "replayed", "may be", "slack", "verdict"):
            table.add_column(column, justify="left" if column in ("", "statement", "verdict") else "right")
        for row in rows:
            table.add_row(
                row["guarantee"],
                escape(row["statement"]),
                f"{row['theory']:.5g}",
                f"{row['replayed']:.5g}",
                f"{row['lo']:.5g} to {row['hi']:.5g}",
                "" if row["slack"] is None else f"{row['slack']:.2f}",
                "[green]holds[/green]" if row["holds"] else "[red]FAILS[/red]",
            )
        _out.print(table)
    if not all(row["holds"] for row in rows):
        raise typer.Exit(1)


@app.command()
def regret(
    pool: Annotated[str, typer.Argument(help="Pool folder, Parquet file or builtin:NAME.")],
    policy: Annotated[list[str], typer.Option("--policy", "-p", help="A policy, as often as you like.")],
    budgets: Annotated[str, typer.Option("--budgets", "-b")] = "1,2,4,8,16",
    reps: Annotated[int, typer.Option(help="Replications.")] = 1000,
    seed: Seed = 0,
    as_json: Json = False,
    threads: Threads = None,
) -> None:
    """Coverage lost against the two exact optima: knowing every rate, and Bayes-optimal play without knowing them."""
    from ttcsim.statistics.regret import regret as table_of

    with _progress("replaying") as progress:
        result = ttcsim.sweep(
            pool, _split_policies(policy), _numbers(budgets), reps=reps, seed=seed, replay="bootstrap", threads=threads,
            progress=progress,
        )  # fmt: skip
    rows = table_of(result).to_dicts()
    if as_json:
        print_json(rows, result.config)
        return
    shown = Table(title="regret in coverage, with replacement", title_justify="left")
    for name in ("policy", "budget", "coverage", "below clairvoyant", "below Bayes-optimal"):
        shown.add_column(name, justify="left" if name == "policy" else "right", overflow="fold")
    for row in rows:
        half = "" if row["hi"] is None else f" ±{50 * (row['hi'] - row['lo']):.2f}"
        shown.add_row(
            escape(row["policy"]), f"{row['budget']:g}", f"{row['coverage']:.1%}", f"{100 * row['regret']:.2f}{half}",
            f"{100 * row['regret_optimal']:.2f}{half}",
        )  # fmt: skip
    _out.print(shown)


@app.command()
def predict(
    curve: Annotated[
        str | None,
        typer.Argument(help="Table (.csv, .parquet, .jsonl) with the columns k and coverage: uniform's pass@k."),
    ] = None,
    points: Annotated[
        str | None, typer.Option(help="Or two published points of it, such as 8:0.738,31.4:0.849.")
    ] = None,
    budgets: Annotated[str, typer.Option("--budgets", "-b", help="Average budgets per query.")] = "1,2,4,8,16,32",
    as_json: Json = False,
) -> None:
    """Predict elimination's coverage and gain from a pass@k curve alone, by the stretch law (guarantee G7)."""
    import numpy as np

    from ttcsim.pool.importers.tables import check_column, read_table
    from ttcsim.theory import law_from_curve, law_through, stretched

    if (curve is None) == (points is None):
        raise InputError("predict: give a table of k and coverage, or --points, and not both")
    if curve is not None:
        table = read_table(curve)
        for column in ("k", "coverage"):
            check_column(table, column, curve)
        law = law_from_curve(table["k"].cast(pl.Float64).to_numpy(), table["coverage"].cast(pl.Float64).to_numpy())
    else:
        try:
            pairs = [tuple(float(x) for x in part.split(":")) for part in str(points).split(",")]
            first, second = ((k, value) for k, value in pairs)
        except ValueError:
            raise InputError(
                f"--points '{points}': the form is K:COVERAGE,K:COVERAGE, such as 8:0.738,31.4:0.849"
            ) from None
        law, _, _ = law_through(np.array([first, second]))
    grid = np.array(_numbers(budgets))
    coverage, efficiency = stretched(law, grid)
    uniform = np.where(grid <= law.rounds[-1], np.interp(grid, law.rounds, law.coverage), np.nan)
    columns = (grid, uniform, coverage, coverage - uniform, efficiency)
    names = ("budget", "uniform", "elimination", "difference", "efficiency")
    rows = [dict(zip(names, map(float, row), strict=True)) for row in zip(*columns, strict=True)]
    if as_json:
        print_json(rows, {"curve": curve, "points": points})
        return
    shown = Table(title="elimination by the stretch law", title_justify="left")
    for name in names:
        shown.add_column(name, justify="right")
    for row in rows:
        cells = [
            f"{row['budget']:g}",
            *("beyond the curve" if math.isnan(v) else f"{v:.4g}" for v in list(row.values())[1:]),
        ]
        shown.add_row(*cells)
    _out.print(shown)


@app.command()
def extrapolate(
    pool: Annotated[str, typer.Argument(help="Pool folder, Parquet file or builtin:NAME.")],
    draws: Annotated[str, typer.Option("--draws", "-k", help="Draws per query, with commas.")] = "100,1000,10000",
    family: Annotated[str, typer.Option(help="beta, kumaraswamy or scaled-beta.")] = "beta",
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples of the queries.")] = 200,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Predict uniform's coverage (pass@k) beyond the pool, from a law of success rates fitted to it."""
    import numpy as np

    from ttcsim.theory import pass_at_k
    from ttcsim.theory.extrapolate import extrapolate as run_extrapolate

    subject = ttcsim.load(pool)
    most = float(subject.sizes.min())
    points = np.array(sorted({most, *_numbers(draws, "--draws")}))  # where the law can be held against the pool
    found = run_extrapolate(subject.sizes, subject.successes, points, family, resamples=resamples, seed=seed)
    within = points <= subject.sizes.min()
    own = [
        float(pass_at_k(subject.sizes, subject.successes, int(k)).mean()) if w else math.nan
        for k, w in zip(points, within, strict=True)
    ]
    columns = (points, found.coverage, found.lo, found.hi, own)
    names = ("draws", "coverage", "lo_queries", "hi_queries", "pool")
    rows = [dict(zip(names, map(float, row), strict=True)) for row in zip(*columns, strict=True)]
    law = {"family": found.fit.family, "a": found.fit.a, "b": found.fit.b, "c": found.fit.c}
    if as_json:
        print_json(rows, {"pool": subject.name, "pool_hash": subject.hash, "law": law, "seed": seed})
        return
    shown = Table(title=f"{subject.name}: pass@k of the fitted law", title_justify="left")
    for name in ("draws per query", "coverage", "95 %, new queries too", "in the pool itself"):
        shown.add_column(name, justify="right")
    for row in rows:
        interval = f"{row['lo_queries']:.1%} to {row['hi_queries']:.1%}"
        exact = "" if math.isnan(row["pool"]) else f"{row['pool']:.1%}"
        shown.add_row(f"{row['draws']:g}", f"{row['coverage']:.1%}", interval, exact)
    _out.print(shown)
    low, high = found.exponent[1:]
    _out.print(
        f"Law: {found.fit.family}(a={found.fit.a:.3g}, b={found.fit.b:.3g}, c={found.fit.c:.3g}). Failures fall like "
        f"k^-{found.fit.a:.3g} (95 %: {low:.3g} to {high:.3g}). The draws per query must not depend on their outcomes.",
        highlight=False,
    )


@app.command()
def policies(as_json: Json = False) -> None:
    """List every policy: parameters, what it needs, where it comes from."""
    from dataclasses import MISSING, fields

    rows: list[dict[str, Any]] = []
    for name, kind in ttcsim.ALL.items():
        parameters = {f.name: f.default for f in fields(kind) if f.default is not MISSING}
        summary = (kind.__doc__ or "").splitlines()[0]
        rows.append(
            {
                "policy": name,
                "parameters": parameters,
                "needs": list(kind().columns()),
                "anytime": kind.anytime,
                "source": kind.source,
                "summary": summary,
            }
        )
    if as_json:
        print_json(rows, {})
        return
    table = Table()
    for column in ("policy", "own parameters", "needs", "anytime", "source", "summary"):
        table.add_column(column, overflow="fold")
    shared = {f.name: f.default for f in fields(ttcsim.Policy)}
    for row in rows:
        own = {k: v for k, v in row["parameters"].items() if shared.get(k, MISSING) != v}
        values = ", ".join(f"{k}={str(v).lower() if isinstance(v, bool) else v}" for k, v in own.items())
        table.add_row(
            row["policy"],
            values,
            ", ".join(row["needs"]),
            "yes" if row["anytime"] else "no",
            row["source"],
            row["summary"],
        )
    _out.print(table)
    _out.print(
        "All take k (draws at a time), gamma and signal (what counts as a success: correct, or a reward column), and "
        "cap (most draws of a query). Anytime: one replay serves every budget.", highlight=False,
    )  # fmt: skip


def _pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        if not equals or not key or not value:
            raise InputError(f"{option} '{text}': the form is {option} NAME=VALUE")
        pairs[key] = value
    return pairs


@pool_app.command("describe")
def pool_describe(
    pool: Annotated[str, typer.Argument(help="Pool folder, Parquet file or builtin:NAME.")],
    as_json: Json = False,
) -> None:
    """Check a pool and say what is in it."""
    facts = ttcsim.load(pool).describe()
    if as_json:
        print_json([facts], {"pool": pool})
        return
    table = Table(show_header=False)
    for key, value in facts.items():
        values = value if isinstance(value, list) else [value]
        table.add_row(key.replace("_", " "), ", ".join(f"{v:.4g}" if isinstance(v, float) else str(v) for v in values))
    _out.print(table)


@pool_app.command("import")
def pool_import(
    form: Annotated[str, typer.Argument(metavar="FORMAT", help="samples, counts, lm-eval, inspect or monkeys.")],
    src: Annotated[str, typer.Argument(help="File, or folder of files or of a Hugging Face data set.")],
    dest: Annotated[Path, typer.Argument(help="Pool folder to make.")],
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="POOL_COLUMN=SOURCE_COLUMN, as often as needed.")
    ] = None,
    where: Annotated[list[str] | None, typer.Option("--where", help="COLUMN=VALUE: only these rows.")] = None,
) -> None:
    """Make a pool of what you have.

    FORMAT samples: any table (.parquet, .csv, .jsonl, Dataset.save_to_disk), one row a sample. counts: one row a
    query with n and c. lm-eval: samples_*.jsonl of --log_samples. inspect: .json or .eval logs. monkeys: YAML or JSON
    files of Large Language Monkeys.
    """
    from ttcsim.pool.importers import FORMATS

    if form not in FORMATS:
        raise InputError(f"pool import: unknown format '{form}'; there are {', '.join(FORMATS)}")
    pool = FORMATS[form](src, mapping=_pairs(mapping, "--map"), where=_pairs(where, "--where"))
    ttcsim.write(pool, dest, facts={"source": Path(src).name, "import": form})
    _out.print(f"{dest}: {pool.n_queries} queries, {pool.n_samples} samples", highlight=False)


@pool_app.command("hard")
def pool_hard(
    pool: Annotated[str, typer.Argument(help="Pool folder, Parquet file or builtin:NAME.")],
    dest: Annotated[Path, typer.Argument(help="Pool folder to make.")],
    after: Annotated[int, typer.Option(help="Draws without a correct one that make a query hard.")] = 16,
    seed: Seed = 0,
    keep_probe: Annotated[bool, typer.Option(help="Keep the samples that were looked at (biased).")] = False,
) -> None:
    """Keep the queries that a few random draws do not solve, as MATH-500-Hard-16 does."""
    whole = ttcsim.load(pool)
    hard = whole.unsolved_after(after, seed=seed, keep_probe=keep_probe)
    ttcsim.write(
        hard, dest, facts={"source": whole.name, "unsolved_after": after, "seed": seed, "probe_kept": keep_probe}
    )
    _out.print(f"{dest}: {hard.n_queries} of {whole.n_queries} queries, {hard.n_samples} samples", highlight=False)


@pool_app.command("initial")
def pool_initial(
    pool: Annotated[str, typer.Argument(help="A pool that was sampled until solved.")],
    dest: Annotated[Path, typer.Argument(help="Pool folder to make.")],
    samples: Annotated[int | None, typer.Option(help="Of each query; the first round's number by default.")] = None,
) -> None:
    """Keep the first samples of each query: those of an adaptive harvest's first round are unbiased, all are not."""
    whole = ttcsim.load(pool)
    adaptive = (whole.manifest or {}).get("adaptive") or {}
    if samples is None and "initial" not in adaptive:
        raise InputError(f"{pool}: its manifest tells of no adaptive harvest; say how many with --samples")
    first = whole.first(int(adaptive["initial"]) if samples is None else samples)
    facts = {k: v for k, v in (whole.manifest or {}).items() if k != "adaptive"}
    ttcsim.write(first, dest, facts=facts)
    _out.print(f"{dest}: {first.n_queries} queries, {first.n_samples} of {whole.n_samples} samples", highlight=False)


@pool_app.command("merge")
def pool_merge(
    folders: Annotated[
        list[Path], typer.Argument(metavar="POOL POOL ... DEST", help="Pools, then the folder to make.")
    ],
) -> None:
    """Join pools of different queries, such as the shards of one harvest."""
    *sources, dest = folders
    ttcsim.merge(sources, dest)
    pool = ttcsim.load(dest)
    _out.print(f"{dest}: {pool.n_queries} queries, {pool.n_samples} samples", highlight=False)


@pool_app.command("make")
def pool_make(
    dest: Annotated[Path, typer.Argument(help="Pool folder to make.")],
    world: Annotated[str, typer.Option(help="beta(a,b), linear or constant(p); unsolvable=u as last parameter.")],
    queries: Annotated[int, typer.Option("--queries", "-n")] = 500,
    samples: Annotated[int, typer.Option("--samples", "-m")] = 1024,
    seed: Seed = 0,
) -> None:
    """Make a synthetic pool of a world."""
    from ttcsim.pool.worlds import make_pool

    pool = make_pool(world, queries, samples, seed=seed)
    ttcsim.write(pool, dest, facts={"world": world, "seed": seed})
    _out.print(f"{dest}: {pool.n_queries} queries, {pool.n_samples} samples", highlight=False)
