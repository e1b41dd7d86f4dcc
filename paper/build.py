"""Rebuild every figure and table: ``python -m paper.build [FOLDER]``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paper.builtin_pool import figure as builtin_pool
from paper.law import figure as law
from paper.strategies import figure as strategies
from paper.zoo import figure as zoo
from ttcsim.cli.run import run

PARTS = {"builtin_pool": builtin_pool.build, "law": law.build, "zoo": zoo.build, "strategies": strategies.build}


def main(folder: Path = Path("paper/out"), **options: int) -> None:
    """Build every part into its own folder."""
    for name, build in PARTS.items():
        for path in build(folder / name, **options):
            print(path)


def command(folder: Annotated[Path, typer.Argument(help="Folder to fill.")] = Path("paper/out")) -> None:
    """Rebuild every figure and table."""
    main(folder)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(command)
    run(app, "paper.build")
