"""How numbers look, here and nowhere else: alone, in tables and in paragraphs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


def paragraph(*sentences: str) -> list[str]:
    """Lines of a paragraph."""
    return textwrap.wrap(" ".join(sentences), 118, break_long_words=False, break_on_hyphens=False)


def per_cent(value: float) -> str:
    """A share in per cent."""
    return f"{100 * value:.1f}%"


def whole_per_cent(value: float) -> str:
    """A share in per cent, where tenths would say nothing."""
    return f"{value:.0%}"


def in_points(value: float) -> str:
    """A difference of shares in points."""
    return f"{100 * value:+.1f}"


def points_of(value: float) -> str:
    """A share in per cent without its sign, as in tables and sentences that say so."""
    return f"{100 * value:.1f}"


def factor(value: float) -> str:
    """So many times."""
    return f"{value:.2f}x"


def whole(value: float) -> str:
    """A count."""
    return f"{value:,.0f}"


def tenth(value: float) -> str:
    """A number with one digit behind the point."""
    return f"{value:,.1f}"


def hundredth(value: float) -> str:
    """A number with two digits behind the point."""
    return f"{value:,.2f}"


def plain(value: float) -> str:
    """A setting as it was typed."""
    return f"{value:g}"


def power(value: float) -> str:
    """A large number: two digits and the power of ten, as the text sets it."""
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10^{int(exponent)}"


def dollars(value: float) -> str:
    """Dollars, to the cent."""
    return f"${value:,.2f}"


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
