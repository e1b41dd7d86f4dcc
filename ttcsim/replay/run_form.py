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

FRAME: Mapping[str, type[pl.DataType]] = {
    "policy": pl.String, "budget": pl.Float64, "metric": pl.String, "mean": pl.Float64, "se": pl.Float64,
    "lo": pl.Float64, "hi": pl.Float64, "lo_queries": pl.Float64, "hi_queries": pl.Float64, "spent": pl.Float64,
    "exhausted": pl.Float64,
}  # fmt: skip
"""Columns of ``frame.parquet`` that a page of the run shows."""


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


def check_table(table: pl.DataFrame, columns: Mapping[str, type[pl.DataType]], path: Path) -> pl.DataFrame:
    """A table of a run folder; an `InputError` for the first column that is missing or of another type."""
    for column, kind in columns.items():
        if table.schema.get(column) != kind:
            raise InputError(f"{path}: column '{column}' is not what a sweep writes; {REMEDY}")
    if table.height == 0:
        raise InputError(f"{path}: holds no rows; {REMEDY}")
    return table


def _is(value: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
