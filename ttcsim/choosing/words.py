"""A plan in words: what was found, what it rests on, and the lines that run it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttcsim import notebook
from ttcsim.policies import Policy

if TYPE_CHECKING:
    from ttcsim.choosing.plan import Plan

Row = Mapping[str, Any]


def summary(plan: Plan) -> list[str]:
    """What was found, in a few sentences."""
    best, config = plan.best, plan.config
    per = f"{config['cost']} per query"
    told = (
        f"{best['policy']} at a budget of {best['budget']:g}: {best['metric']} {interval(best)} on queries that it was "
        f"not chosen on, for {amount(best['spent'])} ({amount(best['spent_lo'])} to {amount(best['spent_hi'])}) {per}"
    )
    if config["target"] is None:
        opening = f"The best found for {config['budget']:g} {per}: {told}."
    elif plan.reached:
        opening = f"The cheapest found that reaches {config['target']:.1%}: {told}."
    else:
        opening = (
            f"Nothing found reaches {config['target']:.1%} with a probability of {config['sure']:.0%}, at up to "
            f"{amount(config['most'])} {per}. The closest: {told}."
        )
    lines = [opening]
    if best["chance"] is not None:
        lines.append(f"Probability that new queries of the kind meet the target: {best['chance']:.0%}.")
    lines.append(
        f"Where it was chosen, on the other {config['queries'] - len(plan.held_out)} queries, it had "
        f"{best['selected']:.1%} for {amount(best['selected_spent'])}: the best of {config['candidates']} candidates "
        "is partly the luckiest, so that number is not what it is worth."
    )
    if not plan.reached:
        lines.append(limits(plan))
    for row in plan.frame.filter(half="swapped").iter_rows(named=True):
        same = "the same" if row["policy"] == best["policy"] else row["policy"]
        lines.append(
            f"With the halves swapped: {same} at {row['budget']:g}, {row['metric']} {interval(row)} for "
            f"{amount(row['spent'])} on the queries that the first was chosen on."
        )
    if plan.oracles.height:
        aim = "get" if config["target"] is None else "need"
        needs = [
            f"{row['policy']} {row['value']:.1%}"
            if config["target"] is None
            else f"{row['policy']} {amount(row['spent'])}"
            for row in plan.oracles.iter_rows(named=True)
        ]
        lines.append(f"Oracles, which know what no policy can, {aim} {' and '.join(needs)} for that.")
    if plan.sizes is not None:
        lines.append(plan.sizes.sentence())
    if plan.untried:
        few = ", ".join(plan.untried[:5])
        more = f" and {len(plan.untried) - 5} more" if len(plan.untried) > 5 else ""
        lines.append(f"No time for: {few}{more}; give more seconds than {config['seconds']:g}.")
    return lines


def limits(plan: Plan) -> str:
    """What keeps the metric from going further."""
    found, config = plan.limits, plan.config
    whole = f"All samples of a query together reach {found.ceiling:.1%}: {found.unsolvable:.1%} of the queries have no "
    wrong = f", and for {found.chosen_wrong:.1%} the answer that is chosen is wrong"
    more = f"; the largest budget considered was {amount(config['most'])} (--most)"
    return f"{whole}correct sample{wrong if config['metric'] != 'coverage' else ''}{more}."


def amount(spent: float) -> str:
    """What is spent, three digits or whole."""
    return f"{spent:,.0f}" if spent >= 1000 else f"{spent:.3g}"


def interval(row: Row) -> str:
    """A value with its limits for new queries."""
    if row["lo_queries"] is None:
        return f"{row['value']:.1%}"
    return f"{row['value']:.1%} ({row['lo_queries']:.1%} to {row['hi_queries']:.1%})"


def lines(plan: Plan, folder: str | Path | None = None) -> dict[str, str]:
    """Commands by what they do; "" where there is none.

    ``sweep`` replays the pick: on all queries, or with a folder that the plan was saved to on those of its row, which
    ``held_out`` takes out of the pool; then to the bits of the row. ``live`` runs on a model the first policy of the
    table that a harvest can run, mostly the pick.
    """
    best, config = plan.best, plan.config
    live = (live_line(one, budget, config) for one, budget in zip(plan.policies, plan.frame["budget"], strict=True))
    pool = config["place"] or config["pool"]
    held_out = "" if folder is None else str(Path(folder) / "held-out")
    words = ["ttcsim", "sweep", held_out or pool, "-p", best["policy"], "-b", f"{best['budget']:g}"]
    words += ["--reps", str(config["reps"]), "--seed", str(config["seed"])]
    selector = best["metric"].partition("_")[2]
    options = {
        "--select": selector, **_charged(config),
        "--source": config["source"] or "", "--reward": config["reward"] or "",
        "--wave": "" if config["wave"] == 1 else str(config["wave"]),
    }  # fmt: skip
    for option, value in options.items():
        words += [option, value] if value else []
    pick = ["ttcsim", "pool", "pick", pool, held_out, "--queries", f"{held_out}.txt"]
    return {
        "live": next(filter(None, live), ""),
        "held_out": shlex.join(pick) if held_out else "",
        "sweep": shlex.join(words),
    }


def _charged(config: Row) -> dict[str, str]:
    """The options that say what a sample costs; "" for those that are not needed."""
    cost = "" if config["cost"] == "samples" else config["cost"]
    return {"--cost": cost, "--prices": config["prices_file"] or ("prices.toml" if config["prices"] else "")}


def live_line(one: Policy, budget: float, config: Row) -> str:
    """The command that runs a policy of the table on a model, "" where a harvest cannot: `no_live_line` says why."""
    if no_live_line(one):
        return ""
    words = ["harvest", "live", "my.toml", "-p", replace(one, on="").written(), "-b", f"{budget:g}"]
    words += ["--wave", str(config["wave"])]
    for option, value in _charged(config).items():
        words += [option, value] if value else []
    return shlex.join(words)


def no_live_line(one: Policy) -> str:
    """Why a harvest cannot run a policy, "" where it can."""
    if one.chooses_sources:
        return (
            "A harvest has one model, and this policy chooses among several: run it by ttcsim.Session (ask and tell)."
        )
    if one.prior() is not None:
        return "It goes by what was known of like queries: run it by ttcsim.Session with priors=."
    return ""


def html(plan: Plan) -> str:
    """The pick and the runners-up as a table."""
    config = plan.config
    header = ("policy", "budget", config["metric"], f"{config['cost']} spent", "where chosen", "target met")
    rows = []
    for row in plan.frame.iter_rows(named=True):
        limits_ = "" if row["lo_queries"] is None else f"{row['lo_queries']:.1%} to {row['hi_queries']:.1%}"
        rows.append(
            (
                notebook.Cell(row["policy"], "halves swapped" if row["half"] == "swapped" else ""),
                f"{row['budget']:g}",
                notebook.Cell(f"{row['value']:.1%}{' *' if row['biased_by'] else ''}", limits_),
                notebook.Cell(f"{amount(row['spent'])}", f"{amount(row['spent_lo'])} to {amount(row['spent_hi'])}"),
                f"{row['selected']:.1%}",
                "" if row["chance"] is None else f"{row['chance']:.0%}",
            )
        )
    aim = f"at least {config['target']:.1%}" if config["target"] is not None else f"for {config['budget']:g}"
    return notebook.table(f"{config['metric']} {aim} on {config['pool']}", rows, header=header, notes=summary(plan))
