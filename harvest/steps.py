"""Responses cut into steps."""

from __future__ import annotations

import math
from collections.abc import Sequence


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
    match how:
        case "last":
            return values[-1]
        case "min":
            return min(values)
        case "prod":
            return math.prod(values)
        case "mean":
            return math.fsum(values) / len(values)
    raise ValueError(how)
