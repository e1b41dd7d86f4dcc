"""Rebuild every figure, table and number, and typeset the paper: ``python -m paper.build [FOLDER]``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from paper.builtin_pool import figure as builtin_pool
from paper.guarantees import numbers as guarantees
from paper.law import figure as law
from paper.live import figure as live
from paper.models import figure as models
from paper.numbers import Job, Numbers
from paper.speed import figure as speed
from paper.strategies import figure as strategies
from paper.typeset import typeset
from paper.unbiased import figure as unbiased
from paper.waves import figure as waves
from paper.zoo import figure as zoo
from ttcsim.cli.run import run

PARTS = {
    "pool": builtin_pool.build,
    "unbiased": unbiased.build,
    "guarantees": guarantees.build,
    "law": law.build,
    "zoo": zoo.build,
    "strategies": strategies.build,
    "models": models.build,
    "waves": waves.build,
    "live": live.build,
    "speed": speed.build,
}
PDF = Path(__file__).with_name("ttcsim.pdf")
"""The paper as it is committed."""
NUMBERS = "numbers.json"


def build(folder: Path, *, fast: bool = False) -> Path:
    """Build every part into its own folder, and the numbers of all beside them, for `typeset`."""
    told = Numbers()
    for name, part in PARTS.items():
        began = time.monotonic()
        for path in part(Job(folder / name, told.of(name), fast)):
            print(path)
        print(f"{name}: {time.monotonic() - began:.0f} s")
    return told.write(folder / NUMBERS)


def command(
    folder: Annotated[Path, typer.Argument(help="Folder to fill.")] = Path("paper/out"),
    fast: Annotated[
        bool, typer.Option("--fast", help="Few replications and pools; the paper goes into FOLDER, not to be quoted.")
    ] = False,
    text: Annotated[
        bool, typer.Option("--text", help="Typeset again what an earlier build left in FOLDER, after an edit of words.")
    ] = False,
) -> None:
    """Rebuild every figure, table and number of the paper, and typeset paper/ttcsim.pdf.

    Example: python -m paper.build --fast paper/out
    """
    if not text:
        build(folder, fast=fast)
    print(typeset(folder, folder / PDF.name if fast else PDF))


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(command)
    run(app, "paper.build")
