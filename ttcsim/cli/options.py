"""The options and arguments that commands share, and how their lists are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from ttcsim import grammar
from ttcsim.cli import completion
from ttcsim.cli.completion import of, words
from ttcsim.errors import InputError

Number = TypeVar("Number", int, float)

MOST = 2.0**53
"""The largest number that an option takes: beyond it floats skip whole numbers."""
_MOST_REPS = 10_000_000
_MOST_SEED = 2**63 - 1
_FIGURES = (".png", ".pdf", ".svg")


def figure_file(path: Path | None) -> Path | None:
    """The file of ``--figure``, which must be one that can be written: asked before anything is computed."""
    if path is None:
        return None
    if path.suffix.lower() not in _FIGURES:
        raise InputError(f"--figure {path}: figures are {', '.join(_FIGURES)}; name the file so")
    if os.path.isdir(path):
        raise InputError(f"--figure {path}: is a folder; name a file in it")
    if not os.path.isdir(path.parent):
        raise InputError(f"--figure {path}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK) or (os.path.exists(path) and not os.access(path, os.W_OK)):
        raise InputError(f"--figure {path}: may not be written; choose another place")
    return path


Pool = Annotated[
    str,
    typer.Argument(
        metavar="POOL",
        help="Pool folder, Parquet file of samples, or builtin:NAME.",
        autocompletion=of(completion.pools),
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Of a pool of several sources, the one; mixed: a random one for every draw.",
        autocompletion=of(completion.sources),
    ),
]
Cost = Annotated[
    str,
    typer.Option(
        help="samples, tokens or dollars.",
        autocompletion=of(completion.words("samples", "tokens", "dollars")),
    ),
]
Prices = Annotated[Path | None, typer.Option(help="With --cost dollars: TOML with a table of rates for each source.")]
Dest = Annotated[Path, typer.Argument(metavar="DEST", help="Pool folder to make.")]
RunFolder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Run folder of `ttcsim sweep --out`.")]
Policies = Annotated[
    list[str],
    typer.Option(
        "--policy",
        "-p",
        metavar="POLICY",
        help="A policy, as often as you like; all: every published one.",
        autocompletion=of(completion.policies, several=True),
    ),
]
Budgets = Annotated[
    str, typer.Option("--budgets", "-b", metavar="B,B,...", help="Average budgets per query, such as 1,2,4,8.")
]
Reps = Annotated[int, typer.Option(metavar="N", help="Replications.", min=1, max=_MOST_REPS)]
Seed = Annotated[int, typer.Option(metavar="N", help="Seed: the same seed gives the same bits.", min=0, max=_MOST_SEED)]
Threads = Annotated[
    int | None,
    typer.Option(metavar="N", help="Threads; all cores by default. Never changes a number.", min=1, max=4096),
]
Executor = Annotated[
    str,
    typer.Option(
        metavar="WHO",
        help="Who replays: threads, or ray, a cluster. The same bits.",
        autocompletion=of(words("threads", "ray")),
    ),
]
RayAddress = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="With --executor ray: where; $RAY_ADDRESS, or one here.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, and nothing else there.")]
Queries = Annotated[int, typer.Option("--queries", "-n", metavar="N", help="Queries of the world.", min=1, max=10**9)]
Samples = Annotated[
    int, typer.Option("--samples", "-m", metavar="N", help="Samples per query of the world.", min=1, max=10**9)
]

Runs = Annotated[
    int, typer.Option(metavar="N", help="Runs of each strategy on each query of the world.", min=1, max=10**6)
]
StrategyPool = Annotated[
    str | None,
    typer.Argument(
        metavar="POOL",
        help="Pool folder with strategies.parquet; or use --world.",
        autocompletion=of(completion.pools),
    ),
]
StrategyWorld = Annotated[
    str | None,
    typer.Option(
        metavar="WORLD",
        help="tree or revisions, with parameters: 'tree(noise=1)'.",
        autocompletion=of(words("tree", "revisions")),
    ),
]
Generations = Annotated[
    str | None, typer.Option("--budgets", "-b", metavar="B,B,...", help="Generations, such as 1,2,4,8.")
]
Difficulty = Annotated[
    str,
    typer.Option(
        metavar="KIND",
        help="oracle (success rate) or predicted (mean reward).",
        autocompletion=of(words("oracle", "predicted")),
    ),
]
Estimate = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Samples a query for the estimate of difficulty. Of a world all by default; of a pool, whose best-of-N is "
        "derived from the others, half.",
        min=1,
        max=10**9,
    ),
]
Select = Annotated[
    str,
    typer.Option(
        metavar="SELECTOR",
        help="How best-of-N chooses: weighted, best, majority, oracle ...",
        autocompletion=of(completion.selectors, several=True),
    ),
]
Bins = Annotated[int, typer.Option("--bins", metavar="N", help="Bins of difficulty.", min=1, max=10**6)]
Reward = Annotated[
    str,
    typer.Option(
        metavar="COLUMN",
        help="Reward column for best-of-N and for predicted difficulty.",
        autocompletion=of(completion.rewards),
    ),
]
Figure = Annotated[
    Path | None,
    typer.Option(
        "--figure", metavar="FILE", help="Write the figure to this .png, .pdf or .svg file.", callback=figure_file
    ),
]


def names(*texts: str) -> list[str]:
    """Names with commas between them, in one text or in several."""
    return [name for text in texts for name in grammar.split(text) if name]


def numbers(text: str, option: str, kind: Callable[[str], Number]) -> list[Number]:
    """Numbers with commas between them, none above `MOST`."""
    try:
        found = [kind(part) for part in names(text)]
    except ValueError:
        found = []
    if not found:
        whole = "whole " if kind is int else ""
        raise InputError(f"{option} '{text}': give {whole}numbers with commas between, such as 1,2,4,8")
    for part, number in zip(names(text), found, strict=True):
        if not -MOST <= number <= MOST:
            raise InputError(f"{option} '{text[:200]}': {part[:40]} is no number up to {MOST:.0f}; give smaller ones")
    return found


def budgets_of(text: str) -> list[float]:
    """The average budgets of ``--budgets``."""
    return numbers(text, "--budgets", float)


def pairs(texts: Sequence[str] | None, option: str) -> dict[str, str]:
    """``NAME=VALUE`` texts as a dictionary."""
    found: dict[str, str] = {}
    for text in texts or ():
        key, _, value = text.partition("=")
        if not key or not value:
            raise InputError(f"{option} '{text}': the form is {option} NAME=VALUE")
        if key in found:
            raise InputError(f"{option} '{text}': {key} is {found[key]} already; give it once")
        found[key] = value
    return found
