"""What a harvest says of itself: in its plan, by which it is known again, and in the pool's manifest."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import harvest
from harvest.config import Config, ModelReward
from harvest.queries import Query, fingerprint
from harvest.store import EXTRAS
from harvest.verifiers import LIBRARIES
from harvest.verifiers.sandbox import what_shuts_in

_LOOKS, _LOOK = 64, 1 << 16  # places in a file, and bytes at each


def make_plan(
    config: Config, everything: Sequence[Query], shard: tuple[int, int], engine: Mapping[str, Any]
) -> dict[str, Any]:
    """All that decides a byte of the samples: an unfinished harvest goes on only with the same.

    Rewards and strategies may be added, each of which has its own part: its settings and its model.
    """
    extras = (*config.reward, *config.strategy)
    programs = _programs(config, everything)
    return {
        "versions": {
            "harvest": harvest.VERSION, "python": platform.python_version(), "vllm": engine.get("vllm"),
            **_versions("torch", "transformers", "polars", *_judging(everything)),
        },
        "config": config.measured(),
        **({"programs": {key: programs[key] for key in ("python", "packages")}} if programs else {}),
        "queries": fingerprint(everything),
        "shard": list(shard),
        "model": _model_fingerprint(config.model.path) if config.model.endpoint is None else config.model.path,
        "engine": dict(engine),
        "environment": {k: v for k, v in config.environment.items() if k.startswith("VLLM_")},
        EXTRAS: {
            made.key: _model_fingerprint(made.model) if isinstance(made, ModelReward) and made.model else ""
            for made in extras
        },
    }  # fmt: skip


def _judging(queries: Sequence[Query]) -> list[str]:
    """The packages that decide verdicts."""
    used = sorted({q.verifier for q in queries})
    return [package for name in used if name in LIBRARIES for package in LIBRARIES[name].packages]


def make_facts(
    config: Config,
    plan: Mapping[str, Any],
    queries: Sequence[Query],
    *,
    name: str,
    engine: Mapping[str, Any],
    digest: str,
) -> dict[str, Any]:
    """What the manifest says beside counts and files."""
    sampling = config.sampling
    adaptive = {"initial": sampling.n, "until_solved": sampling.until_solved}
    return {
        "name": config.output.name or name,
        "created": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "licence": config.model.licence,
        "model": {
            "name": config.model_name, "revision": config.model.revision, "source": config.model.source,
            "fingerprint": plan["model"],
        },
        "engine": engine,
        "sampling": sampling.model_dump(mode="json", exclude={"until_solved"}),
        **({"confidence": config.confidence.model_dump(mode="json")} if config.confidence else {}),
        **({"adaptive": adaptive} if sampling.until_solved is not None else {}),
        "task": [t.model_dump(mode="json", exclude_defaults=True) for t in config.task],
        "verifier": {
            "names": sorted({q.verifier for q in queries}),
            **config.verifier.model_dump(mode="json", exclude={"workers"}, exclude_none=True),
            **_versions(*_judging(queries)),
            **({"sandbox": programs} if (programs := _programs(config, queries)) else {}),
        },
        "reward_models": [r.model_dump(mode="json", exclude_defaults=True) for r in config.reward],
        "strategies": [s.model_dump(mode="json", exclude_defaults=True) for s in config.strategy],
        "harvest": {
            "version": harvest.VERSION, "digest": digest, "shard": plan["shard"], "versions": plan["versions"],
        },
    }  # fmt: skip


def _programs(config: Config, queries: Sequence[Query]) -> dict[str, Any]:
    """What shuts programs in, and what they may import; nothing where no program is run."""
    return what_shuts_in(config.verifier) if any(q.verifier == "code" for q in queries) else {}


def _model_fingerprint(path: str) -> str:
    """Hash of the names and sizes of a model folder's files, of small ones whole and of others in samples.

    A hub name stands for itself: `model.revision` pins what it means.
    """
    folder = Path(path)
    if not folder.is_dir():
        return path
    state = hashlib.sha256()
    for file in sorted(folder.glob("*")):
        if file.is_file():
            state.update(f"{file.name}:{file.stat().st_size}".encode())
            with file.open("rb") as handle:
                for at in _looked_at(file.stat().st_size):
                    handle.seek(at)
                    state.update(handle.read(_LOOK))
    return state.hexdigest()


def _looked_at(size: int) -> Iterable[int]:
    """Where to read in a file: everywhere in a small one; two trainings of one model differ wherever one looks."""
    return range(0, size, _LOOK if size <= _LOOKS * _LOOK else size // _LOOKS)


def _versions(*packages: str) -> dict[str, str]:
    found = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
