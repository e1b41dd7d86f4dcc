"""What a harvest has on disk while it runs: parts, each whole or absent, and the plan that they belong to.

A run to ``POOL`` works in ``POOL.partial``. A part is written under a temporary name, synced and renamed, so a run
killed at any moment leaves only whole parts, and goes on with those that are missing. The finished pool is renamed
into place.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool.folders import sync, write_whole
from ttcsim.pool.format import MANIFEST, as_json, as_parquet, part


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
        What is measured. An unfinished harvest is only continued with an equal one.
    whole : str
        Hash of all that makes the finished pool, by which it is known again.
    resume : bool
        Go on with an unfinished harvest; without it, one is refused.
    """

    def __init__(self, out: Path, plan: Mapping[str, Any], whole: str, *, resume: bool) -> None:
        self.out = out
        self.folder = out.with_name(out.name + ".partial")
        self.finished = False
        self.refuse_early(out, resume=resume)
        if out.exists():
            if not self._is(whole):
                raise InputError(f"{out}: exists already and holds another harvest; name another folder or remove it")
            self.finished = True
        with clear_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / "lock").open("w")
        try:
            self._begin(plan)
        except BaseException:
            self.close()
            raise

    def _begin(self, plan: Mapping[str, Any]) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(f"{self.folder}: another process is harvesting there; wait for it or stop it") from error
        if self.finished:
            shutil.rmtree(self.folder)
            return
        file = self.folder / "plan.json"
        if file.exists():
            _compare(json.loads(file.read_text()), plan, file)
        else:
            with clear_errors(file):
                write_whole(file, as_json(plan))
        for left in self.folder.rglob(".*.tmp"):
            left.unlink(missing_ok=True)

    def close(self) -> None:
        """Let another process go on."""
        self._lock.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def refuse_early(out: Path, *, resume: bool) -> None:
        """What needs no plan to be refused: anything in the way without `resume`."""
        if out.exists() and not resume:
            raise InputError(f"{out}: exists already and is not overwritten; name another folder or remove it")
        partial = out.with_name(out.name + ".partial")
        if partial.exists() and not resume:
            raise InputError(f"{partial}: an unfinished harvest; go on with --resume, or remove it to start anew")

    def _is(self, whole: str) -> bool:
        try:
            return bool(json.loads((self.out / MANIFEST).read_text())["harvest"]["digest"] == whole)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def has(self, stage: str, number: int) -> bool:
        """Whether a part is finished."""
        return (self.folder / part(stage, number)).is_file()

    def write(self, stage: str, number: int, table: pl.DataFrame) -> None:
        """Finish a part."""
        path = self.folder / part(stage, number)
        with clear_errors(path):
            write_whole(path, as_parquet(table))

    def read(self, stage: str, number: int) -> pl.DataFrame:
        """A finished part."""
        path = self.folder / part(stage, number)
        try:
            return pl.read_parquet(path, glob=False)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise InputError(f"{path}: not a whole Parquet file; remove it and go on with --resume") from error

    def publish(self, pool: Path) -> None:
        """Rename the assembled pool into place and remove the rest."""
        with clear_errors(self.out):
            os.rename(pool, self.out)
            sync(self.out.parent)
        shutil.rmtree(self.folder, ignore_errors=True)


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
