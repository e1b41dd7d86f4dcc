"""Elimination against uniform, pool by pool."""

from __future__ import annotations

import numpy as np
import polars as pl

import ttcsim
from paper.tables import markdown
from paper.words import paragraph, points, share, times
from paper.zoo.study import Study, only
from paper.zoo.sweep import BUDGET
from ttcsim.report.tables import leaves_out_0
from ttcsim.statistics.significance import ALPHA, holm


def gains(study: Study) -> pl.DataFrame:
    """A row a pool at the one budget; `sure` where it is beyond chance among as many tests as there are pools.

    As in the report's tables the test has to reject after Holm's correction, and the interval to leave out 0.
    """
    rows = []
    for name, result in study.whole.items():
        pair = only(result, "uniform", "elimination")
        at = {row["policy"]: row for row in pair.frame.filter(budget=BUDGET).iter_rows(named=True)}
        (row,) = ttcsim.compare(pair).filter(budget=BUDGET).iter_rows(named=True)
        told = {"uniform": share(at["uniform"]), "elimination": share(at["elimination"]), "told": times(row)}
        rows.append({"pool": name, **row, **told, "biased_by": at["elimination"]["biased_by"]})
    found = pl.DataFrame(rows, infer_schema_length=None)
    rejected = pl.Series(holm(found["p_queries"].to_numpy().astype(np.float64)) < ALPHA)
    return found.with_columns(sure=rejected & pl.Series(map(leaves_out_0, found.iter_rows(named=True))))


GAINS = ("pool", "uniform", "elimination", "difference", "efficiency")


def gains_rows(found: pl.DataFrame) -> list[tuple[str, ...]]:
    """The cells of `GAINS`."""
    return [
        (
            row["pool"], row["uniform"], row["elimination"],
            f"{points(row)}{' ●' if row['sure'] else ''}", row["told"],
        )
        for row in found.iter_rows(named=True)
    ]  # fmt: skip


def gains_lines(found: pl.DataFrame) -> list[str]:
    """The table of `gains`."""
    return [
        *paragraph(
            f"At {BUDGET:g} samples a query, with 95 % limits for new queries. ● beyond chance for new queries after",
            f"Holm's correction for the {found.height} pools ({found['sure'].sum()} of them). * with the",
            "pool's size as cap.",
        ),
        "",
        *markdown(GAINS, gains_rows(found)),
    ]  # fmt: skip
