"""Parameters of policies: the range of each is declared beside the field and checked in one place."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import Field, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.errors import InputError, closest

Knobs = Mapping[str, tuple[Any, ...]]
"""Values worth trying of a policy's parameters; numbers from the one that spends least to the one that spends most."""

_MOST_WHOLE = 2**53  # beyond it floats skip whole numbers, and not far beyond it integers end
_KINDS = {"float": "f8", "int": "i8", "bool": "?"}


def number(default: float, within: str = "(-inf, inf)", *, whole: bool = False, why: str = "") -> Any:
    """A numeric field of a policy.

    Parameters
    ----------
    within : str
        The interval it has to lie in, as in ``"[0, 1]"`` or ``"(0, inf)"``.
    whole : bool
        Whether it must be a whole number; fields annotated `int` always are.
    why : str
        What to say of a value outside.
    """
    return field(default=default, metadata={"within": within, "whole": whole, "why": why})


def choice(default: str, *others: str) -> Any:
    """A field that is one of a few words, of which the first is the default."""
    return field(default=default, metadata={"words": (default, *others)})


def check(owner: Any, what: str = "policy") -> None:
    """Raise `InputError` for the first field of a policy (a dataclass) that is not as its declaration says."""
    name = owner.name or type(owner).__name__
    for f in fields(owner):
        fault = _fault(f, getattr(owner, f.name))
        if fault:
            raise InputError(f"{what} {name}: {f.name}={getattr(owner, f.name)!r} {fault}")


def _fault(f: Field[Any], value: Any) -> str | None:
    words = f.metadata.get("words")
    if words is not None:
        meant = closest(str(value), words).strip()
        return None if value in words else f"must be {' or '.join(map(repr, words))}{'; ' if meant else ''}{meant}"
    kind = _kind(f)
    if kind == "bool":
        return None if isinstance(value, bool | np.bool_) else "must be true or false"
    if kind is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return "is not a number"
    within = f.metadata.get("within", "(-inf, inf)")
    whole = kind == "int" or f.metadata.get("whole", False)
    most: float = _MOST_WHOLE if whole else sys.float_info.max
    if not -most <= value <= most and abs(value) != math.inf and value == value:  # a whole number may be beyond floats
        return f"is too large; give a number up to {most:g}"
    if math.isnan(value):
        return "is NaN; give a number"
    if inside(float(value), within) and (not whole or math.isinf(value) or value == int(value)):
        return None
    return f"must be {_words(within, whole)}{f.metadata.get('why', '')}"


def _kind(f: Field[Any]) -> str | None:
    name = f.type if isinstance(f.type, str) else getattr(f.type, "__name__", "")
    return name if name in _KINDS else None


def _limits(within: str) -> tuple[float, float]:
    low, high = within[1:-1].split(",")
    return float(low), float(high)


def inside(value: float, within: str) -> bool:
    """Whether a number lies in an interval such as ``"[0, 1)"``."""
    low, high = _limits(within)
    above = value >= low if within[0] == "[" else value > low
    below = value <= high if within[-1] == "]" else value < high
    return bool(above and below)


def _words(within: str, whole: bool) -> str:
    low, high = _limits(within)
    what = "a whole number" if whole else "a number"
    if low == high:
        return f"{low:g}"
    if math.isinf(low) and math.isinf(high):
        return what
    if not math.isinf(high):
        return f"{what} in {within}"
    more = f"of {low:g} or more" if within[0] == "[" else f"above {low:g}"
    return f"{what} {more}{', or inf' if within[-1] == ']' else ''}"


def record(policy: Any, more: Mapping[str, Any]) -> NDArray[Any]:
    """The policy's numeric fields and `more` by name, as a structured array of one element: the `p` of its rules.

    Parameters
    ----------
    more : mapping
        Numbers and float arrays that the rules need and that follow from the fields; they win over fields.
    """
    values: dict[str, tuple[Any, Any]] = {}
    for f in fields(policy):
        kind = _kind(f)
        if kind is not None:
            values[f.name] = (getattr(policy, f.name), _KINDS[kind])
    for name, value in more.items():
        dtype = np.asarray(value).dtype
        values[name] = (value, dtype if dtype.kind in "bi" else np.dtype("f8"))
    dtype = np.dtype([(name, kind, np.shape(value)) for name, (value, kind) in values.items()], align=True)
    packed = np.zeros(1, dtype)
    for name, (value, _) in values.items():
        packed[name] = value
    return packed
