"""Samples logged by lm-evaluation-harness (``--log_samples``): a ``samples_*.jsonl``, or a folder of them.

A line with several filtered responses (filter ``take_first_k``) gives one sample each: a response is correct when it
equals the target, and the share of correct ones must equal the score in the log. Otherwise a line gives one sample and
its score, which has to be 0 or 1; that the log has a single score for several responses is reported. Of several metrics
``--map correct=METRIC`` chooses one, and ``--map reward=METRIC`` (or ``confidence=``) takes another. Of several filters
the one that kept the most responses is taken, else the first: ``--where filter=NAME`` chooses.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError, among
from ttcsim.pool import Pool
from ttcsim.pool.importers import looks
from ttcsim.pool.importers.ask import Ask, few
from ttcsim.pool.importers.assemble import pool_of
from ttcsim.pool.importers.entries import identifier, number, short, take
from ttcsim.pool.importers.importer import Importer
from ttcsim.pool.importers.lm_eval_runs import responses, runs_in
from ttcsim.pool.importers.runs import Run, chosen, facts_of, labels, sources_of, words
from ttcsim.pool.reading import text_of

INVALID = "[invalid]"  # what its regex filter returns when nothing matches

_USED = {
    "doc_id", "target", "resps", "filtered_resps", "filter", "metrics", "arguments",
    "doc_hash", "prompt_hash", "target_hash",
}  # fmt: skip


def _read(path: Path, ask: Ask) -> Pool:
    ask.check_targets(("correct", "reward", "confidence"), path)
    found = runs_in(path)
    runs = chosen(found if "filter" in ask.where else _by_one_filter(found), ask, path)
    sources = labels(runs, ask)
    _refuse_other_questions(runs, sources)
    rewards = {target: metric for target, metric in ask.mapping.items() if target != "correct"}
    rows: list[dict[str, Any]] = []
    single = 0
    used = {*_USED, *rewards.values()}
    for run, model in zip(runs, sources, strict=True):
        for place, line in run.entries:
            metric = _metric(line, ask.mapping.get("correct"), place, set(rewards.values()))
            used.add(metric)
            drawn = _drawn(line, place)
            outcomes = _outcomes(line, metric, place)
            kept, resps = responses(line), take(line, "resps", list, place, [])
            single += len(kept) == 1 and drawn > 1
            labelled = {
                "task": run.task, "model": model, "query_id": identifier(line, "doc_id", place),
                "prompt": _prompt(line), "gold": None if line.get("target") is None else text_of(line["target"]),
                **{target: number(line, name, place) for target, name in rewards.items()},
            }  # fmt: skip
            if rewards and len(kept) > 1:
                raise InputError(f"{place}: has one score for {len(kept)} responses; leave out --map of rewards")
            shown = resps[0] if drawn == len(kept) and drawn > 1 else kept
            for response, answer, correct in zip(shown, kept, outcomes, strict=True):
                text = None if str(answer) == INVALID else text_of(answer).strip()
                rows.append({**labelled, "correct": correct, "answer": text, "response": text_of(response)})
    if single:
        names = ", ".join(f"'{name}'" for name in dict.fromkeys(run.setting["filter"] for run in runs))
        warnings.warn(
            f"{path}: {single} lines have one score for several responses (filter {names}), so they give one sample "
            "each; use a filter take_first_k in the task, or one run per seed",
            stacklevel=2,
        )
    of_query = ("task", "query_id", "prompt", "gold")
    schema = dict.fromkeys((*of_query, "model", "answer", "response"), pl.String) | {"correct": pl.Boolean}
    frame = pl.DataFrame(rows, schema=schema | dict.fromkeys(rewards, pl.Float64))
    queries = frame.select(of_query).unique(["task", "query_id"], keep="first", maintain_order=True)
    keys = dict.fromkeys(key for run in runs for _, line in run.entries for key in line)
    unused = [text_of(key) for key in keys if key not in used]
    return pool_of(
        frame.drop("prompt", "gold"), path, ask, queries=queries,
        notes=[*words(runs, sources), *few(list(_passed_over(found, runs))), looks.words(unused, {}, frame)],
        facts={"runs": facts_of(runs), "unused": unused}, manifest=sources_of(runs, sources, ask),
    )  # fmt: skip


import_lm_eval = IMPORTER = Importer(
    "lm-eval", "samples_*.jsonl of lm_eval --log_samples; --map correct=METRIC, --where filter=NAME", _read
)


def _by_one_filter(runs: Sequence[Run]) -> list[Run]:
    """Of each file the filter that kept the most responses, else the first."""
    best: dict[Path, Run] = {}
    for run in runs:
        if run.file not in best or _most(run) > _most(best[run.file]):
            best[run.file] = run
    return list(best.values())


def _most(run: Run) -> int:
    return max(len(responses(line)) for _, line in run.entries)


def _passed_over(found: Sequence[Run], runs: Sequence[Run]) -> Iterator[str]:
    """A line for each task that has other filters."""
    for task, taken in {run.task: run.setting["filter"] for run in runs}.items():
        names = dict.fromkeys(run.setting["filter"] for run in found if run.task == task)
        if len(names) > 1:
            yield f"task '{task}': filter '{taken}' of {', '.join(names)} (--where filter=NAME takes another)"


def _refuse_other_questions(runs: Sequence[Run], sources: Sequence[str | None]) -> None:
    """Refuse samples of different documents, or for a source of different prompts, under one name."""
    seen: dict[tuple[str, ...], tuple[str, str]] = {}
    for run, source in zip(runs, sources, strict=True):
        for place, line in run.entries:
            document = (run.task, str(line["doc_id"]))
            for what, key in (("document", document), ("prompt", (*document, str(source)))):
                found = str(line.get("doc_hash" if what == "document" else "prompt_hash"))
                known, other = seen.setdefault(key, (found, place))
                if known != found:
                    raise InputError(
                        f"{place}: 'doc_id' {short(line['doc_id'])} has another {what} than in {other}; "
                        "choose one run with --where run=TIME"
                    )


def _metric(line: Mapping[str, Any], wanted: str | None, place: str, rewards: set[str]) -> str:
    metrics = [m for m in take(dict(line), "metrics", list, place, []) if isinstance(m, str)]
    names = [m for m in metrics if m in line] or [
        k for k, v in line.items() if isinstance(v, bool | int | float) and k != "doc_id"
    ]
    if wanted is not None:
        if wanted not in line:
            raise InputError(f"{place}: no metric '{wanted}'; {among(wanted, names, 'it has')}")
        return wanted
    left = [name for name in names if name not in rewards] or names
    if len(left) != 1:
        raise InputError(f"{place}: has the metrics {', '.join(names) or 'none'}; choose one with --map correct=METRIC")
    return left[0]


def _drawn(line: dict[str, Any], place: str) -> int:
    """Responses before the filter."""
    resps = take(line, "resps", list, place, [])
    return len(resps[0]) if resps and isinstance(resps[0], list) else 1


def _outcomes(line: dict[str, Any], metric: str, place: str) -> list[bool]:
    """Which of the filtered responses are correct."""
    score = line[metric]
    if not isinstance(score, int | float) or not 0 <= score <= 1:
        raise InputError(f"{place}: {metric} is {short(score)}; a score lies in [0, 1]: map another metric")
    kept = responses(line)
    if not kept:
        raise InputError(f"{place}: 'filtered_resps' is empty; run the task again")
    if len(kept) == 1:
        if score in (0.0, 1.0):
            return [score == 1.0]
        raise InputError(f"{place}: {metric} is {score:g}; a sample is right (1) or wrong (0): map another metric")
    outcomes = [str(response).strip() == str(line.get("target")).strip() for response in kept]
    if abs(sum(outcomes) / len(outcomes) - score) > 1e-6:
        raise InputError(
            f"{place}: {sum(outcomes)} of {len(outcomes)} responses equal the target, but {metric} is "
            f"{score:g}; let the task score every response, or import one run per file"
        )
    return outcomes


def _prompt(line: Mapping[str, Any]) -> str | None:
    """What the model was given, where one text says it."""
    arguments = line.get("arguments")
    first = arguments.get("gen_args_0") if isinstance(arguments, dict) else None
    prompt = first.get("arg_0") if isinstance(first, dict) else None
    return text_of(prompt) if isinstance(prompt, str) else None
