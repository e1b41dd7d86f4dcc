"""The state of a session as bytes: a header in JSON and arrays, in NumPy's own format, which runs no code when read."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.depends import Unknown, digest
from ttcsim.engine.lineup import FIRST, PART, STATE
from ttcsim.engine.work import CLASS, NOTE, NOW, Work
from ttcsim.errors import InputError
from ttcsim.policies import Policy
from ttcsim.policies.rules import ROW

FORMAT = 1
_SCRATCH = ("blank", "totals", "arena", "perm", "swaps", "xlogx", "log", "clocks", "p_start", "line")
_LINE_SCRATCH = ("unit", "stay", "few", "values", "turns")


def kept(work: Work) -> dict[str, NDArray[Any]]:
    """What of `Work` a replication moves."""
    own = {f"work.{name}": array for name, array in work._asdict().items() if name not in _SCRATCH}
    line = {f"line.{name}": array for name, array in work.line._asdict().items() if name not in _LINE_SCRATCH}
    return own | line


def _layout() -> str:
    """What the bytes of these arrays mean."""
    return hashlib.sha256(
        repr([kind.descr for kind in (ROW, NOTE, NOW, PART, FIRST, STATE, CLASS)]).encode()
    ).hexdigest()[:16]


def made_by(policy: Policy) -> dict[str, Any]:
    """What a state follows from beside its arrays."""
    setup = policy.setup(1, 1)
    rules = []
    for rule in (setup.score, setup.bonus, setup.stop, setup.see, setup.fit):
        try:
            rules.append("" if rule is None else digest(rule.function))  # type: ignore[arg-type]
        except Unknown:
            rules.append("")
    return {"format": FORMAT, "layout": _layout(), "rules": rules}


def refuse_other(header: Mapping[str, Any], policy: Policy, where: str) -> None:
    """Raise `InputError` for the state of another policy."""
    if policy.written() != header["policy"]:
        raise InputError(f"{where}: is the state of policy '{header['policy']}', not of '{policy.written()}'")
    if made_by(policy)["rules"] != header["rules"]:
        raise InputError(f"{where}: the rules of policy '{policy}' were edited since; begin a new session")


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Both in one."""
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, header=text, **{name: np.asarray(array) for name, array in arrays.items()})  # type: ignore[arg-type]
    return file.getvalue()


def unpack(state: bytes, where: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Header and arrays.

    Raises
    ------
    InputError
        When it is no state, is damaged, or is of another version.
    """
    try:
        with np.load(io.BytesIO(state), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays.pop("header").tobytes())
        version = header["format"], header["layout"]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{where}: is no state of a session, or is damaged; begin a new one") from error
    if version != (FORMAT, _layout()):
        raise InputError(f"{where}: is the state of a session of another version of ttcsim; go on with that one")
    return header, arrays


def copy_into(kept: NDArray[Any], read: NDArray[Any]) -> None:
    """The values of fields alone: between them `np.load` leaves what memory held, and NumPy 2.5 copies that too."""
    for field in kept.dtype.names or (...,):
        kept[field] = read[field]
