"""Samples of Best-of-Infinity: a JSON Lines file for each model and data set, one line a problem.

A line has ``problem_num``, ``gold_answer`` and ``all_answers``, pairs of an answer (null or empty where none was
extracted) and its tokens (0 where they are unknown). The file is called DATASET_MODEL.jsonl, and a sample is correct
where its answer equals the gold one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.importers.ask import Ask, pick
from ttcsim.pool.importers.assemble import pool_of
from ttcsim.pool.importers.entries import short, take
from ttcsim.pool.importers.importer import Importer
from ttcsim.pool.importers.tables import refuse_mixed_rows
from ttcsim.pool.importers.unknown_tokens import charged
from ttcsim.pool.reading import decoding, is_dir, read_text, text_of

_SCHEMA = {
    "query_id": pl.String, "task": pl.String, "model": pl.String, "correct": pl.Boolean, "answer": pl.String,
    "tokens": pl.Int64, "gold": pl.String,
}  # fmt: skip


def _read(path: Path, ask: Ask) -> Pool:
    ask.check_targets((), path)
    files = sorted(path.glob("*.jsonl")) if is_dir(path) else [path]
    if not files:
        raise InputError(f"{path}: holds no .jsonl file; give the folder of DATASET_MODEL.jsonl files")
    named = {file: _names(file) for file in files}
    for facet, asked, place in (("task", ask.task, 0), ("model", ask.model, 1)):
        if asked is not None:
            wanted = pick(asked, list(dict.fromkeys(names[place] for names in named.values())), f"--{facet}", path)
            named = {file: names for file, names in named.items() if names[place] in wanted}
    rows = [row for file, (task, model) in named.items() for row in _rows(file, task, model)]
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    refuse_mixed_rows(frame, ask, path)
    frame, unknown = charged(frame, ["query_id", "model"])
    notes = []
    if unknown:
        notes.append(f"{unknown['samples']} samples have no token count (0): they are charged {unknown['charged']}.")
    queries = frame.select("query_id", "task", "gold").unique("query_id", keep="first", maintain_order=True)
    manifest = {"unknown_tokens": unknown} if unknown else {}
    return pool_of(frame.drop("gold"), path, ask, queries=queries, notes=notes, manifest=manifest)


IMPORTER = Importer(
    "best-of-infinity",
    "DATASET_MODEL.jsonl files of Best-of-Infinity, one a model; --sources keeps several models apart",
    _read,
    lacks={
        "where": "which tells nothing but task and model",
        "rescale": "which has no rewards",
    },
)


def _names(file: Path) -> tuple[str, str]:
    """Data set and model, by the name of the file."""
    task, _, model = text_of(file.stem).removeprefix("example_").rpartition("_")
    if not task or not model:
        raise InputError(f"{file}: its name does not tell data set and model; call it DATASET_MODEL.jsonl")
    return task, model


def _rows(file: Path, task: str, model: str) -> list[dict[str, Any]]:
    """A row for every sample of a file."""
    rows = []
    for number, line in enumerate(read_text(file).splitlines(), 1):
        if not line.strip():
            continue
        place = f"{file}: line {number}"
        with decoding(f"{place}: no JSON", "copy the file again"):
            problem = json.loads(line)
        if not isinstance(problem, dict):
            raise InputError(f"{place}: is {short(problem)} and not a mapping; give one problem a line")
        query = f"{task}-{take(problem, 'problem_num', int, place):03d}"
        gold, answers = take(problem, "gold_answer", str, place), take(problem, "all_answers", list, place)
        if not answers:
            raise InputError(f"{place}: 'all_answers' is empty; leave the problem out")
        for i, pair in enumerate(answers, 1):
            if not _is_answer(pair):
                raise InputError(f"{place}: answer {i} is {short(pair)} and not a pair of an answer and its tokens")
            answer = text_of(pair[0]) if pair[0] else None
            rows.append(
                {
                    "query_id": text_of(query), "task": task, "model": model, "correct": answer == text_of(gold),
                    "answer": answer, "tokens": pair[1], "gold": text_of(gold),
                }
            )  # fmt: skip
    return rows


def _is_answer(pair: Any) -> bool:
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str | None):
        return False
    return isinstance(pair[1], int) and not isinstance(pair[1], bool) and 0 <= pair[1] < 2**31
