"""``ttcsim strategies``: the questions of Snell et al. on harvested or simulated runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ttcsim.cli import options as opt
from ttcsim.cli.completion import of, words
from ttcsim.cli.tables import Row, print_json, progress, say, show
from ttcsim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttcsim.strategies.questions.difficulty import Difficulty as Binned
    from ttcsim.strategies.runs import StrategyRuns


def _table(
    pool: str | None, world: str | None, queries: int, runs: int, seed: int, budgets: str | None,
    select: str = "weighted", samples: int | None = None,
) -> StrategyRuns:  # fmt: skip
    """Runs of a pool, `samples` of each query set apart for its difficulty, or of a world."""
    from ttcsim.strategies.runs import load_runs
    from ttcsim.strategies.worlds.simulate import BUDGETS, simulate

    if (pool is None) == (world is None):
        raise InputError("strategies: give a pool folder or --world, one of the two")
    grid = None if budgets is None else opt.numbers(budgets, "--budgets", int)
    if world is not None:
        with progress(f"simulating {world}") as told:
            return simulate(
                world, queries, budgets=grid or BUDGETS, runs=runs, selectors=opt.names(select), seed=seed,
                progress=told,
            )  # fmt: skip
    assert pool is not None
    with progress(f"reading {pool}"):
        return load_runs(
            pool, budgets=grid or [1, 2, 4, 8, 16, 32, 64], selectors=opt.names(select), apart=samples, seed=seed
        )


def _difficulty(table: StrategyRuns, kind: str, samples: int | None, bins: int, reward: str, seed: int) -> Binned:
    from ttcsim.strategies.questions.difficulty import difficulty

    own = samples if table.apart is None else None  # a pool's are set apart already
    return difficulty(table.judged, kind, samples=own, bins=bins, reward=reward, seed=seed)


def _answer(rows: Sequence[Row], title: str, as_json: bool, config: Row) -> None:
    if as_json:
        print_json(rows, config)
    else:
        show([{key.removesuffix("_queries"): value for key, value in row.items()} for row in rows], title=title)


def _draw(data: Any, figure: str, path: Path | None) -> None:
    """One of the figures of `report.strategies`, where a file was asked for."""
    if path is not None:
        from ttcsim.plot import save
        from ttcsim.report import strategies

        save(getattr(strategies, f"{figure}_figure")(data), path)


def describe(
    pool: opt.StrategyPool = None, world: opt.StrategyWorld = None,
    queries: opt.Queries = 500, runs: opt.Runs = 32, seed: opt.Seed = 0,
    budgets: opt.Generations = None, select: opt.Select = "weighted", as_json: opt.Json = False,
) -> None:  # fmt: skip
    """What strategies there are, at which budgets, and how they do.

    Examples
    --------
    ttcsim strategies describe mypool
    ttcsim strategies describe --world 'tree(noise=1)' -n 200
    """
    table = _table(pool, world, queries, runs, seed, budgets, select, samples=0)
    _answer(table.describe(), f"{table.pool.name}: {table.pool.n_queries} queries", as_json, {"pool": pool or world})


def bins(
    pool: opt.StrategyPool = None, world: opt.StrategyWorld = None,
    queries: opt.Queries = 500, runs: opt.Runs = 32, seed: opt.Seed = 0,
    budgets: opt.Generations = None, difficulty: opt.Difficulty = "oracle", samples: opt.Estimate = None,
    n_bins: opt.Bins = 5, reward: opt.Reward = "reward", select: opt.Select = "weighted", figure: opt.Figure = None,
    as_json: opt.Json = False,
) -> None:  # fmt: skip
    """Every strategy in every bin of difficulty at every budget; limits (--json, --figure) are for new queries.

    Examples
    --------
    ttcsim strategies bins mypool
    ttcsim strategies bins --world tree --figure bins.png
    """
    import polars as pl

    from ttcsim.strategies.questions.bins import by_bin

    table = _table(pool, world, queries, runs, seed, budgets, select, samples)
    found = _difficulty(table, difficulty, samples, n_bins, reward, seed)
    with progress("resampling the queries"):
        rows = by_bin(table, found, seed=seed)
    _draw(rows, "search", figure)
    if as_json:
        print_json(rows, {"pool": pool or world, "difficulty": difficulty, "samples": found.samples})
        return
    named = [{**r, "of": "all" if r["bin"] == 0 else f"bin {r['bin']}"} for r in rows]
    wide = pl.DataFrame(named).pivot("of", index=["strategy", "budget"], values="accuracy")
    sizes = ", ".join(map(str, found.sizes))
    show(wide.to_dicts(), title=f"accuracy by {difficulty} difficulty, 1 the easiest; bins of {sizes} queries")


def optimal(
    pool: opt.StrategyPool = None, world: opt.StrategyWorld = None,
    queries: opt.Queries = 500, runs: opt.Runs = 32, seed: opt.Seed = 0,
    budgets: opt.Generations = None,
    difficulty: Annotated[
        str, typer.Option(help="oracle, predicted, or both.", autocompletion=of(words("oracle", "predicted", "both")))
    ] = "both",
    samples: opt.Estimate = None, n_bins: opt.Bins = 5, reward: opt.Reward = "reward",
    charge: Annotated[bool, typer.Option(help="Add the estimate of difficulty to the budgets.")] = False,
    baseline: Annotated[str, typer.Option(help="What it is held against.")] = "best_of_n",
    select: opt.Select = "weighted",
    figure: opt.Figure = None, as_json: opt.Json = False,
) -> None:  # fmt: skip
    """The best strategy by bin and budget, cross-validated, and its efficiency, with limits for new queries.

    Examples
    --------
    ttcsim strategies optimal mypool --difficulty predicted --charge
    ttcsim strategies optimal --world tree --figure optimal.png
    """
    from ttcsim.strategies.questions.optimal import compute_optimal

    table = _table(pool, world, queries, runs, seed, budgets, select, samples)
    kinds = ("oracle", "predicted") if difficulty == "both" else (difficulty,)
    with progress("resampling the queries"):
        curves = [
            compute_optimal(
                table, _difficulty(table, kind, samples, n_bins, reward, seed), charge=charge, baseline=baseline,
                seed=seed,
            )
            for kind in kinds
        ]  # fmt: skip
    _draw(curves, "optimal", figure)
    rows = [row for curve in curves for row in curve.rows()]
    if as_json:
        samples = curves[0].difficulty.samples
        print_json(rows, {"pool": pool or world, "charged": charge, "samples": samples, "baseline": baseline})
        return
    cost = f"the {curves[0].difficulty.cost} samples a query behind the bins are {'' if charge else 'not '}charged"
    told = [
        {
            "difficulty": r["difficulty"], "budget": r["budget"],
            "accuracy": f"{r['accuracy']:.1%} ({r['lo_queries']:.1%} to {r['hi_queries']:.1%})",
            "in-sample": f"{r['in_sample']:.1%}", baseline: f"{r['baseline']:.1%}",
            "gain, points": f"{100 * r['gain']:+.1f} ({100 * r['gain_lo']:+.1f} to {100 * r['gain_hi']:+.1f})",
            "efficiency": _efficiency(r),
        }
        for r in rows
    ]  # fmt: skip
    title = f"compute-optimal, two-fold cross-validated (95 % for new queries); in-sample is optimistic; {cost}"
    show(told, title=title)
    for curve in curves:
        chosen = [
            {"budget": b, **{f"bin {d + 1}": row[i] for d, row in enumerate(curve.chosen)}}
            for i, b in enumerate(curve.baseline_budgets)
        ]
        show(chosen, title=f"chosen on all queries of a bin, {curve.difficulty.kind} difficulty, 1 the easiest")


def _efficiency(row: dict[str, Any]) -> str:
    """Budget multiplier; where best-of-N never gets there, its largest budget bounds it from below."""
    low = row["efficiency_lo"]
    if row["efficiency"] is None:
        return f"> {row['efficiency_at_least']:.3g}" + ("" if low is None else f" ({low:.3g} to beyond)")
    high = row["efficiency_hi"]
    return f"{row['efficiency']:.2f} ({low:.2f} to {'beyond' if high is None else f'{high:.2f}'})"


def ratio(
    pool: opt.StrategyPool = None, world: opt.StrategyWorld = None,
    queries: opt.Queries = 500, runs: opt.Runs = 32, seed: opt.Seed = 0,
    budget: Annotated[int, typer.Option("--budget", "-b", help="Generations: attempts in a chain times chains.")] = 8,
    difficulty: opt.Difficulty = "oracle", samples: opt.Estimate = None, n_bins: opt.Bins = 5,
    reward: opt.Reward = "reward", select: opt.Select = "weighted", figure: opt.Figure = None,
    as_json: opt.Json = False,
) -> None:  # fmt: skip
    """Sequential revisions against parallel restarts, by bin, with limits for new queries.

    Examples
    --------
    ttcsim strategies ratio --world revisions -b 8
    """
    from ttcsim.strategies.questions.ratio import ratio_sweep

    table = _table(pool, world, queries, runs, seed, str(budget), select, samples)
    rows = ratio_sweep(table, _difficulty(table, difficulty, samples, n_bins, reward, seed), budget, seed=seed)
    _draw(rows, "ratio", figure)
    title = f"sequential against parallel at {budget} generations; bin 0 is all; lo, hi: 95 %, new queries"
    _answer(rows, title, as_json, {"pool": pool or world})


def flops(
    pool: opt.StrategyPool = None, world: opt.StrategyWorld = None,
    queries: opt.Queries = 500, runs: opt.Runs = 32, seed: opt.Seed = 0,
    scale: Annotated[float, typer.Option("--scale", "-M", help="By how much the large model is larger.")] = 14.0,
    ratios: Annotated[str, typer.Option("-R", help="Inference tokens over pretraining tokens.")] = "0.16,0.79,22",
    large: Annotated[str | None, typer.Option(help="Its pass@1: a pool, or column:NAME of the queries.")] = None,
    difficulty: opt.Difficulty = "oracle", samples: opt.Estimate = None, n_bins: opt.Bins = 5,
    reward: opt.Reward = "reward", select: opt.Select = "weighted", figure: opt.Figure = None,
    as_json: opt.Json = False,
) -> None:  # fmt: skip
    """Test-time compute against a larger model at matched FLOPs, by bin and R, with limits for new queries.

    Examples
    --------
    ttcsim strategies flops mypool --large big-model -M 14
    """
    from ttcsim.pool.files import load
    from ttcsim.strategies.questions.flops import flops_matched, pass_at_1_column, pass_at_1_of

    table = _table(pool, world, queries, runs, seed, None, select, samples)
    found = _difficulty(table, difficulty, samples, n_bins, reward, seed)
    rates = None
    if large is not None and large.startswith("column:"):
        rates = pass_at_1_column(table.pool, large.removeprefix("column:"))
    elif large is not None:
        rates = pass_at_1_of(load(large), table.pool)
    with progress("resampling the queries"):
        rows = flops_matched(table, found, large=rates, scale=scale, ratios=opt.numbers(ratios, "-R", float), seed=seed)
    _draw(rows, "flops", figure)
    title = "the small model's compute-optimal accuracy against the large one's pass@1; lo, hi: 95 %, new queries"
    _answer(rows, title, as_json, {"pool": pool or world})


def bandit(
    pool: opt.StrategyPool = None, world: opt.StrategyWorld = None,
    queries: opt.Queries = 500, runs: opt.Runs = 32, seed: opt.Seed = 0,
    budgets: Annotated[str, typer.Option("--budgets", "-b", help="Average generations a query.")] = "2,4,8,16",
    reps: opt.Reps = 40, difficulty: opt.Difficulty = "oracle", samples: opt.Estimate = None,
    n_bins: opt.Bins = 5, reward: opt.Reward = "reward", select: opt.Select = "weighted", as_json: opt.Json = False,
) -> None:  # fmt: skip
    """Allocation and strategy together, with a verifier, with limits of replay noise on these queries.

    Examples
    --------
    ttcsim strategies bandit mypool -b 2,4,8
    """
    from ttcsim.strategies.questions.bandit import bandit as play

    table = _table(pool, world, queries, runs, seed, None, select, samples)
    found = _difficulty(table, difficulty, samples, n_bins, reward, seed)
    with progress("playing") as told:
        rows = play(table, found, opt.budgets_of(budgets), reps=reps, seed=seed, progress=told)
    _answer(
        rows,
        "share of queries solved at the same total budget; lo, hi: 95 %, these queries",
        as_json,
        {"pool": pool or world},
    )


def findings(
    pool: opt.StrategyPool = None,
    world: Annotated[
        str,
        typer.Option(
            help="tree, revisions or both, where no pool is given.",
            autocompletion=of(words("tree", "revisions", "both")),
        ),
    ] = "both",
    queries: opt.Queries = 500, runs: opt.Runs = 32, seed: opt.Seed = 0,
    n_bins: opt.Bins = 5, select: opt.Select = "weighted", as_json: opt.Json = False,
) -> None:  # fmt: skip
    """The claims of Snell et al., each tested over new queries: on a pool, or in the simulated worlds.

    Examples
    --------
    ttcsim strategies findings --world tree
    ttcsim strategies findings mypool --json
    """
    from ttcsim.strategies.questions.findings import as_rows
    from ttcsim.strategies.questions.findings import findings as ask

    rows = []
    for name in ("tree", "revisions") if pool is None and world == "both" else (None if pool else world,):
        table = _table(pool, name, queries, runs, seed, None, select)
        with progress(f"testing the claims on {name or pool}") as told:
            found = ask(table, bins=n_bins, seed=seed, progress=told)
        # Each world has runs of its own kind only; of a pool it is told what it cannot answer.
        answered = found if pool is not None else [claim for claim in found if claim.holds is not None]
        rows += [{"runs": name or pool, **r} for r in as_rows(answered)]
    title = (
        "Snell et al., Scaling LLM Test-Time Compute Optimally; limits: 95 %, new queries; p: corrected for all claims"
    )
    _answer(rows, title, as_json, {"pool": pool or world})


def make(
    dest: opt.Dest,
    world: Annotated[
        str,
        typer.Option(
            help="tree or revisions, with parameters: 'tree(noise=1)'.", autocompletion=of(words("tree", "revisions"))
        ),
    ],
    queries: opt.Queries = 500, runs: opt.Runs = 32, seed: opt.Seed = 0, budgets: opt.Generations = None,
) -> None:  # fmt: skip
    """Write a world's samples and runs as a pool folder, in the form in which harvested ones come.

    Examples
    --------
    ttcsim strategies make my-world --world 'tree(exploit=0)' -n 200
    """
    from ttcsim.strategies.worlds.simulate import BUDGETS, write_world

    grid = BUDGETS if budgets is None else opt.numbers(budgets, "--budgets", int)
    with progress(f"simulating {world}") as told:
        write_world(world, dest, queries, budgets=grid, runs=runs, seed=seed, progress=told)
    say(f"{dest}: {queries} queries of {world}")
