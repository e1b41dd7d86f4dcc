"""``ttcsim plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import ttcsim
from ttcsim.cli import completion
from ttcsim.cli import options as opt
from ttcsim.cli.completion import of, words
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
    metric: Annotated[
        str,
        typer.Option(
            help="coverage, or accuracy_SELECTOR such as accuracy_majority.", autocompletion=of(completion.metrics)
        ),
    ] = "coverage",
    cost: opt.Cost = "samples",
    prices: opt.Prices = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            "-p",
            metavar="POLICY",
            help="Choose from these only; all published ones by default.",
            autocompletion=of(completion.policies, several=True),
        ),
    ] = None,
    source: opt.Source = None,
    reward: Annotated[
        str | None, typer.Option(help="Reward column for best and weighted.", autocompletion=of(completion.rewards))
    ] = None,
    sure: Annotated[
        float, typer.Option(metavar="P", help="Probability with which new queries have to meet the target.")
    ] = 0.8,
    most: Annotated[
        float | None, typer.Option(metavar="B", help="Largest budget considered; 64 samples per query by default.")
    ] = None,
    wave: Annotated[int, typer.Option(metavar="W", help="Draws decided before the first is seen.", min=1)] = 1,
    alike_in: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column of the queries, such as level, cut in equal halves.",
            autocompletion=of(completion.groups),
        ),
    ] = None,
    swap: Annotated[
        bool, typer.Option("--swap", help="Search on the other half of the queries too, and price on this one.")
    ] = False,
    seconds: Annotated[float, typer.Option(metavar="S", help="Time for all of it; what is not tried is told.")] = 60.0,
    reps: Annotated[int, typer.Option(metavar="N", help="Replications that price what was found.", min=2)] = 400,
    runners: Annotated[int, typer.Option(metavar="N", help="Runners-up in the table.", min=0, max=100)] = 8,
    within: Annotated[
        float, typer.Option(metavar="W", help="Say how many samples would tell the value so closely: 0.01 is a point.")
    ] = 0.01,
    risk: Annotated[
        float | None,
        typer.Option(metavar="E", help="Instead of a target: set a stopping rule's knob to keep this risk."),
    ] = None,
    knob: Annotated[
        str | None, typer.Option(metavar="NAME[=V,V,...]", help="With --risk: the knob, and the values to choose from.")
    ] = None,
    loss: Annotated[
        str,
        typer.Option(
            help="With --risk: disagree (with all samples' answer) or wrong (where theirs is right).",
            autocompletion=of(words("disagree", "wrong")),
        ),
    ] = "disagree",
    delta: Annotated[
        float | None, typer.Option(metavar="D", help="With --risk: promise it with probability 1 - D, not on average.")
    ] = None,
    seed: opt.Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Folder to write: plan.json, figure, held-out.txt.")] = None,
    figure: opt.Figure = None,
    as_json: opt.Json = False,
    threads: opt.Threads = None,
) -> None:
    """Find the cheapest policy that reaches a target, or the best for a budget.

    It is found on one half of the queries and priced on the other. With --risk, a
    knob of a stopping rule instead, set by conformal risk control. Exit 1 when no
    policy reaches the target, or no value keeps the risk.

    Examples
    --------
    ttcsim plan mypool --target 0.6 --seconds 30 --swap
    ttcsim plan mypool --budget 4 --metric accuracy_majority --cost tokens
    ttcsim plan mypool --budget 4 -p uniform -p elimination --figure front.png
    ttcsim plan mypool --risk 0.2 -p adaptive-consistency --knob threshold
    """
    from ttcsim.choosing import words as in_words

    if risk is not None:
        if target is not None or budget is not None or out is not None or figure is not None:
            raise InputError("--risk: sets the knob of a rule, without --target, --budget, --out or --figure")
        _calibrate(
            pool, opt.names(*policy or ()), knob, as_json, risk=risk, loss=loss, delta=delta, cost=cost, prices=prices,
            source=source, select="majority" if metric == "coverage" else metric.partition("_")[2], seed=seed,
            threads=threads, reps=reps,
        )  # fmt: skip
        return
    if knob is not None or delta is not None:
        raise InputError("--knob and --delta: are of a risk; give --risk, such as 0.05")
    if out is not None and out.exists():
        raise InputError(f"{out}: exists already and is not overwritten; name another folder or remove it")
    with progress("planning") as told:
        found = ttcsim.plan(
            pool, target=target, budget=budget, metric=metric, cost=cost, prices=prices,
            policies=opt.names(*policy or ()), source=source, reward=reward, sure=sure, most=most, wave=wave,
            alike_in=alike_in, swap=swap, seconds=seconds, reps=reps, runners=runners, within=within, seed=seed,
            threads=threads, progress=told,
        )  # fmt: skip
    if out is not None:
        found.save(out)
    if figure is not None:
        from ttcsim.plot import canvas, save

        save(found.plot(ax=canvas()), figure)
    if as_json:
        _print(found)
    else:
        _show(found, in_words.lines(found, out))
    if not found.reached:
        raise typer.Exit(1)


def _print(found: ttcsim.Plan) -> None:
    told = found.to_json()
    rows, config = told.pop("rows"), told.pop("config")
    tables: dict[str, Any] = {name: told.pop(name) for name in ("tried", "oracles", "sizes")}
    print_json(rows, {**config, **told}, **tables)


def _show(found: ttcsim.Plan, lines: dict[str, str]) -> None:
    from ttcsim.choosing import words as in_words

    formats: Formats = {
        "policy": "{policy}",
        "budget": "{budget:g}",
        f"{found.config['metric']}, priced": lambda row: in_words.interval(row) + (" *" if row["biased_by"] else ""),
        f"{found.config['cost']} spent": lambda row: "{} ({}–{})".format(
            *(in_words.amount(row[end]) for end in ("spent", "spent_lo", "spent_hi"))
        ),
        "target met": lambda row: "" if row["chance"] is None else f"{row['chance']:.0%}",
        "where chosen": lambda row: f"{row['selected']:.1%} for {in_words.amount(row['selected_spent'])}",
    }
    rows = found.frame.filter(half="first").to_dicts()
    title = "The pick, then the best of each other policy: 95 % for new queries in brackets"
    show(rows, formats, title=title, left=["policy"])
    opening, *rest = in_words.summary(found)
    say(opening, style="bold")
    for sentence in rest:
        say(sentence)
    if found.sizes is not None:
        _show_sizes(found.sizes)
    say(f"Live, on {found.policy.on or 'a model'}, and again in replay:", style="bold")
    for line in filter(None, (in_words.no_live_line(found.policy), *lines.values())):
        print(f"  {line}")  # as it is typed, whatever the width


def _show_sizes(sizes: Any) -> None:
    """Half-widths in points, a line for each number of samples."""
    numbers = sizes.frame["queries"].unique(maintain_order=True).to_list()
    rows = []
    for (samples,), own in sizes.frame.partition_by("samples", as_dict=True, maintain_order=True).items():
        row = {"samples of each": samples, "bias": own["bias"][0], "these": own["within_these"][0]}
        rows.append(row | dict(zip(map(str, numbers), own["within_new"], strict=True)))
    formats: Formats = {
        "samples of each": "{samples of each:,}",
        "bias": lambda row: f"{100 * row['bias']:+.1f}",
        f"these {numbers[0]:,} queries": lambda row: f"{100 * row['these']:.1f}",
        **{f"{n:,} new": lambda row, n=n: f"{100 * row[str(n)]:.1f}" for n in numbers},  # type: ignore[misc]
    }
    show(rows, formats, title="How well other harvests would tell its value: half-widths at 95 %, points", left=[])


def _calibrate(pool: str, policies: list[str], knob: str | None, as_json: bool, **asked: Any) -> None:
    from ttcsim.choosing import words as in_words
    from ttcsim.choosing.risk import calibrate

    name, _, text = (knob or "").partition("=")
    values = opt.numbers(text, "--knob", float) if text else ()
    with progress("calibrating"):
        found = calibrate(pool, policies, knob=name or None, values=values, **asked)
    if as_json:
        chosen = None if found.policy is None else found.policy.written()
        config = {**found.config, "knob": found.knob, "queries": found.queries, "policy": chosen}
        print_json(found.frame.to_dicts(), {**config, "summary": found.sentence()})
    else:
        formats: Formats = {
            "policy": "{policy}",
            "loss": "{loss:.4f}",
            "has to be at most the risk": "{adjusted:.4f}",
            "spent": "{spent:.4g}",
            "saved": "{saved:.1%}",
            "": lambda row: "chosen" if row["chosen"] else "",
        }
        title = f"{found.config['loss']}, {found.queries:,} queries, risk {found.config['risk']:g}"
        show(found.frame.to_dicts(), formats, title=title, left=["policy", ""])
        say(found.sentence(), style="bold")
        if found.policy is not None:
            enough = float(f"{1.001 * found.full:.4g}")  # the rule stops a query, and never the budget
            print(f"  {in_words.live_line(found.policy, enough, found.config)}")
    if found.policy is None:
        raise typer.Exit(1)
