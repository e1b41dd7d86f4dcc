"""Logs of Inspect (``inspect eval``), as .json or .eval: every epoch of every sample is a sample of the pool.

Of several scorers ``--map correct=SCORER`` chooses one; ``--map reward=SCORER`` (or ``confidence=``) takes the numbers
of one.
"""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import polars as pl

from ttcsim.errors import InputError, among
from ttcsim.pool import Pool
from ttcsim.pool.format import DECISION_COLUMNS, PROMPT_TOKENS
from ttcsim.pool.importers import looks
from ttcsim.pool.importers.ask import Ask, listed
from ttcsim.pool.importers.assemble import pool_of
from ttcsim.pool.importers.entries import identifier, mappings, number, short, take
from ttcsim.pool.importers.importer import Importer
from ttcsim.pool.importers.runs import Entry, Run, as_texts, chosen, facts_of, hashes, labels, sources_of, words
from ttcsim.pool.reading import decoding, is_dir, is_file, open_file, read_json, text_of

LIVE = "ttcsim"
"""The name of what `ttcsim.adapters.inspect` leaves in a log: who decided, and in the results what came of it."""

_ZSTANDARD = 93
_MOST_UNPACKED = 256 << 20
_MOST_LOG = 8 << 30
_MOST_TOKENS = 2**31 - 1
_VALUES = {"C": True, "I": False, "N": False, True: True, False: False}  # N: no answer; P, partial, is neither
_SHAPING = (
    "temperature", "top_p", "top_k", "min_p", "max_tokens", "stop_seqs", "system_message", "frequency_penalty",
    "presence_penalty", "logit_bias", "num_choices", "best_of", "reasoning_effort", "reasoning_tokens", "effort",
)  # fmt: skip
"""Settings of generation that shape samples; others are of retries, connections and the like."""

_USED = {"id", "epoch", "input", "target", "output", "scores", "uuid"}


def _read(path: Path, ask: Ask) -> Pool:
    ask.check_targets(("correct", "reward", "confidence"), path)
    files = sorted([*path.rglob("*.json"), *path.rglob("*.eval")]) if is_dir(path) else [path]
    if not all(map(is_file, files)):
        raise InputError(f"{path}: no such file; give a .json or .eval log, or a folder of logs")
    tries = [found for file in files if (found := _run(file)).run.entries]
    if not tries:
        raise InputError(f"{path}: no scored samples of Inspect there; give a .json or .eval log, or a folder of logs")
    runs = chosen(_last_tries(tries), ask, path)
    live = _live(runs, path)
    sources = labels(runs, ask)
    rows = [
        {"task": run.task, "model": model, **row(sample, ask.mapping, place)}
        for run, model in zip(runs, sources, strict=True)
        for place, sample in run.entries
    ]
    of_query = ("task", "query_id", "prompt", "gold")
    schema: dict[str, pl.DataType] = dict.fromkeys((*of_query, "model", "answer", "response"), pl.String())
    schema |= {"correct": pl.Boolean(), "tokens": pl.Int64(), PROMPT_TOKENS: pl.Int64()}
    frame = pl.DataFrame(rows, schema=schema | {t: pl.Float64() for t in ask.mapping if t != "correct"})
    unknown = {column: frame[column].null_count() for column in ("tokens", PROMPT_TOKENS)}
    frame = frame.drop(column for column, number in unknown.items() if number)
    queries = frame.select(of_query).unique(["task", "query_id"], keep="first", maintain_order=True)
    scorers = {f"scores.{name}" for run in runs for _, s in run.entries for name in s.get("scores") or {}}
    taken = {f"scores.{name}" for name in ask.mapping.values()} or scorers
    held = (text_of(key) for run in runs for _, s in run.entries for key in s if key not in _USED and s[key])
    unused = [*sorted(scorers - taken), *dict.fromkeys(held)]
    without = [f"no {c}: {n:,} of {len(rows):,} samples do not tell them" for c, n in unknown.items() if n]
    pool = pool_of(
        frame.drop("prompt", "gold"), path, ask, queries=queries,
        notes=[*words(runs, sources), *without, looks.words(unused, {}, frame)],
        facts={"runs": facts_of(runs), "unused": unused},
        manifest=sources_of(runs, sources, ask) | ({"adaptive": live.facts} if live else {}),
    )  # fmt: skip
    return replace(pool, decisions=live.log) if live and live.log is not None and ask.limit is None else pool


import_inspect = IMPORTER = Importer(
    "inspect", "logs of Inspect, .json or .eval; --map correct=SCORER, --where task=NAME", _read
)


class _Live(NamedTuple):
    """A policy that decided which samples there are."""

    facts: dict[str, Any]  # as `harvest live` has them in its manifest
    log: pl.DataFrame | None  # None where the evaluation did not come to its end


def _live(runs: Sequence[Run], path: Path) -> _Live | None:
    """The policy that stopped a run by its outcomes, where one did; it is a pool of its own."""
    found = [run for run in runs if run.live is not None]
    if not found:
        return None
    run, facts = found[0], dict(found[0].live or {})
    if len(runs) > 1:
        raise InputError(
            f"{path}: in {text_of(run.file.name)} policy '{facts.get('policy')}' stopped by outcomes, so its samples "
            f"are not like others; import it alone, --where run={run.facts['run']}"
        )
    with decoding(f"{run.file}: its metadata '{LIVE}' is damaged", "copy it again"):
        decided = facts.pop("decided", None)
        if decided is None:
            return _Live(facts, None)
        rows, drawn = list[tuple[int, str, int, bool]](), Counter[str]()
        for wave, queries in enumerate(decided):
            for query in queries:
                rows.append((wave, query, drawn[query], len(rows) < facts["draws"]))
                drawn[query] += 1
        return _Live(facts, pl.DataFrame(rows, schema=DECISION_COLUMNS, orient="row"))


def row(sample: dict[str, Any], mapping: Mapping[str, str], place: str) -> dict[str, Any]:
    """A sample of a log as one of a pool, with its `prompt`, `gold` and `response`; of several scorers by `mapping`."""
    query = identifier(sample, "id", place)
    place = f"{place} '{query}', epoch {short(sample.get('epoch'))}"
    scores = take(sample, "scores", dict, place, {})
    rewards = {target: scorer for target, scorer in mapping.items() if target != "correct"}
    names = [name for name in scores if name not in rewards.values()] or list(scores)
    scorer = mapping.get("correct")
    if scorer is None and len(names) != 1:
        reason = "an error" if sample.get("error") else f"the scorers {', '.join(scores) or 'none'}"
        raise InputError(f"{place}: has {reason}; choose a scorer with --map correct=SCORER, or retry the evaluation")
    name = scorer or names[0]
    for wanted in (name, *rewards.values()):
        if wanted not in scores:
            raise InputError(f"{place}: no scorer '{wanted}'; {among(wanted, scores, 'it has')}")
    score = take(scores, name, dict, place)
    value = score.get("value")
    correct = _VALUES.get(value) if isinstance(value, str | bool | int | float) else None
    if correct is None:
        raise InputError(f"{place}: {name} gave {short(value)}; a sample is right (C or 1) or wrong (I or 0)")
    output = take(sample, "output", dict, place, {})
    answer = score.get("answer")
    usage = take(output, "usage", dict, place, {})
    read, written = (_tokens(usage, key, place) for key in ("input_tokens", "output_tokens"))
    choices = mappings(take(output, "choices", list, place, []), "choice", place) or [{}]
    prompt, gold = sample.get("input"), sample.get("target")
    return {
        "query_id": query,
        "correct": correct,
        "answer": None if answer is None else text_of(answer),
        "tokens": written or None,
        PROMPT_TOKENS: read,
        "response": json.dumps(take(choices[0], "message", dict, place, {}).get("content")),
        "prompt": text_of(prompt) if isinstance(prompt, str) else None,
        "gold": text_of(gold) if isinstance(gold, str) else None,
        **{t: number(take(scores, s, dict, place), "value", f"{place}: {s}") for t, s in rewards.items()},
    }


def _tokens(usage: dict[str, Any], key: str, place: str) -> int | None:
    """A number of tokens, None where it is not told."""
    if usage.get(key) is None:
        return None
    tokens = take(usage, key, int, place)
    if not 0 <= tokens <= _MOST_TOKENS:
        raise InputError(f"{place}: '{key}' is {short(tokens)}; a sample has 0 to {_MOST_TOKENS}")
    return tokens


class _Try(NamedTuple):
    """A log, with what tells one that goes on with it."""

    run: Run
    of: tuple[str | None, ...]  # the same for an evaluation and its retries
    when: str


def _run(file: Path) -> _Try:
    """What a log says of itself, and its samples by id and epoch."""
    with decoding(f"{file}: is no whole log of Inspect", "copy it again"):
        if file.suffix == ".eval":
            with open_file(file) as raw, zipfile.ZipFile(raw) as archive:
                header, *samples = (json.loads(content) for content in _members(archive, raw, file))
        else:
            header = read_json(file)
            samples = header.get("samples") or []
        of = header["eval"]
        samples = sorted(mappings(samples, "sample", file), key=lambda s: (str(s["id"]), s.get("epoch", 1)))
        task, model, when = text_of(of["task"]), of.get("model"), text_of(of.get("created", ""))
        generation = (of.get("model_generate_config") or {}) | ((header.get("plan") or {}).get("config") or {})
        steps = [(step.get("solver"), step.get("params")) for step in (header.get("plan") or {}).get("steps") or []]
        setting = {key: generation[key] for key in _SHAPING if generation.get(key) is not None}
        setting |= {"solver": steps, "task_version": of.get("task_version"), "task_args": of.get("task_args")}
        seeds = [s for s in (generation.get("seed"), (of.get("model_args") or {}).get("seed")) if s is not None]
        stopping = ((header.get("results") or {}).get("early_stopping") or {}).get("metadata") or {}
        live = (of.get("metadata") or {}).get(LIVE)
        content = hashes((s["id"], s.get("epoch"), s.get("scores"), s.get("output")) for s in samples)
    entries: list[Entry] = [(f"{file}: sample", sample) for sample in samples]
    run = Run(
        file=file, model=None if model is None else text_of(model), task=task, entries=entries,
        content=content,
        queries=frozenset(str(s["id"]) for s in samples), samples=len(samples),
        setting=as_texts(setting),
        facts={"run": when, "status": text_of(header.get("status", ""))}, seeds=json.dumps(seeds) if seeds else "",
        live=None if live is None else {**live, **stopping.get(LIVE, {})},
    )  # fmt: skip
    return _Try(run, (text_of(of["task_id"]), task, run.model) if of.get("task_id") else (str(file),), when)


def _last_tries(tries: Sequence[_Try]) -> list[Run]:
    """The runs without tries that failed and that a later log of the same evaluation went on with."""
    last: dict[tuple[str | None, ...], str] = {}
    for found in tries:
        last[found.of] = max(last.get(found.of, ""), found.when)
    early = [t.run.file.name for t in tries if t.when < last[t.of]]
    if early:
        warnings.warn(f"left out, as a later log goes on with their samples: {listed(early)}", stacklevel=2)
    return [t.run for t in tries if t.when == last[t.of]]


def _members(archive: zipfile.ZipFile, raw: BinaryIO, file: Path) -> Iterator[bytes]:
    """The header, then every sample; none unpacked to more than `_MOST_UNPACKED`, nor all to more than `_MOST_LOG`."""
    names = [n for n in archive.namelist() if n.startswith("samples/") and n.endswith(".json")]
    left = _MOST_LOG
    for info in map(archive.getinfo, ["header.json", *names]):
        most = min(left, _MOST_UNPACKED)
        content = _member(archive, info, raw, file, most)
        if len(content) > most:
            raise InputError(
                f"{file}: {info.filename} unpacks to more than {most / 2**20:,.0f} MiB (a sample may have "
                f"{_MOST_UNPACKED >> 20:,} MiB, a log {_MOST_LOG >> 20:,} MiB); split the log"
            )
        left -= len(content)
        yield content


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, raw: BinaryIO, file: Path, most: int) -> bytes:
    """A file of the archive, cut off behind `most` bytes; `zipfile` reads Zstandard, Inspect's choice, from 3.14 on."""
    if info.compress_type != _ZSTANDARD:
        with archive.open(info) as stream:
            return stream.read(most + 1)
    try:
        import zstandard
    except ImportError:
        raise InputError(
            f"{file}: is compressed with Zstandard; `pip install 'ttcsim[import]'`, or `inspect log convert --to json`"
        ) from None
    raw.seek(info.header_offset)
    fields = struct.unpack("<4s5H3I2H", raw.read(30))  # the local header; names may differ from the directory's
    raw.seek(fields[-2] + fields[-1], 1)
    packed = raw.read(info.compress_size)
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed), read_across_frames=True) as stream:
        content = bytes(stream.read(most + 1))
    if len(content) != min(info.file_size, most + 1):
        raise ValueError(f"{info.filename} is cut off")
    return content
