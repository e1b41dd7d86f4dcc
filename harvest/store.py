"""What a harvest has on disk while it runs: parts, each whole or absent, and the plan that they belong to.

A run to ``POOL`` works in ``POOL.partial``. A part is written under a temporary name, synced and renamed, and after it
its mark, a hash of the plan and of its bytes: a run killed at any moment leaves only whole parts and goes on with those
that are missing, and a part that is damaged or of another harvest is known. The finished pool is renamed into place.
The plan comes first and goes last, so that no part is ever without it, and nothing is removed that is not known to be
the harvest's.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool.folders import sync, write_whole
from ttcsim.pool.format import (
    DECISIONS,
    MANIFEST,
    QUERIES,
    SAMPLES,
    SCORES,
    STRATEGIES,
    TEXTS,
    as_json,
    as_parquet,
    part,
)

PLAN, LOCK, POOL = "plan.json", "lock", "pool"
RECEIVED = "received.jsonl"
"""What an endpoint has sent; see `harvest.endpoint.journal`."""
EXTRAS = "extras"
"""The one key of a plan that may grow while a harvest is unfinished: rewards and strategies, each with its model."""

WAVES = "waves"
"""The folder of the parts of a live run."""

_KEY = r"-[0-9a-f]{12}"  # the hash in a `harvest.config.table.Kept.key`
_STAGE = re.compile(rf"{WAVES}|samples-\d+(\..+{_KEY})?|.+{_KEY}(-\d+)?")
_PART = re.compile(r"\.?part-\d{5,}\.(parquet|mark)(\.tmp)?")
_POOL_FILE = re.compile(rf"\.?({'|'.join(map(re.escape, (MANIFEST, QUERIES, STRATEGIES, DECISIONS)))})(\.tmp)?")


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Disk full, read-only and their like, as one line."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); the rest is kept: mend it, then use --resume"
        ) from error


class Store:
    """The folder of an unfinished harvest, held by one process at a time.

    Parameters
    ----------
    out : Path
        The pool to be; the work goes on in ``<out>.partial`` beside it.
    plan : mapping
        What is measured. An unfinished harvest is only continued with an equal one, but for what is added to `EXTRAS`.
    whole : str
        Hash of all that makes the finished pool, by which it is known again.
    resume : bool
        Go on with an unfinished harvest; without it, one is refused.
    """

    def __init__(self, out: Path, plan: Mapping[str, Any], whole: str, *, resume: bool) -> None:
        self.out = out
        self.folder = out.with_name(out.name + ".partial")
        self.finished = False
        self._belongs = digest({k: v for k, v in plan.items() if k != EXTRAS}).encode()
        self.refuse_early(out, resume=resume)
        self._find_out(whole)
        self._lock = self._hold()
        try:
            with clear_errors(self.folder):
                self._begin(plan, whole)
        except BaseException:
            self.close()
            raise

    def _hold(self) -> int:
        """The lock, on a file that is still there once it is held: who finishes a harvest removes it."""
        file = self.folder / LOCK
        with clear_errors(file):
            self.folder.mkdir(parents=True, exist_ok=True)
            # Neither waiting (a FIFO) nor following a link to another file.
            lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW, 0o666)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(lock), os.stat(file)):
                    return lock
            except (BlockingIOError, FileNotFoundError):
                pass
            except BaseException:
                os.close(lock)
                raise
        os.close(lock)
        raise InputError(f"{self.folder}: another process is harvesting there; wait for it or stop it")

    def _begin(self, plan: Mapping[str, Any], whole: str) -> None:
        self._find_out(whole)  # again, by now another process may have finished it
        if self.finished:
            self._remove()
            return
        file = self.folder / PLAN
        if os.path.lexists(file):
            before, extras = _read(file), plan.get(EXTRAS, {})
            known = before.get(EXTRAS, {}) if isinstance(before.get(EXTRAS), dict) else {}
            plan = {**plan, EXTRAS: {**known, **extras}}
            _compare({**before, EXTRAS: {**extras, **known}}, plan, file)
            if not extras.keys() - known.keys():
                return
        elif found := next(self._parts(), None):
            raise InputError(
                f"{found}: a part of a harvest whose {PLAN} is gone, so nothing says what it measured; "
                f"remove {self.folder} to start anew"
            )
        write_whole(file, as_json(plan))

    def close(self) -> None:
        """Let another process go on."""
        os.close(self._lock)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def refuse_early(out: Path, *, resume: bool) -> None:
        """What needs no plan to be refused: anything in the way without `resume`."""
        partial = out.with_name(out.name + ".partial")
        with clear_errors(out):
            if out.exists() and not resume:
                raise InputError(f"{out}: exists already and is not overwritten; name another folder or remove it")
            if partial.exists() and not resume:
                raise InputError(f"{partial}: an unfinished harvest; go on with --resume, or remove it to start anew")

    def _find_out(self, whole: str) -> None:
        """Whether the pool is there already; another one is refused."""
        self.finished = self.out.exists()
        if not self.finished:
            return
        try:
            found = json.loads((self.out / MANIFEST).read_text())["harvest"]["digest"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            found = None
        if found != whole:
            raise InputError(f"{self.out}: exists already and holds another harvest; name another folder or remove it")

    @property
    def received(self) -> Path:
        """Where answers that are paid for are kept until the pool is whole."""
        return self.folder / RECEIVED

    def has(self, stage: str, number: int) -> bool:
        """Whether a part is finished."""
        path = self.folder / part(stage, number)
        return path.is_file() and path.with_suffix(".mark").is_file()

    def write(self, stage: str, number: int, table: pl.DataFrame) -> None:
        """Finish a part."""
        path = self.folder / part(stage, number)
        content = as_parquet(table)
        with clear_errors(path):
            path.with_suffix(".mark").unlink(missing_ok=True)
            write_whole(path, content)
            write_whole(path.with_suffix(".mark"), self._mark(content))

    def read(self, stage: str, number: int) -> pl.DataFrame:
        """A finished part."""
        path = self.folder / part(stage, number)
        try:
            content = path.read_bytes()
            if path.with_suffix(".mark").read_bytes() == self._mark(content):
                return pl.read_parquet(io.BytesIO(content))
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); mend it, then use --resume") from error
        raise InputError(
            f"{path}: not a whole Parquet file of this harvest (damaged, or put there); "
            "remove it and go on with --resume"
        )

    def _mark(self, content: bytes) -> bytes:
        return hashlib.sha256(self._belongs + content).hexdigest().encode()

    def new_pool(self) -> Path:
        """An empty folder to assemble the pool in."""
        folder = self.folder / POOL
        _remove_pool(folder)
        folder.mkdir()
        return folder

    def publish(self, pool: Path) -> None:
        """Rename the assembled pool into place and remove the rest."""
        with clear_errors(self.out):
            os.rename(pool, self.out)
            sync(self.out.parent)
        self._remove()

    def _stages(self) -> Iterator[Path]:
        for folder in sorted(self.folder.iterdir()):
            if _STAGE.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
                yield folder

    def _parts(self) -> Iterator[Path]:
        return (file for folder in self._stages() for file in sorted(folder.iterdir()) if _PART.fullmatch(file.name))

    def _remove(self) -> None:
        """Remove what is the harvest's, the plan last: what is left after a kill has it still."""
        with contextlib.suppress(OSError):  # it stays, and is removed by the next one
            for folder in self._stages():
                _remove_files(folder, _PART)
            _remove_pool(self.folder / POOL)
            if any(self._parts()):
                return
            for name in (f".{PLAN}.tmp", RECEIVED, PLAN, LOCK):
                (self.folder / name).unlink(missing_ok=True)
            self.folder.rmdir()


def _remove_pool(folder: Path) -> None:
    for kind in (SAMPLES, TEXTS, SCORES):
        _remove_files(folder / kind, _PART)
    _remove_files(folder, _POOL_FILE)


def _remove_files(folder: Path, known: re.Pattern[str]) -> None:
    """Remove the files of these names, and the folder if nothing else is in it."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for file in folder.iterdir():
        if known.fullmatch(file.name) and not file.is_dir():
            file.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()


def _read(file: Path) -> dict[str, Any]:
    try:
        plan = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError) as error:
        plan, why = None, str(error).splitlines()[0][:200]
    else:
        why = "no table"
    if not isinstance(plan, dict):
        raise InputError(
            f"{file}: damaged ({why}), so nothing says what the parts beside it measured; restore it, or remove "
            f"{file.parent} to start anew"
        )
    return plan


def digest(plan: Mapping[str, Any]) -> str:
    """Hash of a plan."""
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def _compare(before: Any, now: Any, file: Path, place: str = "") -> None:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in {**now, **before}:  # versions first, which explain the rest
            _compare(before.get(key), now.get(key), file, f"{place}.{key}" if place else key)
    elif before != now and json.dumps(before) != json.dumps(now):
        raise InputError(
            f"{file}: {place} was {_short(before)} when this harvest began and is {_short(now)} now; "
            "take back the change, or harvest into another folder"
        )


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
