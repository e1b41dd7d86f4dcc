"""Samples logged by lm-evaluation-harness (``--log_samples``)."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.pool.importers.entries import identifier, short, take
from ttcsim.pool.importers.importer import Importer
from ttcsim.pool.importers.repeats import pool_from_responses
from ttcsim.pool.reading import decoding, is_dir, is_file, read_text, text_of

INVALID = "[invalid]"  # what its regex filter returns when nothing matches


def import_lm_eval(
    src: str | Path, *, mapping: Mapping[str, str] | None = None, where: Mapping[str, str] | None = None
) -> Pool:
    """Import ``samples_*.jsonl`` files: one of them, or a folder; files of the same task are further runs of it.

    A line with several filtered responses (filter ``take_first_k``) gives one sample each: a response is correct when
    it equals the target, and the share of correct ones must equal the score in the log. Otherwise a line gives one
    sample and its score, which has to be 0 or 1; that the log has a single score for several responses is reported.

    Parameters
    ----------
    mapping : mapping, optional
        ``{"correct": METRIC}`` where the log has several metrics.
    where : mapping, optional
        ``{"filter": NAME}``; by default the filter that kept the most responses, else the first.
    """
    path = Path(src)
    files = sorted(path.rglob("samples_*.jsonl")) if is_dir(path) else [path]
    if not files or not is_file(files[0]):
        raise InputError(f"{path}: no samples_*.jsonl there; run lm_eval with --log_samples and --output_path")
    lines = [(_task(file), place, line) for file in files for place, line in _lines(file)]
    if not lines:
        raise InputError(f"{path}: the samples_*.jsonl there hold no samples; run lm_eval again")
    filters: dict[str, int] = {}
    for *_, line in lines:
        filters[_filter(line)] = max(filters.get(_filter(line), 0), len(_responses(line)))
    wanted = (where or {}).get("filter") or max(filters, key=lambda name: filters[name])
    if wanted not in filters:
        raise InputError(f"{path}: no line has filter '{wanted}'; there are {', '.join(filters)}")
    lines = [entry for entry in lines if _filter(entry[-1]) == wanted]
    tasks = {task for task, *_ in lines}
    rows: list[dict[str, Any]] = []
    single = 0
    for task, place, line in lines:
        metric = _metric(line, (mapping or {}).get("correct"), place)
        score = line[metric]
        if not isinstance(score, int | float) or not 0 <= score <= 1:
            raise InputError(f"{place}: {metric} is {short(score)}; a score lies in [0, 1]: map another metric")
        kept = _responses(line)
        if not kept:
            raise InputError(f"{place}: 'filtered_resps' is empty; run the task again")
        resps = take(line, "resps", list, place, [])
        drawn = len(resps[0]) if resps and isinstance(resps[0], list) else 1
        if len(kept) > 1:
            outcomes = [str(response).strip() == str(line.get("target")).strip() for response in kept]
            if abs(sum(outcomes) / len(outcomes) - score) > 1e-6:
                raise InputError(
                    f"{place}: {sum(outcomes)} of {len(outcomes)} responses equal the target, but {metric} is "
                    f"{score:g}; let the task score every response, or import one run per file"
                )
        elif score in (0.0, 1.0):
            outcomes = [score == 1.0]
            single += drawn > 1
        else:
            raise InputError(f"{place}: {metric} is {score:g}; a sample is right (1) or wrong (0): map another metric")
        document = identifier(line, "doc_id", place)
        query = f"{task}:{document}" if len(tasks) > 1 else document
        responses = resps[0] if drawn == len(kept) and drawn > 1 else kept
        for response, answer, correct in zip(responses, kept, outcomes, strict=True):
            text = None if str(answer) == INVALID else text_of(answer).strip()
            rows.append({"query_id": query, "correct": correct, "answer": text, "response": text_of(response)})
    if single:
        warnings.warn(
            f"{path}: {single} lines have one score for several responses (filter '{wanted}'), so they give one sample "
            "each; use a filter take_first_k in the task, or one run per seed",
            stacklevel=2,
        )
    schema = {"query_id": pl.String, "correct": pl.Boolean, "answer": pl.String, "response": pl.String}
    frame = pl.DataFrame(rows, schema=schema)
    return pool_from_responses(frame, path)


IMPORTER = Importer(
    "lm-eval", "samples_*.jsonl of lm_eval --log_samples; --map correct=METRIC, --where filter=NAME", import_lm_eval
)


def _task(file: Path) -> str:
    stem = text_of(file.stem)
    return stem.removeprefix("samples_").rpartition("_")[0] or stem


def _lines(file: Path) -> list[tuple[str, dict[str, Any]]]:
    """The entries of a file, and what messages call their places."""
    found = []
    with decoding(f"{file}: cannot be read", "export it again"):
        text = read_text(file)
    for number, line in enumerate(text.split("\n"), start=1):  # a text may hold other ends of lines
        if not line.strip():
            continue
        place = f"{file}: line {number}"
        with decoding(f"{place} is not JSON", "the file is cut off or no log of samples"):
            entry = json.loads(line)
        missing = {"doc_id", "filtered_resps"} - set(entry) if isinstance(entry, dict) else {"doc_id"}
        if missing:
            raise InputError(f"{place} has no '{min(missing)}'; is it a samples_*.jsonl of lm_eval?")
        found.append((place, entry))
    return found


def _filter(line: dict[str, Any]) -> str:
    return str(line.get("filter", ""))


def _responses(line: dict[str, Any]) -> list[Any]:
    kept = line["filtered_resps"]
    if isinstance(kept, list) and len(kept) == 1 and isinstance(kept[0], list):
        return list(kept[0])
    return list(kept) if isinstance(kept, list) else [kept]


def _metric(line: dict[str, Any], wanted: str | None, place: str) -> str:
    metrics = [m for m in take(line, "metrics", list, place, []) if isinstance(m, str)]
    names = [m for m in metrics if m in line] or [
        k for k, v in line.items() if isinstance(v, bool | int | float) and k != "doc_id"
    ]
    if wanted is not None:
        if wanted not in line:
            raise InputError(f"{place}: no metric '{wanted}'; it has {', '.join(names)}")
        return wanted
    if len(names) != 1:
        raise InputError(f"{place}: has the metrics {', '.join(names) or 'none'}; choose one with --map correct=METRIC")
    return names[0]
