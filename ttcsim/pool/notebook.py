"""What a pool looks like in a session: a line, and a table in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ttcsim.notebook import Row, table

if TYPE_CHECKING:
    from ttcsim.pool.pool import Pool


def summary(pool: Pool) -> str:
    """One line."""
    sources = f", {len(pool.sources)} sources" if len(pool.sources) > 1 else ""
    return (
        f"Pool {pool.name}: {pool.n_queries:,} queries, {pool.n_samples:,} samples ({_each(pool)} each){sources}, "
        f"mean success rate {pool.rates.mean():.1%}"
    )


def html(pool: Pool) -> str:
    """What is in it and how hard it is, as a table."""
    low, middle, high = np.quantile(pool.rates, [0.25, 0.5, 0.75])
    rows: list[Row] = [
        ("queries", f"{pool.n_queries:,}"),
        ("samples", f"{pool.n_samples:,} ({_each(pool)} of each query)"),
        ("columns", ", ".join(["correct", *sorted(pool.columns())])),
        ("success rate", f"mean {pool.rates.mean():.1%}; quartiles {low:.1%}, {middle:.1%}, {high:.1%}"),
        ("never solved", f"{(pool.successes == 0).mean():.1%} of the queries"),
        ("always solved", f"{(pool.successes == pool.sizes).mean():.1%} of the queries"),
    ]
    if pool.sources:
        rows.insert(2, ("sources", ", ".join(pool.sources)))
    if pool.tokens is not None:
        rows.append(("tokens", f"mean {pool.tokens.mean():,.1f} a sample"))
    return table(f"Pool {pool.name}", rows)


def _each(pool: Pool) -> str:
    least, most = pool.sizes.min(), pool.sizes.max()
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"
