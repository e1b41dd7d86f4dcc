"""What importers take out of parsed JSON and YAML: of the kind that it should be, or one line that says what it is."""

from __future__ import annotations

import sys
from typing import Any, TypeVar

from ttcsim.errors import InputError
from ttcsim.pool.reading import text_of

T = TypeVar("T")

_WORDS = {dict: "a mapping", list: "a list", str: "a text", int: "a whole number"}


def take(entry: dict[str, Any], key: str, kind: type[T], place: object, otherwise: T | None = None) -> T:
    """The value of a key, which must be of a kind.

    Parameters
    ----------
    otherwise
        What stands for a value that is absent or null; without it there has to be one.

    Raises
    ------
    InputError
        With `place`, the key and what is there.
    """
    value = entry.get(key)
    if value is None and otherwise is not None:
        return otherwise
    if isinstance(value, kind) and not isinstance(value, bool):
        return value
    raise InputError(f"{place}: '{key}' is {short(value)} and not {_WORDS[kind]}; export it again")


def identifier(entry: dict[str, Any], key: str, place: object) -> str:
    """The text of an id, which is a text or a whole number."""
    value = entry.get(key)
    if isinstance(value, str | int) and not isinstance(value, bool):
        return text_of(value)
    raise InputError(f"{place}: '{key}' is {short(value)} and not a text or a whole number; export it again")


def number(entry: dict[str, Any], key: str, place: object) -> float:
    """The value of a key that is a reward: any number."""
    value = entry.get(key)
    if isinstance(value, int | float) and abs(value) <= sys.float_info.max:
        return float(value)
    raise InputError(f"{place}: '{key}' is {short(value)} and not a finite number; map what holds numbers")


def mappings(values: list[Any], what: str, place: object) -> list[dict[str, Any]]:
    """A list of mappings."""
    for i, value in enumerate(values):
        if not isinstance(value, dict):
            raise InputError(f"{place}: {what} {i + 1} is {short(value)} and not a mapping; export it again")
    return values


def short(value: Any) -> str:
    """A value as a message shows it."""
    if isinstance(value, dict | list):
        return f"a {'mapping' if isinstance(value, dict) else 'list'} of {len(value)}"
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**18 else "a number of many digits"
    return text if len(text) <= 60 else f"{text[:59]}…"
