"""``ttcsim doctor``."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from ttcsim.cli import completion
from ttcsim.cli import options as opt
from ttcsim.cli.tables import columns, print_json, progress, say

if TYPE_CHECKING:
    from ttcsim.doctor import Line


def doctor(
    pool: Annotated[
        str | None,
        typer.Argument(metavar="POOL", help="Look at this pool too.", autocompletion=completion.of(completion.pools)),
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Check versions, machine, kernels, and a pool: what to paste into a report; exit 1 when something is a problem.

    Examples
    --------
    ttcsim doctor
    ttcsim doctor mypool
    ttcsim doctor builtin:aime2025 --json
    """
    from ttcsim.doctor import PROBLEM, WARNING, examine

    found = []
    with progress("compiling and replaying"):
        for line in examine(pool):
            found.append(line)
            if not as_json:  # at once: what is broken beyond telling may end the process
                say(_words(line), style=_STYLES.get(line.verdict, ""))
    counts = Counter(line.verdict for line in found)
    if as_json:
        print_json([line._asdict() for line in found], {"pool": pool})
    else:
        told = [f"{n} {word}{'s' * (n > 1)}" for word in (PROBLEM, WARNING) if (n := counts[word])]
        say(f"{' and '.join(told) or 'nothing is wrong'}.".capitalize(), style="bold")
    if counts[PROBLEM]:
        raise typer.Exit(1)


def _words(line: Line) -> str:
    """A line, which goes on below itself where the terminal ends."""
    says = f"{line.says}; {line.mend}" if line.mend else line.says
    begin, width = f"{line.verdict:<9}{line.subject:<16}", columns()
    below = " " * len(begin)
    return textwrap.fill(
        says, width, initial_indent=begin, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    )


_STYLES = {"warning": "yellow", "problem": "red"}
