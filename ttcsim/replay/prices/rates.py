"""Price lists: what tokens and requests of each source cost, from a TOML file."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ttcsim.errors import InputError, among
from ttcsim.pool.reading import decoding, read_text

DEFAULT = "default"
"""Name of the rates of every source that has none of its own."""


class Rates(NamedTuple):
    """What a source charges."""

    input: float = 0.0  # dollars per million tokens of the prompt
    output: float = 0.0  # dollars per million tokens of the response
    request: float = 0.0  # dollars per request


def read_rates(prices: str | Path | Mapping[str, Any]) -> dict[str, Rates]:
    """Rates by source, from a TOML file with a table for each or from a mapping like it.

    Raises
    ------
    InputError
        For a file that is no TOML, an unknown key, and a rate that is no number of dollars.
    """
    if isinstance(prices, Mapping):
        where, tables = "prices", prices
    else:
        where = str(prices)
        with decoding(f"{where}: no TOML", "write a table for each source, such as [NAME] with output = 0.6"):
            tables = tomllib.loads(read_text(Path(prices)))
    return {name: table if isinstance(table, Rates) else _rates(where, name, table) for name, table in tables.items()}


def rates_of_one(prices: str | Path | Mapping[str, Any], name: str) -> dict[str, Rates]:
    """The rates of one source, or the default, as those of all: samples of a single source do not name it.

    Raises
    ------
    InputError
        Where there are neither, and what `read_rates` raises.
    """
    rates = read_rates(prices)
    own = rates.get(name, rates.get(DEFAULT))
    if own is None:
        raise InputError(f"prices: none for '{name}' (there are {', '.join(rates) or 'none'}); add [\"{name}\"]")
    return {DEFAULT: own}


def _rates(where: str, name: str, table: Any) -> Rates:
    if not isinstance(table, Mapping):
        raise InputError(f"{where}: '{name}' is no table; write [{name}] and below it input, output and request")
    for key, value in table.items():
        if key not in Rates._fields:
            raise InputError(f"{where}: [{name}] has no rate '{key}'; {among(key, Rates._fields)}")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < math.inf:
            raise InputError(f"{where}: [{name}] {key} = {value!r} is no price; give dollars, 0 or more")
    if not any(table.values()):
        raise InputError(f"{where}: [{name}] costs nothing; give input, output or request in dollars")
    return Rates(**{key: float(value) for key, value in table.items()})
