"""Final answers in responses: where they stand, and when two are the same."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?|-?\.\d+")
_CUES = re.compile(r"(?:final answer|answer)\s*(?:is|:|=)\s*:?\s*(.+)", re.IGNORECASE)


def boxed(text: str) -> str | None:
    r"""The content of the last ``\boxed{...}``, braces matched; None where there is none or it never closes."""
    at = max(text.rfind("\\boxed{"), text.rfind("\\fbox{"))
    if at < 0:
        return None
    start = text.index("{", at) + 1
    depth = 1
    for end in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return text[start:end].strip()
    return None


def cued(text: str) -> str | None:
    """What follows the last "####" or "answer is", on that line."""
    if "####" in text:
        rest = text.rpartition("####")[2].strip().splitlines()
        return rest[0].strip() if rest else None
    found = _CUES.findall(text)
    return found[-1].strip().rstrip(".") if found else None


def numbers(text: str) -> list[str]:
    """All numbers in their order, without thousands separators."""
    return [n.replace(",", "") for n in _NUMBER.findall(text)]


def extract(text: str, how: str) -> str | None:
    """The answer in a response, by a named way or a regular expression (its first group, or all of it).

    Parameters
    ----------
    how : str
        ``boxed``, ``last-number``, ``first-number``, ``line`` (the first), ``all``, or a regular expression.
    """
    match how:
        case "boxed":
            return boxed(text)
        case "last-number":
            found = numbers(text)
            return found[-1] if found else None
        case "first-number":
            found = numbers(text)
            return found[0] if found else None
        case "line":
            lines = text.strip().splitlines()
            return lines[0].strip() if lines else None
        case "all":
            return text.strip() or None
    matches = list(re.finditer(how, text))
    return (matches[-1][1] if matches[-1].groups() else matches[-1][0]) if matches else None


def as_number(text: str) -> Decimal | None:
    """A number as written by people: separators, currency and per cent signs set aside."""
    cleaned = re.sub(r"[,$€£%\s]|\\[$%!,]", "", text).rstrip(".")
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def canonical(number: Decimal) -> str:
    """One text for equal numbers, so that votes for 7 and 7.0 count together."""
    return format(number.normalize(), "f")
