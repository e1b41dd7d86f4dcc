"""What a harvest says of itself: in its plan, by which it is known again, and in the pool's manifest."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import harvest
from harvest.config import Config
from harvest.queries import Query, fingerprint
from harvest.verifiers.sandbox import what_shuts_in


def make_plan(
    config: Config, everything: Sequence[Query], shard: tuple[int, int], engine: Mapping[str, Any]
) -> dict[str, Any]:
    """All that decides what is sampled: an unfinished harvest goes on only with the same."""
    programs = _programs(config, everything)
    return {
        "versions": {"harvest": harvest.VERSION, "vllm": engine.get("vllm")},
        "config": config.measured(),
        **({"programs": {key: programs[key] for key in ("python", "packages")}} if programs else {}),
        "queries": fingerprint(everything),
        "shard": list(shard),
        "model": _model_fingerprint(config.model.path),
    }


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
        **({"adaptive": adaptive} if sampling.until_solved is not None else {}),
        "task": [t.model_dump(mode="json", exclude_defaults=True) for t in config.task],
        "verifier": {
            "names": sorted({q.verifier for q in queries}),
            **config.verifier.model_dump(mode="json", exclude={"workers"}, exclude_none=True),
            **_versions("math-verify", "reasoning-gym"),
            **({"sandbox": programs} if (programs := _programs(config, queries)) else {}),
        },
        "reward_models": [r.model_dump(mode="json", exclude_defaults=True) for r in config.reward],
        "strategies": [s.model_dump(mode="json", exclude_defaults=True) for s in config.strategy],
        "harvest": {"version": harvest.VERSION, "digest": digest, "shard": plan["shard"]},
    }  # fmt: skip


def _programs(config: Config, queries: Sequence[Query]) -> dict[str, Any]:
    """What shuts programs in, and what they may import; nothing where no program is run."""
    return what_shuts_in(config.verifier) if any(q.verifier == "code" for q in queries) else {}


def _model_fingerprint(path: str) -> str:
    """Hash of a model folder's configuration and the names and sizes of its files; a hub name stands for itself."""
    folder = Path(path)
    if not folder.is_dir():
        return path
    state = hashlib.sha256()
    for file in sorted(folder.glob("*")):
        if file.is_file():
            state.update(f"{file.name}:{file.stat().st_size}".encode())
            if file.suffix == ".json" and file.stat().st_size < 1 << 20:
                state.update(file.read_bytes())
    return state.hexdigest()


def _versions(*packages: str) -> dict[str, str]:
    found = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
