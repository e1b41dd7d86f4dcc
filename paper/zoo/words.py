"""Paragraphs, and numbers of tables in words."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


def paragraph(*sentences: str) -> list[str]:
    """Lines of a paragraph."""
    return textwrap.wrap(" ".join(sentences), 118, break_long_words=False, break_on_hyphens=False)


def share(row: Row, value: str = "mean") -> str:
    """A share in per cent with its limits for new queries; an asterisk where the pool's size works as a cap."""
    return f"{100 * row[value]:.1f}{'*' if row.get('biased_by') else ''}{_range(row, 'queries', '.1f')}"


def points(row: Row, value: str = "difference", over: str = "queries") -> str:
    """A difference in points with its limits."""
    return f"{100 * row[value]:+.1f}{_range(row, over, '+.1f')}"


def _range(row: Row, over: str, form: str) -> str:
    lo, hi = row[f"lo_{over}"], row[f"hi_{over}"]
    return "" if lo is None or hi is None else f" ({100 * lo:{form}} to {100 * hi:{form}})"


def times(row: Row) -> str:
    """An efficiency with its limits; at least so much where the baseline's curve ends before."""
    lo, hi = row["efficiency_lo"], row["efficiency_hi"]
    limits = "" if lo is None else f" (from {lo:.2f})" if hi is None else f" ({lo:.2f} to {hi:.2f})"
    return f"{'≥' if row['at_least'] else ''}{row['efficiency']:.2f}x{limits}"
