"""Commands that hold replays against theory, or need no replay: check, regret, predict, extrapolate, explain."""

from __future__ import annotations

import math
from functools import partial
from typing import Annotated

import typer

import ttcsim
from ttcsim.cli import completion
from ttcsim.cli import options as opt
from ttcsim.cli.completion import of
from ttcsim.cli.tables import Format, Formats, Row, answer, progress, prose, say
from ttcsim.errors import InputError


def check(
    pool: Annotated[
        str | None, typer.Argument(help="Pool; or use --world.", autocompletion=of(completion.pools))
    ] = None,
    world: Annotated[
        str | None,
        typer.Option(help="A world, such as 'beta(0.4,1.2)' or linear.", autocompletion=of(completion.worlds)),
    ] = None,
    source: opt.Source = None,
    queries: opt.Queries = 500,
    samples: opt.Samples = 1024,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            "-p",
            help="Policies to hold against the prophet.",
            autocompletion=of(completion.policies, several=True),
        ),
    ] = None,
    budgets: opt.Budgets = "1,2,4,8,16",
    reps: opt.Reps = 400,
    only: Annotated[
        str | None,
        typer.Option(
            help="Guarantees to check, with commas, such as G7,G12.",
            autocompletion=of(completion.guarantees, several=True),
        ),
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Simulate fresh sets of queries too: one minute more.")] = False,
    seed: opt.Seed = 0,
    as_json: opt.Json = False,
) -> None:
    """Hold guarantees G1 to G18 against exact values and replays of a pool; exit 1 when one fails.

    Examples
    --------
    ttcsim check mypool --only G1,G7
    ttcsim check --world 'beta(0.4,1.2)' -n 200
    """
    if (pool is None) == (world is None):
        raise InputError("check: give a POOL or --world, and not both")
    from ttcsim.guarantees import ALPHA, as_rows, words
    from ttcsim.guarantees import check as run_check
    from ttcsim.pool.worlds import make_pool

    subject = ttcsim.load(pool).of(source) if pool is not None else make_pool(str(world), queries, samples, seed=seed)
    grid = opt.budgets_of(budgets)
    with progress("checking") as told:
        claims = run_check(
            subject, budgets=grid, reps=reps, seed=seed, policies=opt.names(*policy) if policy else None,
            only=opt.names(only) if only is not None else None, deep=deep, progress=told,
        )  # fmt: skip
    rows = as_rows(claims)
    config = {"pool": subject.name, "pool_hash": subject.hash, "budgets": grid, "reps": reps, "seed": seed}
    answer(
        rows, {**config, "alpha": ALPHA}, words.columns(),
        as_json=as_json, title=words.about(subject.name), left=("", "statement", "verdict"),
    )  # fmt: skip
    if not as_json:
        say(words.summed(rows))
    if any(row["holds"] is False for row in rows):
        raise typer.Exit(1)


def live_check(
    pool: Annotated[
        str,
        typer.Argument(
            help="Pool of the same queries, harvested with another seed.", autocompletion=of(completion.pools)
        ),
    ],
    live: Annotated[str, typer.Argument(help="Pool of `harvest live`.", autocompletion=of(completion.pools))],
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            "-p",
            help="What decided, where it is code of yours: mine.py:Mine.",
            autocompletion=of(completion.policies),
        ),
    ] = None,
    alpha: Annotated[float, typer.Option(help="Probability that a run which is as predicted falls outside.")] = 0.01,
    reps: opt.Reps = 10_000,
    bins: opt.Bins = 5,
    seed: opt.Seed = 0,
    as_json: opt.Json = False,
) -> None:
    """Hold a live run against replays of an independently harvested pool; exit 1 when it falls outside.

    Examples
    --------
    ttcsim live-check mypool live-run
    ttcsim live-check mypool live-run --alpha 0.001 --json
    """
    with progress("replaying") as told:
        found = ttcsim.live_check(
            pool, live, policy=policy, alpha=alpha, reps=reps, bins=bins, seed=seed, progress=told
        )  # fmt: skip
    rows = found.to_dicts()
    formats: Formats = {
        "statistic": "{statistic}", "live": "{live:.4g}", "predicted": "{predicted:.4g}",
        "may be": "{lo:.4g} to {hi:.4g}",
        "verdict": lambda row: "inside" if row["inside"] else "says nothing" if row["inside"] is None else "OUTSIDE",
    }  # fmt: skip
    config = {"pool": pool, "live": live, "alpha": alpha, "reps": reps, "bins": bins, "seed": seed}
    title = (
        f"{live} beside replays of {pool}: a run that is as predicted falls outside with probability below {alpha:g}"
    )
    answer(rows, config, formats, as_json=as_json, title=title, left=("statistic", "verdict"))
    if any(row["inside"] is False for row in rows):
        raise typer.Exit(1)


def regret(
    pool: opt.Pool,
    policy: opt.Policies,
    budgets: opt.Budgets = "1,2,4,8,16",
    source: opt.Source = None,
    reps: opt.Reps = 1000,
    seed: opt.Seed = 0,
    as_json: opt.Json = False,
    threads: opt.Threads = None,
) -> None:
    """Coverage lost against the two exact optima: knowing every rate, and Bayes-optimal play without knowing them.

    Examples
    --------
    ttcsim regret mypool -p uniform -p ucb -b 2,8
    """
    with progress("replaying") as told:
        result = ttcsim.sweep(
            pool, opt.names(*policy), opt.budgets_of(budgets), reps=reps, seed=seed, replay="bootstrap",
            source=source, threads=threads, progress=told,
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
    """Predict elimination's coverage and gain from a pass@k curve alone, by the stretch law (guarantee G7).

    Examples
    --------
    ttcsim predict --points 8:0.738,31.4:0.849
    ttcsim predict curve.csv -b 1,2,4
    """
    if (curve is None) == (points is None):
        raise InputError("predict: give a table of k and coverage, or --points, and not both")
    import numpy as np
    import polars as pl

    from ttcsim.pool.importers.tables import check_column, read_table
    from ttcsim.theory import law_from_curve, law_through, stretched
    from ttcsim.theory.two_points import APART, Limits, limits_through

    limits: list[Limits] = []
    grid = np.array(opt.budgets_of(budgets))
    if curve is not None:
        table = read_table(curve)
        for column in ("k", "coverage"):
            check_column(table, column, curve)
            if not table[column].dtype.is_numeric():
                raise InputError(f"{curve}: column '{column}' holds {table[column].dtype}; it must hold numbers")
        law = law_from_curve(*(table[column].cast(pl.Float64).to_numpy() for column in ("k", "coverage")))
    else:
        known = np.array(_points(str(points)))
        law, _, _ = law_through(known)
        with progress("limits over all laws") as told:
            for done, budget in enumerate(grid):
                told(done, len(grid))
                limits.append(limits_through(known, float(budget)))
    coverage, efficiency = stretched(law, grid)
    uniform = np.where(grid <= law.rounds[-1], np.interp(grid, law.rounds, law.coverage), np.nan)
    if limits:
        # One Beta world stands for all laws only where they agree.
        coverage[[most - least > APART for least, most in (at.elimination for at in limits)]] = np.nan
        uniform[[most - least > APART for least, most in (at.uniform for at in limits)]] = np.nan
        efficiency[np.isnan(coverage)] = np.nan
    gains = {"difference": coverage - uniform, "efficiency": efficiency}
    ranges = {f"{key}_limits": [list(getattr(at, key)) for at in limits] for key in Limits._fields if limits}
    frame = pl.DataFrame({"budget": grid, "uniform": uniform, "elimination": coverage, **gains, **ranges})

    def cell(row: Row, key: str) -> str:
        if isinstance(row[key], list):
            least, most = row[key]
            return f"{least:.4g} to {most:.4g}" if math.isfinite(most) else f"{least:.4g} or more"
        return ("open" if limits else "beyond the curve") if math.isnan(row[key]) else f"{row[key]:.4g}"

    titles = {key: key.replace("_limits", ", any law") for key in frame.columns}
    formats: dict[str, Format] = {titles[key]: partial(cell, key=key) for key in frame.columns}
    formats["budget"] = "{budget:g}"
    config = {"curve": curve, "points": points}
    answer(frame.to_dicts(), config, formats, as_json=as_json, title="elimination by the stretch law")
    if limits and not as_json:
        say(
            "Values are those of the Beta world through both points, limits those of all laws of success rates through "
            f"them. open: such laws lie more than {100 * APART:g} points apart there, so the two points do not say."
        )


def extrapolate(
    pool: opt.Pool,
    draws: Annotated[str, typer.Option("--draws", "-k", help="Draws per query, with commas.")] = "100,1000,10000",
    source: opt.Source = None,
    family: Annotated[
        str, typer.Option(help="auto (all that the pool does not reject), or the name of one law.")
    ] = "auto",
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples of the queries.", min=1, max=100_000)] = 200,
    seed: opt.Seed = 0,
    as_json: opt.Json = False,
) -> None:
    """Predict uniform's coverage (pass@k) beyond the pool, from laws of success rates fitted to it.

    Examples
    --------
    ttcsim extrapolate mypool -k 100,200
    """
    import numpy as np

    from ttcsim.theory import pass_at_k
    from ttcsim.theory.extrapolate import FAR, LEVEL
    from ttcsim.theory.extrapolate import extrapolate as run_extrapolate

    subject = ttcsim.load(pool).of(source).alone("extrapolate")
    most = int(subject.sizes.min())
    # At `most` the laws can be held against the pool.
    grid = sorted({float(most), *opt.numbers(draws, "--draws", float)})
    with progress("fitting laws") as told:
        found = run_extrapolate(
            subject.sizes, subject.successes, np.array(grid), family, resamples=resamples, seed=seed, progress=told
        )
    rows = [
        {
            "draws": k, "coverage": float(coverage), "lo_queries": float(lo), "hi_queries": float(hi), "far": bool(far),
            "pool": float(pass_at_k(subject.sizes, subject.successes, int(k)).mean()) if k <= most else math.nan,
        }
        for k, coverage, lo, hi, far in zip(grid, found.coverage, found.lo, found.hi, found.far, strict=True)
    ]  # fmt: skip
    formats: Formats = {
        "draws per query": "{draws:g}", "coverage": "{coverage:.1%}",
        "95 %, new queries too": lambda row: f"{row['lo_queries']:.1%} to {row['hi_queries']:.1%}{' far' * row['far']}",
        "in the pool itself": lambda row: "" if math.isnan(row["pool"]) else f"{row['pool']:.1%}",
    }  # fmt: skip
    best = found.best
    laws = [
        {"family": c.fit.law.name, "p_value": c.p_value, "rejected": c.rejected, "bic": c.bic, **c.fit.parameters}
        for c in found.laws
    ]
    config = {
        "pool": subject.name, "pool_hash": subject.hash, "seed": seed, "laws": laws,
        "law": {"family": best.fit.law.name, **best.fit.parameters},
    }  # fmt: skip
    answer(rows, config, formats, as_json=as_json, title=f"{subject.name}: pass@k beyond the pool")
    if as_json:
        return
    out = [c.fit.law.name for c in found.laws if c.rejected]
    kept = [c.fit.law.name for c in found.laws if not c.rejected]
    values = ", ".join(f"{name}={value:.3g}" for name, value in best.fit.parameters.items())
    said = [f"Coverage by {best.fit.law.name}({values})."]
    if best.fit.law.power:
        low, high = best.limits["a"]
        said.append(f"Failures fall like k^-{best.fit.parameters['a']:.3g} (95 %: {low:.3g} to {high:.3g}).")
    if len(kept) > 1:
        said.append(f"The limits are the outermost of {', '.join(kept)}.")
    if out and kept:
        said.append(f"Rejected by the pool (p < {LEVEL:g}): {', '.join(out)}.")
    if not kept:
        said.append("The pool rejects every law that was tried, this one too: do not rely on it beyond the pool.")
    if found.far.any():
        said.append(
            f"far: more than {FAR} times the {most} draws that were made; there the limits cover less than they say. "
            "Whatever the law, coverage is not below the pool's own."
        )
    say(" ".join([*said, "The draws per query must not depend on their outcomes."]))


def explain(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="Guarantees (G7), policies (ucb, mine.py:Mine), selectors (cisc).",
            autocompletion=of(completion.explained),
        ),
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Say what a guarantee states, why it holds and where it comes from, or what a policy or selector does.

    Examples
    --------
    ttcsim explain
    ttcsim explain G7 ucb
    """
    from ttcsim.guarantees.explain import explain as explained
    from ttcsim.guarantees.explain import guarantees

    found = [explained(name) for name in names] if names else guarantees()
    if as_json or not names:
        formats: Formats = {"": "{name}", "states": "{statement}", "source": "{source}"}
        answer([one._asdict() for one in found], {}, formats, as_json=as_json, left=formats)
        return
    for one in found:
        say(f"{one.name}: {one.statement}", style="bold")
        prose(f"{one.text}\n\n*Source*: {one.source or 'not told'}\n\n*Code*: `{one.file}`\n")


def _points(text: str) -> list[list[float]]:
    """The two points of ``--points``."""
    try:
        found = [[float(number) for number in part.split(":")] for part in opt.names(text)]
    except ValueError:
        found = []
    if [len(point) for point in found] != [2, 2]:
        raise InputError(f"--points '{text}': the form is K:COVERAGE,K:COVERAGE, such as 8:0.738,31.4:0.849")
    return found
