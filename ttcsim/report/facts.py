"""The facts of a pool in words, on a page and in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def fact_rows(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What each fact of `Pool.describe` is called, and what it is; sources are told apart."""
    return [(key.replace("_", " "), _words(value)) for key, value in facts.items() if key != "sources"]


def _words(value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return ", ".join(f"{one:.4g}" if isinstance(one, float) else str(one) for one in values)
