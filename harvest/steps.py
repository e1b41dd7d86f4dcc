"""Responses cut into steps."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

AGGREGATES: dict[str, Callable[[Sequence[float]], float]] = {
    "last": lambda values: values[-1],
    "min": min,
    "prod": math.prod,
    "mean": statistics.fmean,
}


def split(text: str, separator: str) -> list[str]:
    """The steps of a response; the whole of it where the separator never occurs. Empty steps are no steps."""
    return [step.strip() for step in text.split(separator) if step.strip()] or [text.strip()]


def prefixes(text: str, separator: str) -> list[str]:
    """The response after each of its steps but the last, as it stood in the text."""
    found: list[str] = []
    at = text.find(separator)
    while at >= 0:
        end = at + len(separator)
        if text[:at].strip() and text[end:].strip() and (not found or text[len(found[-1]) : at].strip()):
            found.append(text[:end])
        at = text.find(separator, end)
    return found


def aggregate(values: Sequence[float], how: str) -> float:
    """Step values as one score: the last, the least, the product or the mean of them."""
    return AGGREGATES[how](values)
