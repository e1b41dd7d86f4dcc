"""``name`` and ``name(value,...,key=value,...)``: how policies, worlds, strategies and selectors are written.

A value is a number (``2``, ``0.5``, ``1e-3``, ``inf``), ``true`` or ``false``, a word (``reward_prm``), or any text in
quotes, where a doubled quote stands for one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ttcsim.errors import InputError, among

Value = bool | int | float | str
T = TypeVar("T")

_CALL = re.compile(r"\s*([^()]+?)\s*(?:\((.*)\))?\s*", re.DOTALL)
_PAIR = re.compile(r"([A-Za-z_]\w*)\s*=\s*(.*)", re.DOTALL)
_WORD = re.compile(r"[^\s()'\",=]+")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)
_LONGEST = 5_000
_TRUTH: dict[str, bool] = {"true": True, "false": False}


@dataclass(frozen=True)
class Call:
    """A name with its values, as read from a text."""

    where: str  # what messages begin with: "policy 'ucb(weight=2)'"
    name: str
    values: tuple[Value, ...]  # those without a name
    named: dict[str, Value]

    def choose(self, known: Mapping[str, T], there: str = "use") -> T:
        """What the name stands for; an unknown one is an `InputError` that lists `known` after the words `there`."""
        if self.name in known:
            return known[self.name]
        raise InputError(f"{self.where}: '{self.name}' is unknown; {among(self.name, known, there)}")

    def parameters(self, allowed: Collection[str]) -> dict[str, Value]:
        """The values by name, where each must have one of these names."""
        if self.values:
            raise InputError(f"{self.where}: name every parameter, as in {self.name}(key=value,...)")
        for key in self.named:
            if key not in allowed:
                raise InputError(f"{self.where}: no parameter '{key}'; {among(key, allowed, f'{self.name} takes')}")
        return self.named


def parse(text: str, what: str) -> Call:
    """Read a text; `what` says in messages what it names, such as "policy".

    Raises
    ------
    InputError
        When the text has another form; names and parameters are for the caller to check.
    """
    if len(text) > _LONGEST:
        raise InputError(f"{what} '{text[:40]}…': {len(text):,} characters are too many; give {_LONGEST:,} at most")
    where = f"{what} {text!r}"
    match = _CALL.fullmatch(text)
    if match is None:
        raise InputError(f"{where}: cannot read it; the form is name or name(key=value,...)")
    values: list[Value] = []
    named: dict[str, Value] = {}
    for part in split(match[2]) if (match[2] or "").strip() else ():
        pair = _PAIR.fullmatch(part)
        if not part or (pair and not pair[2]):
            raise InputError(f"{where}: cannot read its parameters '{match[2]}'; the form is name(key=value,...)")
        value = _read(pair[2] if pair else part)
        of = f"the value of {pair[1]}" if pair else f"'{part[:40]}'"
        if value is None:
            raise InputError(f"{where}: {of} must be a number, a word or a quoted text")
        if not isinstance(value, str) and _endless(value, pair[2] if pair else part):
            raise InputError(
                f"{where}: {of} is beyond the largest number, {sys.float_info.max:.2g}; write inf for that"
            )
        if pair is None:
            values.append(value)
        elif pair[1] in named:
            raise InputError(f"{where}: {pair[1]} is given twice; drop one")
        else:
            named[pair[1]] = value
    return Call(where, match[1], tuple(values), named)


def form(name: str, named: Mapping[str, Value], *values: Value) -> str:
    """Write a name with its values, so that `parse` reads the same back."""
    inside = [*map(_written, values), *(f"{key}={_written(value)}" for key, value in named.items())]
    return f"{name}({','.join(inside)})" if inside else name


def split(text: str) -> list[str]:
    """The parts of a list, at its commas outside brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        else:
            depth += (character == "(") - (character == ")")
        if character == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _read(text: str) -> Value | None:
    """One value; None where the text is none."""
    if _QUOTED.fullmatch(text):
        return text[1:-1].replace(2 * text[0], text[0])
    if not _WORD.fullmatch(text):
        return None
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return _TRUTH.get(text.lower(), text)


def _endless(number: bool | int | float, text: str) -> bool:
    """Whether a number is too large for a float, and does not say so itself by ``inf``."""
    return abs(number) > sys.float_info.max and "inf" not in text.lower()


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else str(value)
    if isinstance(value, str) and _read(value) != value:
        return "'" + value.replace("'", "''") + "'"
    return str(value)
