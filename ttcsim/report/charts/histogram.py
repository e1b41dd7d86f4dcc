"""How many of the queries have which success rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ttcsim.report.charts.lines import SAID, SCHEMA

_BINS = 20


def histogram(rates: Sequence[float], *, described: str) -> dict[str, Any]:
    """Bars of success rates in twentieths; those that are 0 and 1 have bars of their own."""
    values = np.asarray(rates)
    inside = values[(values > 0) & (values < 1)]
    counts, edges = np.histogram(inside, bins=_BINS, range=(0, 1))
    bars = [("never", int((values == 0).sum()))]
    bars += [(f"{lo:.0%}–{hi:.0%}", int(n)) for n, lo, hi in zip(counts, edges, edges[1:], strict=False)]
    bars += [("always", int((values == 1).sum()))]
    rows = [
        {"at": i, "n": n, "description": f"success rate: {label}; queries: {n}"} for i, (label, n) in enumerate(bars)
    ]
    words = "datum.value == 0 ? 'never' : datum.value == 21 ? 'always' : format((datum.value - 0.5) / 20, '.0%')"
    return {
        "$schema": SCHEMA, "description": described, "width": "container", "height": 220,
        "autosize": {"type": "fit", "contains": "padding"}, "data": {"values": rows},
        "mark": {"type": "bar", "color": "var(--bar)", "binSpacing": 1},
        "encoding": {
            "x": {"field": "at", "type": "ordinal", "title": "success rate in the pool",
                  "axis": {"labelExpr": words, "labelOverlap": True, "labelAngle": 0}},
            "y": {"field": "n", "type": "quantitative", "title": "queries"},
            **SAID,
        },
    }  # fmt: skip
