"""``ttcsim plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import ttcsim
from ttcsim.cli import options as opt
from ttcsim.cli.tables import Formats, print_json, progress, say, show
from ttcsim.errors import InputError


def plan(
    pool: opt.Pool,
    target: Annotated[
        float | None, typer.Option(metavar="SHARE", help="What to reach for the least money: 0.9 of the queries.")
    ] = None,
    budget: Annotated[
        float | None, typer.Option("--budget", "-b", metavar="B", help="Or: what to make the most of, per query.")
    ] = None,
    metric: Annotated[str, typer.Option(help="coverage, or accuracy_SELECTOR such as accuracy_majority.")] = "coverage",
    cost: Annotated[str, typer.Option(help="samples, tokens or dollars.")] = "samples",
    prices: Annotated[
        Path | None, typer.Option(help="With --cost dollars: TOML with a table of rates for each source.")
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", "-p", metavar="POLICY", help="Choose from these only; all published ones by default."),
    ] = None,
    source: opt.Source = None,
    reward: Annotated[str | None, typer.Option(help="Reward column for best and weighted.")] = None,
    sure: Annotated[
        float, typer.Option(metavar="P", help="Probability with which new queries have to meet the target.")
    ] = 0.8,
    most: Annotated[
        float | None, typer.Option(metavar="B", help="Largest budget considered; 64 samples per query by default.")
    ] = None,
    wave: Annotated[int, typer.Option(metavar="W", help="Draws decided before the first is seen.", min=1)] = 1,
    alike_in: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column of the queries, such as level, cut in equal halves.")
    ] = None,
    swap: Annotated[
        bool, typer.Option("--swap", help="Search on the other half of the queries too, and price on this one.")
    ] = False,
    seconds: Annotated[float, typer.Option(metavar="S", help="Time for all of it; what is not tried is told.")] = 60.0,
    reps: Annotated[int, typer.Option(metavar="N", help="Replications that price what was found.", min=2)] = 400,
    runners: Annotated[int, typer.Option(metavar="N", help="Runners-up in the table.", min=0, max=100)] = 8,
    seed: opt.Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Folder to write: plan.json, figure, held-out.txt.")] = None,
    figure: opt.Figure = None,
    as_json: opt.Json = False,
    threads: opt.Threads = None,
) -> None:
    """Find the cheapest policy that reaches a target, or the best for a budget.

    It is found on one half of the queries and priced on the other. Exit 1 when no policy reaches the target.

    Examples
    --------
    ttcsim plan mypool --target 0.6 --seconds 30
    ttcsim plan mypool --target 0.5 --metric accuracy_majority --cost tokens
    ttcsim plan mypool --budget 4 -p uniform -p elimination --figure front.png
    """
    from ttcsim.choosing import words

    if out is not None and out.exists():
        raise InputError(f"{out}: exists already and is not overwritten; name another folder or remove it")
    with progress("planning") as told:
        found = ttcsim.plan(
            pool, target=target, budget=budget, metric=metric, cost=cost, prices=prices,
            policies=opt.names(*policy or ()), source=source, reward=reward, sure=sure, most=most, wave=wave,
            alike_in=alike_in, swap=swap, seconds=seconds, reps=reps, runners=runners, seed=seed, threads=threads,
            progress=told,
        )  # fmt: skip
    if out is not None:
        found.save(out)
    if figure is not None:
        from ttcsim.plot import canvas, save

        save(found.plot(ax=canvas()), figure)
    if as_json:
        _print(found)
    else:
        _show(found, words.lines(found, out))
    if not found.reached:
        raise typer.Exit(1)


def _print(found: ttcsim.Plan) -> None:
    told = found.to_json()
    rows, config = told.pop("rows"), told.pop("config")
    tables: dict[str, Any] = {name: told.pop(name) for name in ("tried", "oracles")}
    print_json(rows, {**config, **told}, **tables)


def _show(found: ttcsim.Plan, lines: dict[str, str]) -> None:
    from ttcsim.choosing import words

    formats: Formats = {
        "policy": "{policy}",
        "budget": "{budget:g}",
        f"{found.config['metric']}, priced": lambda row: words.interval(row) + (" *" if row["biased_by"] else ""),
        f"{found.config['cost']} spent": lambda row: (
            f"{row['spent']:.4g} ({row['spent_lo']:.4g}–{row['spent_hi']:.4g})"
        ),
        "target met": lambda row: "" if row["chance"] is None else f"{row['chance']:.0%}",
        "where chosen": lambda row: f"{row['selected']:.1%} for {row['selected_spent']:.4g}",
    }
    rows = found.frame.filter(half="first").to_dicts()
    title = "The pick, then the best of each other policy: 95 % for new queries in brackets"
    show(rows, formats, title=title, left=["policy"])
    opening, *rest = words.summary(found)
    say(opening, style="bold")
    for sentence in rest:
        say(sentence)
    say("Live, on a model, and again in replay:", style="bold")
    for line in filter(None, (lines["live"] or words.no_live_line(found.best), lines["held_out"], lines["sweep"])):
        print(f"  {line}")  # as it is typed, whatever the width
