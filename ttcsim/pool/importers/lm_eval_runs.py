"""The runs in a folder of lm-evaluation-harness: ``samples_*.jsonl``, and what ``results_*.json`` tells of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from ttcsim.errors import InputError
from ttcsim.pool.importers.runs import Entry, Run, as_texts, hashes
from ttcsim.pool.reading import decoding, is_dir, is_file, read_json, read_text, text_of

_OF_RUN = ("model_revision", "model_sha", "system_instruction", "chat_template", "fewshot_as_multiturn")
_OF_TASK = ("num_fewshot", "description")
_SEEDS = ("seed", "random_seed", "numpy_seed", "torch_seed")
_NOISE = {
    *_SEEDS, "batch_size", "max_batch_size", "device", "device_map", "parallelize", "tensor_parallel_size",
    "data_parallel_size", "gpu_memory_utilization", "num_concurrent", "max_retries", "timeout", "swap_space",
}  # fmt: skip
"""Arguments that shape no sample."""

_DATE = re.compile(r"_(\d{4}-\d\d-\d\dT[^_]*)$")


class _Told(NamedTuple):
    """What is known of a run beside its samples."""

    model: str | None
    setting: dict[str, str]
    seeds: str


def runs_in(path: Path) -> list[Run]:
    """The runs of a file or folder, by task and filter."""
    files = sorted(path.rglob("samples_*.jsonl")) if is_dir(path) else [path]
    if not files or not is_file(files[0]):
        raise InputError(f"{path}: no samples_*.jsonl there; run lm_eval with --log_samples and --output_path")
    runs = [run for file in files for run in _runs(file)]
    if not runs:
        raise InputError(f"{path}: the samples_*.jsonl there hold no samples; run lm_eval again")
    return runs


def responses(line: dict[str, Any]) -> list[Any]:
    """The filtered responses of a line."""
    kept = line["filtered_resps"]
    if isinstance(kept, list) and len(kept) == 1 and isinstance(kept[0], list):
        return list(kept[0])
    return list(kept) if isinstance(kept, list) else [kept]


def _runs(file: Path) -> list[Run]:
    lines: dict[str, list[Entry]] = {}
    for place, line in _lines(file):
        lines.setdefault(text_of(line.get("filter", "")), []).append((place, line))
    if not lines:
        return []
    stem = text_of(file.stem).removeprefix("samples_")
    date = _DATE.search(stem)
    task, run = (stem[: date.start()], date[1]) if date else stem.rpartition("_")[::2]
    told = _told(file, task or stem, run)
    return [
        Run(
            file=file, model=told.model, task=task or stem, entries=entries,
            content=hashes(line for _, line in entries),
            queries=frozenset(str(line["doc_id"]) for _, line in entries),
            samples=sum(len(responses(line)) for _, line in entries),
            setting={"filter": name, **told.setting}, facts={"run": run}, seeds=told.seeds, told=bool(told.setting),
        )
        for name, entries in lines.items()
    ]  # fmt: skip


def _lines(file: Path) -> list[Entry]:
    with decoding(f"{file}: cannot be read", "export it again"):
        text = read_text(file)
    found = []
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


def _told(file: Path, task: str, run: str) -> _Told:
    """What the results of this run tell; else the model that all results in the folder tell, else the folder's name."""
    own = file.parent / f"results_{run}.json"
    if is_file(own):
        return _of_results(_results(own), task)
    models = {_of_results(_results(other), task).model for other in sorted(file.parent.glob("results_*.json"))} - {None}
    return _Told(models.pop() if len(models) == 1 else text_of(file.resolve().parent.name) or None, {}, "")


def _results(file: Path) -> dict[str, Any]:
    with decoding(f"{file}: cannot be read", "copy it again, or remove it"):
        results = read_json(file)
    if not isinstance(results, dict) or not isinstance(results.get("config"), dict):
        raise InputError(f"{file}: has no 'config'; copy it again, or remove it")
    return results


def _of_results(results: dict[str, Any], task: str) -> _Told:
    config = results["config"]
    model = results.get("model_name") or config.get("model")
    tasks = results.get("configs")
    own = tasks.get(task) if isinstance(tasks, dict) else None
    own = own if isinstance(own, dict) else {}
    sampling = own.get("generation_kwargs") or config.get("gen_kwargs")  # a task's are with those of the command line
    given: dict[str, Any] = {"model_args": _quiet(config.get("model_args")), "generation_kwargs": _quiet(sampling)}
    given |= {key: results.get(key) for key in _OF_RUN} | {key: own.get(key) for key in _OF_TASK}
    places = (config, _arguments(config.get("model_args")), _arguments(sampling))
    seeds = [place[key] for place in places for key in _SEEDS if place.get(key) is not None]
    return _Told(None if model is None else text_of(model), as_texts(given), json.dumps(seeds) if seeds else "")


def _arguments(arguments: Any) -> dict[str, Any]:
    """Arguments, which older versions write as ``key=value,key=value``."""
    if isinstance(arguments, str):
        return {key: value for key, _, value in (part.partition("=") for part in arguments.split(","))}
    return arguments if isinstance(arguments, dict) else {}


def _quiet(arguments: Any) -> dict[str, Any]:
    return {key: value for key, value in _arguments(arguments).items() if key not in _NOISE}
