"""The table of contents of the command line: every command and group, in the order of the help."""

from __future__ import annotations

from typing import NoReturn

import ttcsim
from ttcsim.cli import plans, pools, strategies, sweeps, theory
from ttcsim.cli.doctor import doctor
from ttcsim.cli.group import add, group, program
from ttcsim.cli.policies import policies
from ttcsim.cli.run import run

app = program(
    """Replay language-model samples under any test-time-compute allocation policy and budget.

    Examples
    --------
    ttcsim demo
    ttcsim sweep builtin:smollm2-arithmetic -p uniform -p elimination -b 1,2,4,8
    """,
    version=f"ttcsim {ttcsim.__version__}",
)
add(
    app,
    sweeps.demo, sweeps.sweep, sweeps.rerun, sweeps.report, plans.plan,
    theory.check, theory.live_check, theory.regret, theory.predict, theory.extrapolate, theory.explain,
    policies, doctor,
)  # fmt: skip

pool = group(
    """Describe, import and make pools.

    Examples
    --------
    ttcsim pool describe builtin:smollm2-arithmetic
    ttcsim pool import samples runs.jsonl mine --map query_id=id
    """
)
add(
    pool,
    pools.list_, pools.describe, pools.import_, pools.pick, pools.hard, pools.initial, pools.continue_, pools.merge,
    pools.join, pools.make,
)  # fmt: skip
app.add_typer(pool, name="pool")

whole = group(
    """Whole methods beside best-of-N: search, revisions, the compute-optimal choice (Snell et al.).

    Examples
    --------
    ttcsim strategies optimal --world tree
    ttcsim strategies bins mypool --figure bins.png
    """
)
add(
    whole,
    strategies.describe, strategies.bins, strategies.optimal, strategies.ratio, strategies.flops,
    strategies.bandit, strategies.findings, strategies.make,
)  # fmt: skip
app.add_typer(whole, name="strategies")


def main() -> NoReturn:
    """Entry point of ``ttcsim`` and ``python -m ttcsim``."""
    run(app, "ttcsim")
