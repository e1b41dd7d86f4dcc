"""Final answers in responses: where they stand, and when two are the same.

A response may be anything: whatever is done here takes time and memory in proportion to its length.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from decimal import Decimal, InvalidOperation

LONGEST = 200
"""Most characters of an answer: nobody votes for a megabyte."""

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?|-?\.\d+")
# Possessive, or a run of blanks would be divided in all possible ways.
_CUES = re.compile(r"(?:final answer|answer)\s*+(?:is|:|=)\s*+:?+\s*+(.+)", re.IGNORECASE)


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
    last = deque(re.finditer(how, text), maxlen=1)
    return (last[0][1] if last[0].groups() else last[0][0]) if last else None


def as_number(text: str) -> Decimal | None:
    """A number as written by people: separators, currency and per cent signs set aside."""
    cleaned = re.sub(r"[,$€£%\s]|\\[$%!,]", "", text).rstrip(".")
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def canonical(number: Decimal) -> str:
    """One text for equal numbers, so that votes for 7 and 7.0 count together; a long one has an exponent."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # neither infinite nor not a number
    written = "".join(map(str, digits)).lstrip("0")
    kept = written.rstrip("0")
    if not kept:
        return "0"
    exponent += len(written) - len(kept)
    if exponent > -LONGEST and len(kept) + exponent < LONGEST:
        return format(Decimal((sign, tuple(map(int, kept)), exponent)), "f")
    return f"{'-' * sign}{kept}E{exponent:+}"


def short(answer: str) -> str:
    """An answer as a pool can hold it: of a long one the beginning, and a hash that keeps it apart from others."""
    content = answer.encode("utf-8", "replace")  # lone surrogates
    if len(answer) <= LONGEST:
        return content.decode()
    mark = "..." + hashlib.sha256(content).hexdigest()[:16]
    return content.decode()[: LONGEST - len(mark)] + mark
