"""Rebuild every figure, table and number, and typeset the paper: ``python -m paper.build [FOLDER]``."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from paper.builtin_pool import figure as builtin_pool
from paper.guarantees import numbers as guarantees
from paper.law import figure as law
from paper.live import figure as live
from paper.models import figure as models
from paper.numbers import Job, Numbers, gathered
from paper.policies import table as policies
from paper.speed import figure as speed
from paper.strategies import figure as strategies
from paper.typeset import typeset
from paper.unbiased import figure as unbiased
from paper.waves import figure as waves
from paper.zoo import figure as zoo
from ttcsim.cli.run import run
from ttcsim.errors import InputError, among
from ttcsim.pool.folders import write_whole

PARTS = {
    "policies": policies.build,
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


def build(folder: Path, parts: Iterable[str] = PARTS, *, fast: bool = False) -> Path:
    """Build parts into folders of their own, and gather the numbers of all that were ever built, for `typeset`."""
    for name in parts:
        began, told = time.monotonic(), Numbers(f"{name}.")
        for path in PARTS[name](Job(folder / name, told, fast)):
            print(path)
        told.write(folder / name / NUMBERS, fast=fast)
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    return gathered((folder / name / NUMBERS for name in PARTS), fast=fast).write(folder / NUMBERS, fast=fast)


def command(
    folder: Annotated[Path, typer.Argument(help="Folder to fill.")] = Path("paper/out"),
    fast: Annotated[
        bool, typer.Option("--fast", help="Few replications and pools; the paper goes into FOLDER, not to be quoted.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Build this part anew and take the others as they are: {', '.join(PARTS)}."),
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="Build nothing anew: typeset what is there.")] = False,
) -> None:
    """Rebuild every figure, table and number of the paper, and typeset paper/ttcsim.pdf.

    Example: python -m paper.build --fast paper/out
    """
    for name in only or ():
        if name not in PARTS:
            raise InputError(f"--only {name}: {among(name, PARTS, 'the parts are')}")
    build(folder, () if text else only or PARTS, fast=fast)
    print(typeset(folder, folder / PDF.name if fast else PDF))
    if not fast and (folder / "zoo" / zoo.PAGE).is_file():
        write_whole(zoo.KEPT, (folder / "zoo" / zoo.PAGE).read_bytes())


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(command)
    run(app, "paper.build")
