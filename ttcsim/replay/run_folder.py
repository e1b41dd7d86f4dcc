"""Run folders: a result with everything needed to run it again and to see that it came out the same."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.policies.uniform import Uniform
from ttcsim.pool import Pool
from ttcsim.pool.folders import whole_folder, write_whole
from ttcsim.pool.format import as_parquet
from ttcsim.pool.reading import decoding, read_json, read_parquet
from ttcsim.replay.result import Result
from ttcsim.replay.run_form import FRAME, REMEDY, TABLES, Columns, check_config, check_table
from ttcsim.replay.sweep import sweep
from ttcsim.statistics.comparison import allocation, compare, wins


def versions() -> dict[str, str]:
    """Versions of everything that can change a number."""
    return {
        "python": platform.python_version(),
        **{p: version(p) for p in ("ttcsim", "numpy", "numba", "polars")},
    }


def write_run(result: Result, dest: str | Path, *, source: str, replications: bool = False) -> Path:
    """Write a run folder, whole or not at all; an existing one is refused.

    Files: ``frame.parquet`` and ``frame.csv`` (the result), ``compare.parquet`` (against the baseline `uniform`, or the
    first policy), ``wins.parquet`` (all pairs, coverage), ``allocation.parquet``, ``config.json``; with `replications`,
    ``replications.parquet``.

    Parameters
    ----------
    source : str
        Where the pool can be loaded from again.
    """
    with whole_folder(dest) as partial:
        tables = {
            "frame": result.frame,
            "compare": compare(result, baseline_of(result)),
            "allocation": allocation(result),
            "wins": wins(result),
            **({"replications": result.replications()} if replications else {}),
        }
        for name, table in tables.items():
            write_whole(partial / f"{name}.parquet", as_parquet(table))
        write_whole(partial / "frame.csv", result.frame.write_csv().encode())
        config = {**result.config, "source": source, "versions": versions()}
        (partial / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    return Path(dest)


def baseline_of(result: Result) -> str:
    """`uniform` where it was run, else the first policy."""
    uniform = [o for o in result.outcomes if o.policy == Uniform()]
    return str((uniform or result.outcomes)[0].policy)


def read_run(folder: str | Path) -> tuple[dict[str, Any], pl.DataFrame]:
    """Config and frame of a run folder."""
    folder = Path(folder)
    with decoding(f"{folder}: not a whole run folder", REMEDY):
        config = check_config(read_json(folder / "config.json"), folder / "config.json")
        frame = _table(folder / "frame.parquet", FRAME)
    if frame.height == 0:
        raise InputError(f"{folder / 'frame.parquet'}: holds no rows; {REMEDY}")
    return config, frame


def read_tables(folder: str | Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The comparison with the baseline, the allocation and the wins of a run folder."""
    first, second, third = (_table(Path(folder) / f"{name}.parquet", columns) for name, columns in TABLES.items())
    return first, second, third


def _table(path: Path, columns: Columns) -> pl.DataFrame:
    return check_table(read_parquet(path, REMEDY), columns, path)


def rerun(folder: str | Path, pool: Pool, *, threads: int | None = None) -> tuple[Result, bool]:
    """Run a run folder again on its pool; True when every number is the same to the last bit."""
    config, frame = read_run(folder)
    if pool.hash != config["pool_hash"]:
        raise InputError(f"{folder}: was made from another pool than {pool.name} (the hashes differ); use that pool")
    keys = ("reps", "seed", "cost", "replay", "selectors", "reward")
    result = sweep(pool, config["policies"], config["budgets"], threads=threads, **{k: config[k] for k in keys})
    return result, result.frame.equals(frame)
