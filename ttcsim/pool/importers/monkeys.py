"""Runs of Large Language Monkeys: one file a problem, or a table with one row a problem."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.importers.entries import short
from ttcsim.pool.importers.importer import Importer
from ttcsim.pool.importers.repeats import pool_from_responses
from ttcsim.pool.importers.tables import check_column, read_table
from ttcsim.pool.reading import decoding, is_dir, read_json, read_text, text_of

_DEEPEST = 100
_QUESTION = ("question", "prompt", "problem")


def import_monkeys(
    src: str | Path, *, mapping: Mapping[str, str] | None = None, where: Mapping[str, str] | None = None
) -> Pool:
    """Import the graded output of the Large Language Monkeys code, or a table of its published data set.

    A folder of YAML or JSON files, one a problem, with the lists ``samples`` and ``is_corrects``; the file's name is
    the query. Or a table (.parquet, .jsonl, folder of a data set) with a row a problem and those lists in two columns.

    Parameters
    ----------
    mapping : mapping, optional
        Names of the two lists and of the query's id in a table: keys ``samples``, ``is_corrects``, ``query_id``.
    where : mapping, optional
        Column of a table to value: keep only these rows.
    """
    path = Path(src)
    names = {"samples": "samples", "is_corrects": "is_corrects", **(mapping or {})}
    loose = is_dir(path) and not (path / "state.json").exists()
    problems = _from_files(path) if loose else _from_table(path, names, where)
    rows: list[dict[str, Any]] = []
    facts: list[dict[str, Any]] = []
    for query, problem in problems:
        outcomes, texts = problem.get(names["is_corrects"]), problem.get(names["samples"])
        if not isinstance(outcomes, list) or not outcomes:
            raise InputError(
                f"{path}: problem '{query}' has no list '{names['is_corrects']}'; grade the samples, or map its name"
            )
        if isinstance(texts, list) and len(texts) != len(outcomes):
            raise InputError(
                f"{path}: problem '{query}' has {len(texts)} samples and {len(outcomes)} outcomes; grade it again"
            )
        for i, outcome in enumerate(outcomes):
            if outcome not in (0, 1):  # which True and False are
                raise InputError(
                    f"{path}: problem '{query}', sample {i}: outcome {short(outcome)} is neither true nor false"
                )
            text = text_of(texts[i]) if isinstance(texts, list) else None
            rows.append({"query_id": query, "correct": bool(outcome), "sample": i, "response": text})
        question = next((text_of(problem[k]) for k in _QUESTION if problem.get(k) is not None), None)
        gold = problem.get("gt_answer")
        facts.append({"query_id": query, "prompt": question, "gold": None if gold is None else text_of(gold)})
    schema = {"query_id": pl.String, "correct": pl.Boolean, "sample": pl.Int32, "response": pl.String}
    frame = pl.DataFrame(rows, schema=schema)
    queries = pl.DataFrame(facts, schema={"query_id": pl.String, "prompt": pl.String, "gold": pl.String})
    return pool_from_responses(frame, path, queries)


IMPORTER = Importer(
    "monkeys", "YAML or JSON files of Large Language Monkeys, one a problem, or its table", import_monkeys
)


def _from_files(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    files = sorted(f for ending in ("*.yaml", "*.yml", "*.json") for f in folder.glob(ending))
    if not files:
        raise InputError(f"{folder}: holds no .yaml or .json file; give the save_dir of the grading step")
    found = []
    for file in files:
        with decoding(f"{file}: cannot be read", "copy it again"):
            content = read_json(file) if file.suffix == ".json" else _yaml(file)
        if not isinstance(content, dict):
            raise InputError(f"{file}: is no mapping with 'samples' and 'is_corrects'; give graded problems")
        found.append((text_of(file.stem), content))
    return found


def _yaml(file: Path) -> Any:
    try:
        import yaml
    except ImportError:
        raise InputError(f"{file}: reading YAML needs PyYAML; `pip install 'ttcsim[import]'`") from None
    text = read_text(file)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        # An alias may stand for a list of aliases; and the loader in C falls over what is nested deeply.
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it has aliases, which no graded problem has")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ValueError(f"nested deeper than {_DEEPEST}")
    return yaml.load(text, Loader=loader)  # a safe loader: no code in the file is run


def _from_table(
    path: Path, names: Mapping[str, str], where: Mapping[str, str] | None
) -> list[tuple[str, dict[str, Any]]]:
    table = read_table(path, where)
    key = names.get("query_id")
    if key is not None:
        check_column(table, key, path)
    return [
        (text_of(row[key]) if key else f"{number:06d}", row) for number, row in enumerate(table.iter_rows(named=True))
    ]
