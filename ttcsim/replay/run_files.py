"""The files of a run folder as they must be: read as data, and refused where they are not what was written."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool.reading import decoding, read_json, read_parquet

_REMEDY = "make a run folder with `ttcsim sweep --out`"


def damaged(folder: Path, reason: str) -> InputError:
    """The error for a run folder that is not whole."""
    return InputError(f"{folder}: not a whole run folder ({reason}); {_REMEDY}")


def read_config(folder: Path) -> dict[str, Any]:
    """``config.json`` with all of `CONFIG`."""
    with decoding(f"{folder}: not a whole run folder", _REMEDY):
        config = read_json(folder / "config.json")
    if not isinstance(config, dict):
        raise damaged(folder, "config.json holds no object")
    config = {"code": {}, **config}
    for key, (right, words) in CONFIG.items():
        if key not in config:
            raise damaged(folder, f"config.json lacks '{key}'")
        if not right(config[key]):
            raise damaged(folder, f"'{key}' in config.json must be {words}")
    return config


def read_pool_facts(folder: Path) -> dict[str, Any] | None:
    """``pool.json``, an object; None where there is none."""
    if not (folder / "pool.json").exists():
        return None
    with decoding(f"{folder}: not a whole run folder", _REMEDY):
        facts = read_json(folder / "pool.json")
    if not isinstance(facts, dict):
        raise damaged(folder, "pool.json holds no object")
    return facts


def read_table(folder: Path, name: str) -> pl.DataFrame:
    """A table by its name in `COLUMNS`, with those columns."""
    table = read_parquet(folder / f"{name}.parquet", _REMEDY)
    for column, kind in COLUMNS[name].items():
        if column in _NEW and column not in table.columns:
            continue
        if table.schema.get(column) != kind:
            raise damaged(folder, f"{name}.parquet: column '{column}' must hold {kind}")
        if column not in _MAY_LACK and table[column].has_nulls():
            raise damaged(folder, f"{name}.parquet: column '{column}' has empty cells")
    budgets = table["budget"] if "budget" in table.columns else pl.Series([1.0])
    if not (budgets.is_finite() & (budgets > 0)).fill_null(False).all():
        raise damaged(folder, f"{name}.parquet: column 'budget' must hold positive numbers")
    if name in _NEVER_EMPTY and table.is_empty():
        raise damaged(folder, f"{name}.parquet has no rows")
    for rows in table.partition_by("by") if name == "groups" else [table]:
        _check_rows(folder, name, rows)
    return table


def check_queries(folder: Path, frame: pl.DataFrame, queries: pl.DataFrame, outcomes: pl.DataFrame) -> None:
    """That the outcomes of single queries are those of a frame's policies on these queries."""
    alike = _same(frame.select(_ROWS), outcomes.select(_ROWS).unique())
    if not alike or not _same(queries.select("query_id"), outcomes.select("query_id").unique()):
        raise damaged(folder, "per_query.parquet, queries.parquet and frame.parquet are of different runs")


def check_alike(folder: Path, frame: pl.DataFrame, compared: pl.DataFrame) -> None:
    """That a comparison is one of the frame's policies with one of them, at its budgets and for its metrics."""
    baselines = compared["baseline"].unique().to_list()
    wanted = frame.filter(~pl.col("policy").is_in(baselines)).select(_ROWS)
    several = frame["policy"].n_unique() > 1
    if len(baselines) != several or (several and not _same(wanted, compared.select(_ROWS))):
        raise damaged(folder, "compare.parquet and frame.parquet are of different runs")


def _same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return one.sort(one.columns).equals(other.sort(one.columns))


def _check_rows(folder: Path, name: str, rows: pl.DataFrame) -> None:
    """Exactly one row for each combination of what rows are of."""
    keys = _KEYS.get(name)
    if keys and rows.height:
        every = rows.select(pl.struct(key).alias("/".join(key)) for key in keys)
        if every.is_duplicated().any() or rows.height != math.prod(column.n_unique() for column in every):
            raise damaged(folder, f"{name}.parquet: rows are missing or there twice")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or _is_whole_number(value)


def _or_null(right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or right(value)


def _list_of(right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(right, value))


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


_CODE = {"path": _is_text, "sha256": _or_null(_is_text), "kept": _or_null(_is_text)}


def _is_code(value: Any) -> bool:
    return _is_object(value) and all(
        _is_object(one) and all(key in one and right(one[key]) for key, right in _CODE.items())
        for one in value.values()
    )


CONFIG: dict[str, tuple[Callable[[Any], bool], str]] = {
    **{key: (_is_text, "a text") for key in ("pool", "pool_hash", "cost", "replay", "source")},
    **{key: (_is_whole_number, "a whole number") for key in ("queries", "samples", "reps", "seed", "wave")},
    "speed": (_or_null(_is_number), "a number or null"),
    "streams": (_or_null(_is_whole_number), "a whole number or null"),
    **{key: (_list_of(_is_text), "a list of texts") for key in ("policies", "selectors", "oracles", "by")},
    "budgets": (_list_of(_is_number), "a list of numbers"),
    **{key: (_or_null(_is_text), "a text or null") for key in ("reward", "from_source")},
    "prices": (_is_object, "an object"),
    "versions": (_is_object, "an object"),
    "code": (_is_code, "an object of path, sha256 and kept by name"),
}
"""What a config holds: whether a value is right, and what it must be in words."""


def _columns(texts: str, floats: str, **others: type[pl.DataType]) -> dict[str, type[pl.DataType]]:
    return {**dict.fromkeys(texts.split(), pl.String), **dict.fromkeys(floats.split(), pl.Float64), **others}


_ROWS = ["policy", "budget", "metric"]
_KEYS = {
    "frame": [["policy"], ["budget"], ["metric"]],
    "compare": [["policy"], ["budget"], ["metric"]],
    "groups": [["policy"], ["budget"], ["metric"], ["kind", "group"]],
    "queries": [["query_id"]],
    "per_query": [["policy"], ["budget"], ["metric"], ["query_id"]],
}
_NEVER_EMPTY = {"frame", "allocation", "groups", "queries", "per_query"}
_INTERVALS = "lo hi lo_queries hi_queries"
_MAY_LACK = {
    *_INTERVALS.split(), "replay_holm", "queries_holm", "biased_by", "efficiency_lo", "efficiency_hi", "level",
    "influence",
}  # fmt: skip
_NEW = {"ahead"}
"""What folders of older versions lack, too."""
_TESTS = "replay_holm queries_holm"
_FAMILY: dict[str, type[pl.DataType]] = {"oracle": pl.Boolean, "family": pl.Int64}

COLUMNS: dict[str, dict[str, type[pl.DataType]]] = {
    "frame": _columns("policy metric biased_by", f"budget mean {_INTERVALS} spent exhausted"),
    "compare": _columns(
        "policy baseline metric",
        f"budget spent difference {_INTERVALS} ahead efficiency efficiency_lo efficiency_hi {_TESTS}",
        **_FAMILY,
        at_least=pl.Boolean,
    ),
    "allocation": _columns("policy", "budget rate_lo rate_hi draws share", bin=pl.Int64, queries=pl.Int64),
    "groups": _columns(
        "policy metric by kind group biased_by",
        f"budget mean {_INTERVALS} spent",
        queries=pl.Int64,
    ),
    "queries": _columns("query_id level", "", samples=pl.Int64, correct=pl.Int64),
    "per_query": _columns("policy metric query_id", "budget value influence draws spent"),
    "wins": _columns("winner loser", f"budget difference {_INTERVALS} {_TESTS}", **_FAMILY),
}
"""The columns of each table that others read."""
