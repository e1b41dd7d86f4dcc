"""``python -m paper.zoo [FOLDER]``: the study of the whole zoo alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paper.zoo.figure import build
from ttcsim.cli.run import run


def command(folder: Annotated[Path, typer.Argument(help="Folder to fill.")] = Path("paper/out/zoo")) -> None:
    """Replay the zoo on every pool, and say which of Zuo & Zhu's findings hold."""
    build(folder)
    print((folder / "findings.md").read_text())


app = typer.Typer(add_completion=False)
app.command()(command)
run(app, "paper.zoo")
