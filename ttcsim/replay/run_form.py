"""What a run folder has to hold: checked before anything of it is used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError

REMEDY = "make one with `ttcsim sweep --out`"
_CONFIG: dict[str, tuple[type, ...]] = {
    "source": (str,), "pool": (str,), "pool_hash": (str,), "policies": (list,), "budgets": (list,), "reps": (int,),
    "seed": (int,), "cost": (str,), "replay": (str,), "selectors": (list,), "reward": (str, type(None)),
    "versions": (dict,),
}  # fmt: skip
_ITEMS: dict[str, tuple[type, ...]] = {"policies": (str,), "budgets": (int, float), "selectors": (str,)}

Columns = Mapping[str, type[pl.DataType]]
_REAL = pl.Float64
_LIMITS: Columns = dict.fromkeys(("lo", "hi", "lo_queries", "hi_queries"), _REAL)
FRAME: Columns = {
    "policy": pl.String, "budget": _REAL, "metric": pl.String, "mean": _REAL, "spent": _REAL, "se": _REAL, **_LIMITS,
    "exhausted": _REAL,
}  # fmt: skip
TABLES: Mapping[str, Columns] = {
    "compare": {
        "policy": pl.String, "baseline": pl.String, "budget": _REAL, "metric": pl.String, "spent": _REAL,
        "difference": _REAL, "se": _REAL, **_LIMITS, "relative": _REAL,
        **dict.fromkeys(("efficiency", "efficiency_lo", "efficiency_hi"), _REAL), "at_least": pl.Boolean,
    },
    "allocation": {
        "policy": pl.String, "budget": _REAL, "bin": pl.Int64, "rate_lo": _REAL, "rate_hi": _REAL, "queries": pl.Int64,
        "draws": _REAL, "share": _REAL,
    },
    "wins": {
        "budget": _REAL, "winner": pl.String, "loser": pl.String, "difference": _REAL, **_LIMITS,
        **dict.fromkeys(("p_replay", "p_queries", "replay_holm", "queries_holm"), _REAL),
    },
}  # fmt: skip
"""Columns of the tables of a run folder, as far as a page of the run shows them."""

_NEVER_NULL = ("policy", "baseline", "budget", "metric", "mean", "spent", "bin", "queries", "draws", "winner", "loser")


def check_config(config: Any, path: Path) -> dict[str, Any]:
    """The content of ``config.json``; an `InputError` for the first entry that is missing or of another type."""
    if not isinstance(config, dict):
        raise InputError(f"{path}: holds no mapping; {REMEDY}")
    for key, kinds in _CONFIG.items():
        if key not in config:
            raise InputError(f"{path}: '{key}' is missing; {REMEDY}")
        value = config[key]
        items = value if key in _ITEMS and isinstance(value, list) else ()
        if not _is(value, kinds) or not all(_is(item, _ITEMS[key]) for item in items):
            raise InputError(f"{path}: '{key}' is not what a sweep writes; {REMEDY}")
    return config


def check_table(table: pl.DataFrame, columns: Columns, path: Path) -> pl.DataFrame:
    """A table of a run folder; an `InputError` for the first column that is missing, of another type, or has gaps."""
    for column, kind in columns.items():
        wrong = table.schema.get(column) != kind or (column in _NEVER_NULL and table[column].null_count())
        if wrong:
            raise InputError(f"{path}: column '{column}' is not what a sweep writes; {REMEDY}")
    return table


def _is(value: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
