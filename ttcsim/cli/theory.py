"""Commands that hold replays against theory, or need no replay: check, regret, predict, extrapolate."""

from __future__ import annotations

import math
from functools import partial
from typing import Annotated

import typer

import ttcsim
from ttcsim.cli import options as opt
from ttcsim.cli.tables import Format, Formats, Row, answer, progress, say
from ttcsim.errors import InputError


def check(
    pool: Annotated[str | None, typer.Argument(help="Pool; or use --world.")] = None,
    world: Annotated[str | None, typer.Option(help="A world, such as 'beta(0.4,1.2)' or linear.")] = None,
    queries: opt.Queries = 500,
    samples: opt.Samples = 1024,
    policy: Annotated[
        list[str] | None, typer.Option("--policy", "-p", help="Policies to hold against the prophet.")
    ] = None,
    budgets: opt.Budgets = "1,2,4,8,16",
    reps: opt.Reps = 400,
    only: Annotated[str | None, typer.Option(help="Guarantees to check, with commas, such as G7,G12.")] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Simulate fresh sets of queries too: one minute more.")] = False,
    seed: opt.Seed = 0,
    as_json: opt.Json = False,
) -> None:
    """Hold guarantees G1 to G17 against exact values and replays of a pool; exit 1 when one fails."""
    if (pool is None) == (world is None):
        raise InputError("check: give a POOL or --world, and not both")
    from ttcsim.guarantees import ALPHA, as_rows
    from ttcsim.guarantees import check as run_check
    from ttcsim.pool.worlds import make_pool

    subject = ttcsim.load(pool) if pool is not None else make_pool(str(world), queries, samples, seed=seed)
    grid = opt.budgets_of(budgets)
    with progress("checking") as told:
        claims = run_check(
            subject, budgets=grid, reps=reps, seed=seed, policies=opt.names(*policy) if policy else None,
            only=opt.names(only) if only is not None else None, deep=deep, progress=told,
        )  # fmt: skip
    rows = as_rows(claims)
    formats: Formats = {
        "": "{guarantee}", "statement": "{statement}", "theory": "{theory:.5g}", "replayed": "{replayed:.5g}",
        "may be": "{lo:.5g} to {hi:.5g}",
        "slack": lambda row: "" if row["slack"] is None else f"{row['slack']:.2f}",
        "verdict": lambda row: "holds" if row["holds"] else "says nothing" if row["holds"] is None else "FAILS",
    }  # fmt: skip
    config = {"pool": subject.name, "pool_hash": subject.hash, "budgets": grid, "reps": reps, "seed": seed}
    title = f"{subject.name}: a true statement fails with probability below {ALPHA:g} per row"
    left = ("", "statement", "verdict")
    answer(rows, {**config, "alpha": ALPHA}, formats, as_json=as_json, title=title, left=left)
    failed = [row for row in rows if row["holds"] is False]
    if not as_json:
        silent = sum(row["holds"] is None for row in rows)
        verdict = (
            f"{len(failed)} fail: {', '.join(sorted({r['guarantee'] for r in failed}))}" if failed else "none fails"
        )
        say(f"{len(rows)} statements, {verdict}{f'; {silent} need more replications or queries' if silent else ''}.")
    if failed:
        raise typer.Exit(1)


def regret(
    pool: opt.Pool,
    policy: opt.Policies,
    budgets: opt.Budgets = "1,2,4,8,16",
    reps: opt.Reps = 1000,
    seed: opt.Seed = 0,
    as_json: opt.Json = False,
    threads: opt.Threads = None,
) -> None:
    """Coverage lost against the two exact optima: knowing every rate, and Bayes-optimal play without knowing them."""
    with progress("replaying") as told:
        result = ttcsim.sweep(
            pool, opt.names(*policy), opt.budgets_of(budgets), reps=reps, seed=seed, replay="bootstrap",
            threads=threads, progress=told,
        )  # fmt: skip

    def points(row: Row, key: str) -> str:
        half = "" if row["hi"] is None else f" ±{50 * (row['hi'] - row['lo']):.2f}"
        return f"{100 * row[key]:.2f}{half}"

    formats: Formats = {
        "policy": "{policy}", "budget": "{budget:g}", "coverage": "{coverage:.1%}",
        "below clairvoyant": lambda row: points(row, "regret"),
        "below Bayes-optimal": lambda row: points(row, "regret_optimal"),
    }  # fmt: skip
    rows = ttcsim.regret(result).to_dicts()
    answer(rows, result.config, formats, as_json=as_json, title="regret in coverage, with replacement")


def predict(
    curve: Annotated[
        str | None,
        typer.Argument(help="Table (.csv, .parquet, .jsonl) with the columns k and coverage: uniform's pass@k."),
    ] = None,
    points: Annotated[
        str | None, typer.Option(help="Or two published points of it, such as 8:0.738,31.4:0.849.")
    ] = None,
    budgets: opt.Budgets = "1,2,4,8,16,32",
    as_json: opt.Json = False,
) -> None:
    """Predict elimination's coverage and gain from a pass@k curve alone, by the stretch law (guarantee G7)."""
    if (curve is None) == (points is None):
        raise InputError("predict: give a table of k and coverage, or --points, and not both")
    import numpy as np
    import polars as pl

    from ttcsim.pool.importers.tables import check_column, read_table
    from ttcsim.theory import law_from_curve, law_through, stretched

    if curve is not None:
        table = read_table(curve)
        for column in ("k", "coverage"):
            check_column(table, column, curve)
            if not table[column].dtype.is_numeric():
                raise InputError(f"{curve}: column '{column}' holds {table[column].dtype}; it must hold numbers")
        law = law_from_curve(*(table[column].to_numpy().astype(np.float64) for column in ("k", "coverage")))
    else:
        law, _, _ = law_through(np.array(_points(str(points))))
    grid = np.array(opt.budgets_of(budgets))
    coverage, efficiency = stretched(law, grid)
    uniform = np.where(grid <= law.rounds[-1], np.interp(grid, law.rounds, law.coverage), np.nan)
    gains = {"difference": coverage - uniform, "efficiency": efficiency}
    frame = pl.DataFrame({"budget": grid, "uniform": uniform, "elimination": coverage, **gains})

    def cell(row: Row, key: str) -> str:
        return "beyond the curve" if math.isnan(row[key]) else f"{row[key]:.4g}"

    formats: dict[str, Format] = {key: partial(cell, key=key) for key in frame.columns}
    formats["budget"] = "{budget:g}"
    config = {"curve": curve, "points": points}
    answer(frame.to_dicts(), config, formats, as_json=as_json, title="elimination by the stretch law")


def extrapolate(
    pool: opt.Pool,
    draws: Annotated[str, typer.Option("--draws", "-k", help="Draws per query, with commas.")] = "100,1000,10000",
    family: Annotated[str, typer.Option(help="beta, kumaraswamy or scaled-beta.")] = "beta",
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples of the queries.")] = 200,
    seed: opt.Seed = 0,
    as_json: opt.Json = False,
) -> None:
    """Predict uniform's coverage (pass@k) beyond the pool, from a law of success rates fitted to it."""
    import numpy as np
    import polars as pl

    from ttcsim.theory import pass_at_k
    from ttcsim.theory.extrapolate import extrapolate as run_extrapolate

    subject = ttcsim.load(pool)
    most = int(subject.sizes.min())
    # At `most` the law can be held against the pool.
    grid = sorted({float(most), *opt.numbers(draws, "--draws", float)})
    found = run_extrapolate(subject.sizes, subject.successes, np.array(grid), family, resamples=resamples, seed=seed)
    own = [float(pass_at_k(subject.sizes, subject.successes, int(k)).mean()) if k <= most else math.nan for k in grid]
    limits = {"lo_queries": found.lo, "hi_queries": found.hi}
    frame = pl.DataFrame({"draws": grid, "coverage": found.coverage, **limits, "pool": own})
    fit = found.fit
    formats: Formats = {
        "draws per query": "{draws:g}", "coverage": "{coverage:.1%}",
        "95 %, new queries too": "{lo_queries:.1%} to {hi_queries:.1%}",
        "in the pool itself": lambda row: "" if math.isnan(row["pool"]) else f"{row['pool']:.1%}",
    }  # fmt: skip
    law = {"family": fit.family, "a": fit.a, "b": fit.b, "c": fit.c}
    config = {"pool": subject.name, "pool_hash": subject.hash, "law": law, "seed": seed}
    answer(frame.to_dicts(), config, formats, as_json=as_json, title=f"{subject.name}: pass@k of the fitted law")
    if not as_json:
        low, high = found.exponent[1:]
        say(
            f"Law: {fit.family}(a={fit.a:.3g}, b={fit.b:.3g}, c={fit.c:.3g}). Failures fall like k^-{fit.a:.3g} "
            f"(95 %: {low:.3g} to {high:.3g}). The draws per query must not depend on their outcomes."
        )


def _points(text: str) -> list[list[float]]:
    """The two points of ``--points``."""
    try:
        found = [[float(number) for number in part.split(":")] for part in opt.names(text)]
    except ValueError:
        found = []
    if [len(point) for point in found] != [2, 2]:
        raise InputError(f"--points '{text}': the form is K:COVERAGE,K:COVERAGE, such as 8:0.738,31.4:0.849")
    return found
