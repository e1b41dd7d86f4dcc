"""Runs of Large Language Monkeys: one file a problem, or a table with one row a problem.

A folder of YAML or JSON files has the lists ``samples`` and ``is_corrects`` of a problem in each; the file's name is
the query. A table (.parquet, .jsonl, folder of a data set) has a row a problem and those lists in two columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.importers.ask import Ask
from ttcsim.pool.importers.assemble import checked_ids, pool_of
from ttcsim.pool.importers.entries import short
from ttcsim.pool.importers.importer import Importer
from ttcsim.pool.importers.looks import words
from ttcsim.pool.importers.tables import check_column, choose_rows, read_table, refuse_mixed_rows, texts
from ttcsim.pool.reading import decoding, is_dir, read_json, read_text, text_of

_DEEPEST = 100
_QUESTION = ("question", "prompt", "problem")


def _read(path: Path, ask: Ask) -> Pool:
    ask.check_targets(("query_id", "samples", "is_corrects", "task", "model"), path)
    loose = is_dir(path) and not (path / "state.json").exists()
    problems = _from_files(path, ask) if loose else _from_table(path, ask)
    names = {"samples": "samples", "is_corrects": "is_corrects", **ask.mapping}
    rows: list[dict[str, Any]] = []
    facts: list[dict[str, Any]] = []
    for labels, problem in problems:
        place = f"{path}: problem '{labels['query_id']}'"
        outcomes, texts = problem.get(names["is_corrects"]), problem.get(names["samples"])
        if not isinstance(outcomes, list) or not outcomes:
            raise InputError(f"{place} has no list '{names['is_corrects']}'; grade the samples, or map its name")
        if "samples" in ask.mapping and not isinstance(texts, list):
            raise InputError(f"{place} has no list '{names['samples']}'; map its name")
        if isinstance(texts, list) and len(texts) != len(outcomes):
            raise InputError(f"{place} has {len(texts)} samples and {len(outcomes)} outcomes; grade it again")
        for i, outcome in enumerate(outcomes):
            if outcome not in (0, 1):  # which True and False are
                raise InputError(f"{place}, sample {i}: outcome {short(outcome)} is neither true nor false")
            text = text_of(texts[i]) if isinstance(texts, list) else None
            rows.append({**labels, "correct": bool(outcome), "sample": i, "response": text})
        question = next((text_of(problem[k]) for k in _QUESTION if problem.get(k) is not None), None)
        gold = problem.get("gt_answer")
        told = {k: v for k, v in labels.items() if k != "model"}
        facts.append({**told, "prompt": question, "gold": None if gold is None else text_of(gold)})
    labels_schema = {name: pl.String for name in (problems[0][0] if problems else ("query_id",))}
    frame = pl.DataFrame(
        rows, schema={**labels_schema, "correct": pl.Boolean, "sample": pl.Int32, "response": pl.String}
    )
    refuse_mixed_rows(frame, ask, path)
    keys = [name for name in labels_schema if name != "model"]
    queries = pl.DataFrame(facts, schema={**dict.fromkeys([*keys, "prompt", "gold"], pl.String)})
    unused = [key for key in dict.fromkeys(k for _, problem in problems for k in problem) if key not in _used(names)]
    note = words(list(map(text_of, unused)), {}, frame)
    return pool_of(
        frame, path, ask, queries=queries.unique(keys, keep="first", maintain_order=True), notes=[note],
        facts={"unused": list(map(text_of, unused))},
    )  # fmt: skip


def _used(names: Mapping[str, str]) -> set[str]:
    return {*names.values(), *_QUESTION, "gt_answer", "query_id", "task", "model"}


import_monkeys = IMPORTER = Importer(
    "monkeys", "YAML or JSON files of Large Language Monkeys, one a problem, or its table", _read
)


def _from_files(folder: Path, ask: Ask) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """The query and the content of every file."""
    asked = {"where": ask.where, "task": ask.task, "model": ask.model, "sources": ask.sources}
    asked |= {f"map {target}": target in ask.mapping for target in ("query_id", "task", "model")}
    for option, value in asked.items():
        if value:
            raise InputError(
                f"{folder}: --{option} is not for files of problems, which tell their name and no more; import the "
                "folder that you mean"
            )
    files = sorted(f for ending in ("*.yaml", "*.yml", "*.json") for f in folder.glob(ending))
    if not files:
        raise InputError(f"{folder}: holds no .yaml or .json file; give the save_dir of the grading step")
    found = []
    for file in files:
        with decoding(f"{file}: cannot be read", "copy it again"):
            content = read_json(file) if file.suffix == ".json" else _yaml(file)
        if not isinstance(content, dict):
            raise InputError(f"{file}: is no mapping with 'samples' and 'is_corrects'; give graded problems")
        found.append(({"query_id": text_of(file.stem)}, content))
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


def _from_table(path: Path, ask: Ask) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """The query of every row, with task and model where columns tell them, and its content."""
    table = read_table(path)
    for column in ask.mapping.values():
        check_column(table, column, path)
    names: dict[str, str] = {c: c for c in ("query_id", "task", "model") if c in table.columns}
    names |= ask.mapping
    table = choose_rows(table, names, ask, path)
    labels: dict[str, pl.Series] = {
        name: texts(table, names[name], path).fill_null("null") for name in ("task", "model") if name in names
    }
    if "query_id" in names:
        ids = checked_ids(table[names["query_id"]], path)
        labels["query_id"] = texts(table.select(ids), "query_id", path)
    else:
        labels["query_id"] = pl.Series([f"{number:06d}" for number in range(table.height)], dtype=pl.String)
    return list(zip(pl.DataFrame(labels).to_dicts(), table.to_dicts(), strict=True))
