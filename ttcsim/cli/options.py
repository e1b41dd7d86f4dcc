"""The options and arguments that commands share, and how their lists are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from ttcsim import grammar
from ttcsim.errors import InputError

Number = TypeVar("Number", int, float)

Pool = Annotated[str, typer.Argument(help="Pool folder, Parquet file of samples, or builtin:NAME.")]
Dest = Annotated[Path, typer.Argument(help="Pool folder to make.")]
RunFolder = Annotated[Path, typer.Argument(help="Run folder of `ttcsim sweep --out`.")]
Policies = Annotated[
    list[str], typer.Option("--policy", "-p", help="A policy, as often as you like; all: every published one.")
]
Budgets = Annotated[str, typer.Option("--budgets", "-b", help="Average budgets per query, with commas.")]
Reps = Annotated[int, typer.Option(help="Replications.")]
Seed = Annotated[int, typer.Option(help="Seed: the same seed gives the same bits.")]
Threads = Annotated[int | None, typer.Option(help="Threads; all cores by default. Never changes a number.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, and nothing else there.")]
Queries = Annotated[int, typer.Option("--queries", "-n", help="Queries of the world.")]
Samples = Annotated[int, typer.Option("--samples", "-m", help="Samples per query of the world.")]

Runs = Annotated[int, typer.Option(help="Runs of each strategy on each query of the world.")]
StrategyPool = Annotated[str | None, typer.Argument(help="Pool folder with strategies.parquet; or use --world.")]
StrategyWorld = Annotated[str | None, typer.Option(help="tree or revisions, with parameters: 'tree(noise=1)'.")]
Generations = Annotated[str | None, typer.Option("--budgets", "-b", help="Generations, such as 1,2,4,8.")]
Difficulty = Annotated[str, typer.Option(help="oracle (success rate) or predicted (mean reward).")]
Estimate = Annotated[
    int | None,
    typer.Option(
        help="Samples a query for the estimate of difficulty. Of a world all by default; of a pool, whose best-of-N is "
        "derived from the others, half."
    ),
]
Select = Annotated[str, typer.Option(help="How best-of-N chooses: weighted, best, majority, oracle.")]
Bins = Annotated[int, typer.Option("--bins", help="Bins of difficulty.")]
Reward = Annotated[str, typer.Option(help="Reward column for best-of-N and for predicted difficulty.")]
Figure = Annotated[Path | None, typer.Option("--figure", help="Write the figure to this PNG file.")]


def names(*texts: str) -> list[str]:
    """Names with commas between them, in one text or in several."""
    return [name for text in texts for name in grammar.split(text) if name]


def numbers(text: str, option: str, kind: Callable[[str], Number]) -> list[Number]:
    """Numbers with commas between them."""
    try:
        return [kind(part) for part in names(text)]
    except ValueError:
        whole = "whole " if kind is int else ""
        raise InputError(f"{option} '{text}': give {whole}numbers with commas between, such as 1,2,4,8") from None


def budgets_of(text: str) -> list[float]:
    """The average budgets of ``--budgets``."""
    return numbers(text, "--budgets", float)


def pairs(texts: Sequence[str] | None, option: str) -> dict[str, str]:
    """``NAME=VALUE`` texts as a dictionary."""
    found = {}
    for text in texts or ():
        key, _, value = text.partition("=")
        if not key or not value:
            raise InputError(f"{option} '{text}': the form is {option} NAME=VALUE")
        found[key] = value
    return found
