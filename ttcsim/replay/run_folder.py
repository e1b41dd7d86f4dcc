"""Run folders: a result with everything needed to run it again and to see that it came out the same."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from ttcsim.errors import InputError
from ttcsim.policies import ALL, Policy
from ttcsim.policies.strings import code_named, parse_policy
from ttcsim.policies.user_code import sources
from ttcsim.pool import Pool
from ttcsim.pool.files import lasting, load
from ttcsim.pool.folders import whole_folder, write_whole
from ttcsim.pool.format import as_parquet
from ttcsim.replay.pins import versions
from ttcsim.replay.result import Result
from ttcsim.replay.run_files import check_alike, check_queries, damaged, read_config, read_pool_facts, read_table
from ttcsim.replay.sweep import sweep
from ttcsim.statistics.comparison import allocation, wins

_MOST_ROWS = 4_000_000


class Queries(NamedTuple):
    """The queries of a run, and what every policy made of each."""

    queries: pl.DataFrame  # query_id, level, samples, correct
    outcomes: pl.DataFrame  # of `Result.per_query`


def queries_of(result: Result) -> Queries | None:
    """The queries of a result; None where they would be more than all else of a run folder by far."""
    pool = result.pool
    if pool.n_queries * len(result.budgets) * sum(len(o.per_query) for o in result.outcomes) > _MOST_ROWS:
        return None
    levels = None if pool.queries is None or "level" not in pool.queries.columns else pool.queries["level"]
    columns = {
        "query_id": list(pool.query_ids),
        "level": [None] * pool.n_queries if levels is None else levels.cast(pl.String, strict=False),
        "samples": pool.sizes,
        "correct": pool.successes,
    }
    types = {"query_id": pl.String, "level": pl.String, "samples": pl.Int64, "correct": pl.Int64}
    return Queries(pl.DataFrame(columns, schema_overrides=types), result.per_query())


def write_run(
    result: Result,
    dest: str | Path,
    *,
    source: str | Path | None = None,
    replications: bool = False,
    by: Sequence[str] = (),
) -> Path:
    """Write a run folder, whole or not at all; an existing one is refused.

    Files: ``frame.parquet`` and ``frame.csv`` (the result), ``compare.parquet`` (against the baseline `uniform`, or the
    first policy), ``wins.parquet`` (all pairs, coverage), ``allocation.parquet``, ``groups.parquet`` (`Result.by` of
    each column in `by`, if any), ``queries.parquet`` and ``per_query.parquet`` (the queries, and `Result.per_query`, up
    to 4 million rows of it), ``pool.json`` (`Pool.describe`), ``config.json``; with `replications`,
    ``replications.parquet``; with policies of files, ``code/``, the text of each.

    Parameters
    ----------
    source : str or Path, optional
        Where the pool can be loaded from again, by default where it was loaded from; of one that was made in memory a
        rerun has to be given the pool.
    """
    single = queries_of(result)
    with whole_folder(dest) as partial:
        tables = {
            "frame": result.frame,
            "compare": result.compare(),
            "allocation": allocation(result),
            "wins": wins(result),
            **({"groups": pl.concat(result.by(column) for column in by)} if by else {}),
            **({"replications": result.per_replication()} if replications else {}),
            **({} if single is None else {"queries": single.queries, "per_query": single.outcomes}),
        }
        for name, table in tables.items():
            write_whole(partial / f"{name}.parquet", as_parquet(table))
        write_whole(partial / "frame.csv", result.frame.write_csv().encode())
        (partial / "pool.json").write_text(json.dumps(result.pool.describe(), indent=1) + "\n")
        code = _keep_code((o.policy for o in result.outcomes), partial)
        place = result.place if source is None else lasting(source)
        versioned = {"source": place, "versions": versions(), "code": code}
        config = {**result.config, "by": list(by), **versioned}
        (partial / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    return Path(dest)


def _keep_code(policies: Iterable[Policy], folder: Path) -> dict[str, dict[str, str | None]]:
    """Write the texts of the user's policies, and say where they were, by the name that strings have for them."""
    told = {}
    for i, source in enumerate(sources(policies)):
        kept = None
        if source.text is not None and source.name.endswith(".py"):
            kept = f"code/{i}-{Path(source.name).name}"
            (folder / "code").mkdir(exist_ok=True)
            (folder / kept).write_bytes(source.text)
        told[source.name] = {"path": str(source.path or ""), "sha256": source.sha256, "kept": kept}
    return told


def read_run(folder: str | Path) -> tuple[dict[str, Any], pl.DataFrame]:
    """Config and frame of a run folder. Nothing that it names is imported."""
    return read_config(Path(folder)), read_table(Path(folder), "frame")


def read_groups(folder: str | Path) -> pl.DataFrame | None:
    """The results by groups of queries of a run folder; None where it was made without."""
    return read_table(Path(folder), "groups") if read_config(Path(folder))["by"] else None


def read_queries(folder: str | Path) -> Queries | None:
    """The tables of single queries of a run folder; None where it was made without."""
    folder = Path(folder)
    if not (folder / "queries.parquet").exists() and not (folder / "per_query.parquet").exists():
        return None
    found = Queries(read_table(folder, "queries"), read_table(folder, "per_query"))
    check_queries(folder, read_table(folder, "frame"), *found)
    return found


def read_facts(folder: str | Path) -> dict[str, Any] | None:
    """What `Pool.describe` said of a run folder's pool; None where it was made without."""
    return read_pool_facts(Path(folder))


def read_tables(folder: str | Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The comparison with the baseline, the allocation and the wins of a run folder."""
    compared, allocated, won = (read_table(Path(folder), name) for name in ("compare", "allocation", "wins"))
    check_alike(Path(folder), read_table(Path(folder), "frame"), compared)
    return compared, allocated, won


def rerun(
    folder: str | Path,
    pool: Pool | None = None,
    *,
    trust: bool = False,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Result, bool]:
    """Run a run folder again on its pool; True when every number is the same to the last bit.

    Parameters
    ----------
    pool : Pool, optional
        The pool, where it moved.
    trust : bool
        Whether to import and run the code that the folder names, where its policies are not all of this package. The
        text that it keeps of a file is used where the file is gone or changed, with a warning.
    threads, progress
        As of `ttcsim.sweep`.

    Raises
    ------
    InputError
        When the folder names code and is not trusted, and when the pool is another.
    """
    folder = Path(folder)
    config, frame = read_run(folder)
    named = list(dict.fromkeys(filter(None, map(code_named, config["policies"]))))
    if named and not trust:
        raise InputError(
            f"{folder}: its policies would run the code of {', '.join(_where(config, name) for name in named)}; when "
            "you trust the folder, allow it with --trust (trust=True)"
        )
    if pool is None:
        if not config["source"]:
            raise InputError(f"{folder}: its pool was made in memory and lies nowhere; give it with --pool (pool=...)")
        pool = load(config["source"])
    if pool.hash != config["pool_hash"]:
        raise InputError(f"{folder}: was made from another pool than {pool.name} (the hashes differ); use that pool")
    files = {name: _file(folder, config, name) for name in named if name.endswith(".py")}
    policies = [parse_policy(text, ALL, files=files) for text in config["policies"]]
    _warn_changed(config, policies)
    keys = ("reps", "seed", "cost", "replay", "selectors", "reward", "wave", "speed", "streams")
    settings = {key: config[key] for key in keys}
    settings |= {"source": config["from_source"], "prices": config["prices"] or None}
    result = sweep(pool, policies, config["budgets"], threads=threads, progress=progress, **settings)
    return result, result.frame.equals(frame)


def _where(config: dict[str, Any], name: str) -> str:
    path = config["code"].get(name, {}).get("path")
    return f"{name} ({path})" if path else name


def _file(folder: Path, config: dict[str, Any], name: str) -> Path:
    """A file of policies: where it was, when it is still the same there, else the text that the folder keeps."""
    code = config["code"].get(name)
    if code is None or not code["kept"]:
        return Path(name)
    kept = folder / "code" / Path(code["kept"]).name  # and nowhere else, whatever the config says
    path = Path(code["path"])
    hashes = [_hash(each) for each in (path, kept)]
    if hashes[0] == code["sha256"]:
        return path
    if hashes[1] != code["sha256"]:
        raise damaged(folder, f"{kept.relative_to(folder)} is not the text that config.json tells of")
    state = "is gone" if hashes[0] is None else "has changed"
    warnings.warn(f"{path} {state} since the run; the text that {folder} keeps is used", stacklevel=3)
    return kept


def _warn_changed(config: dict[str, Any], policies: Iterable[Policy]) -> None:
    for source in sources(policies):
        code = config["code"].get(source.name)
        if code is not None and code["sha256"] != source.sha256:
            warnings.warn(f"module {source.name} ({source.path}) has changed since the run", stacklevel=3)


def _hash(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError):  # ValueError: no path at all, such as one with a null character
        return None
