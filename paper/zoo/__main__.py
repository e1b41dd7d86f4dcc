"""``python -m paper.zoo [FOLDER]``: the study of the whole zoo alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paper.numbers import DATA, Job, Numbers
from paper.zoo.figure import KEPT, PAGE, build
from ttcsim.cli.run import run
from ttcsim.pool.folders import write_whole


def command(
    folder: Annotated[Path, typer.Argument(help="Folder to fill.")] = Path("paper/out/zoo"),
    data: Annotated[Path, typer.Option(help="Other people's data; pools that are not there are left out.")] = DATA,
) -> None:
    """Replay the zoo on every pool, and say which of Zuo & Zhu's findings hold; paper/zoo/RESULTS.md is its page.

    Example: python -m paper.zoo paper/out/zoo
    """
    build(Job(folder, Numbers(), data=data))
    write_whole(KEPT, (folder / PAGE).read_bytes())
    print((folder / PAGE).read_text())


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(command)
    run(app, "paper.zoo")
