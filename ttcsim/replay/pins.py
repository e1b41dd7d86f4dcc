"""What the numbers of a sweep follow from, as plain data: kept beside unfinished work, compared before it goes on."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ttcsim.errors import InputError
from ttcsim.policies import Policy
from ttcsim.policies.user_code import sources
from ttcsim.pool import Pool

_OWN = ("compiled", "pool", "policies", "engine", "theory", "statistics", "replay")
"""Folders of this package whose code a number can follow from."""
_FREE = ("reps", "pool", "queries", "samples")  # more replications begin with the same; the hash tells the rest


def versions() -> dict[str, str]:
    """Versions of everything that can change a number."""
    return {
        "python": platform.python_version(),
        **{p: version(p) for p in ("ttcsim", "numpy", "numba", "polars")},
    }


@functools.cache
def own_code() -> str:
    """Hash of the code of this package that a number can follow from."""
    package = Path(__file__).parents[1]
    files = sorted(path for folder in _OWN for path in (package / folder).rglob("*.py"))
    return _hash("\0".join(f"{path.relative_to(package)}\0{path.read_text()}" for path in files))


def pins(config: Mapping[str, Any], policies: Sequence[Policy], pool: Pool) -> dict[str, Any]:
    """All that every single replication of a sweep with this config follows from.

    Raises
    ------
    InputError
        For a policy of a notebook or a shell: nothing says whether its code is the same later.
    """
    code = {}
    for source in sources(policies):
        if source.sha256 is None:
            raise InputError(
                f"keep: {source.name} is in no file, by which its code would be known again; put it into one"
            )
        code[source.name] = source.sha256
    columns = {prior.column for p in policies if (prior := p.prior()) is not None}
    known = {} if pool.queries is None else {c: _hash(repr(pool.queries[c].to_list())) for c in sorted(columns)}
    found = {
        **{key: value for key, value in config.items() if key not in _FREE},
        "columns of the queries": known, "code": code, "versions": versions(), "source of ttcsim": own_code(),
    }  # fmt: skip
    plain: dict[str, Any] = json.loads(json.dumps(found, default=int))  # numbers of NumPy are those of Python
    return plain


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs, in words."""
    found = []
    for key in [*now, *(key for key in before if key not in now)]:
        old, new = before.get(key), now.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += [f"{key}: {words}" for words in changed(old, new)]
        elif old != new:
            shown = not any(isinstance(value, str) and len(value) >= 64 for value in (old, new))
            found.append(f"{key.replace('pool_hash', 'pool')} ({_told(old)}, not {_told(new)})" if shown else key)
    return [words.replace("pool_hash", "pool") for words in found]


def _told(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
