"""The table of contents of the command line: every command and group, in the order of the help."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import typer

from ttcsim.cli import pools, strategies, sweeps, theory
from ttcsim.cli.policies import policies
from ttcsim.cli.run import run


def _group(words: str, *commands: Callable[..., None]) -> typer.Typer:
    group = typer.Typer(help=words, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    for command in commands:
        group.command(command.__name__.rstrip("_"))(command)
    return group


app = _group(
    "Replay language-model samples under any test-time-compute allocation policy and budget.",
    sweeps.demo, sweeps.sweep, sweeps.rerun, sweeps.report,
    theory.check, theory.regret, theory.predict, theory.extrapolate, theory.explain,
    policies,
)  # fmt: skip
app.add_typer(
    _group(
        "Describe, import and make pools.",
        pools.describe, pools.import_, pools.hard, pools.initial, pools.continue_, pools.merge,
        pools.make,
    ),
    name="pool",
)  # fmt: skip
app.add_typer(
    _group(
        "Whole methods beside best-of-N: search, revisions, the compute-optimal choice (Snell et al.).",
        strategies.describe, strategies.bins, strategies.optimal, strategies.ratio, strategies.flops,
        strategies.bandit, strategies.findings, strategies.make,
    ),
    name="strategies",
)  # fmt: skip


def main() -> NoReturn:
    """Entry point of ``ttcsim`` and ``python -m ttcsim``."""
    run(app, "ttcsim")
