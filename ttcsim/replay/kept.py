"""Finished parts of a sweep on disk, while it runs: what a stopped one goes on from, to the same bits.

A part is the outcome of a range of replications of one job, all of it integers that add up, so that neither the cut nor
the order matters. It is one file under the name of its job and range, which begins with a hash of what the sweep
follows from, of its name and of its bytes: a part that is torn, damaged, misnamed or of another sweep is not used. The
plan, what the sweep follows from, is written before the first part and removed after the last.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from ttcsim.engine.arrays import Tally, make_tally
from ttcsim.errors import InputError
from ttcsim.pool.folders import write_whole
from ttcsim.pool.reading import decoding, is_file, read_json
from ttcsim.replay.pins import changed

PLAN, _LOCK = "plan.json", "lock"
_PART = re.compile(r"(?P<job>[\w-]+)\.(?P<first>\d{1,12})-(?P<last>\d{1,12})\.part")
_OURS = re.compile(rf"\.?({re.escape(PLAN)}|{_PART.pattern})(\.tmp)?")
_DIGEST = 32
_EVERY = 10.0  # seconds between two times of writing, which may take
_SHARE = 0.005  # of the time at most
_MOST = 1 << 26  # bytes that wait to be written before they are added up


class Part(NamedTuple):
    """The outcome of replications ``first .. last-1``."""

    first: int
    last: int
    tally: Tally


class Kept:
    """The folder of an unfinished sweep, held by one process at a time.

    Used as a context manager: an exception leaves the folder with all that is finished, and the end without one removes
    it, so the block should end where the result is safe.

    Parameters
    ----------
    folder : str or Path
        Where parts are kept; made when it is not there.
    resume : bool
        Go on with what is kept; without it, an unfinished sweep is refused.
    """

    def __init__(self, folder: str | Path, *, resume: bool = True) -> None:
        self.folder = Path(folder)
        if not resume and is_file(self.folder / PLAN):
            raise InputError(f"{folder}: an unfinished sweep; go on with --resume, or remove it to start anew")
        self._plan: bytes | None = None
        self._known: set[tuple[str, int, int]] = set()  # parts on disk that are whole and of this sweep
        self._waiting: dict[str, list[Part]] = {}
        self._bytes = 0
        self._due = 0.0
        self._warned = False

    @property
    def kept(self) -> int:
        """Replications of all jobs on disk."""
        return sum(last - first for _, first, last in self._known)

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be written ({error.strerror}); choose another place") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise InputError(f"{self.folder}: another sweep is using it; wait for it, or stop it") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._remove()
            else:
                self.flush()
                if not is_file(self.folder / PLAN):
                    self._remove()
        finally:
            os.close(self._lock)

    def begin(self, plan: Mapping[str, Any]) -> None:
        """Say what the sweep follows from; an unfinished one that differs in it is refused."""
        file = self.folder / PLAN
        if is_file(file):
            remedy = f"remove {self.folder} to start anew"
            with decoding(f"{file}: not the plan of a sweep", remedy):
                before = read_json(file)
            if not isinstance(before, dict):
                raise InputError(f"{file}: not the plan of a sweep; {remedy}")
            differing = changed(before, plan)
            if differing:
                raise InputError(
                    f"{self.folder}: the unfinished sweep in it has another {'; another '.join(differing)}: give the "
                    f"same, or {remedy}"
                )
        self._plan = json.dumps(plan, indent=1).encode()
        self._due = time.monotonic() + _EVERY

    def parts(self, job: str, zeros: Callable[[int], Tally], first: int, last: int) -> Iterator[Part]:
        """What is kept of replications ``first .. last-1`` of a job, without overlaps, in order."""
        named = filter(None, map(_PART.fullmatch, sorted(os.listdir(self.folder))))
        spans = [(int(name["first"]), int(name["last"]), name.string) for name in named if name["job"] == job]
        for begin, end, file in sorted(spans, key=lambda span: (span[0], -span[1])):
            if not first <= begin < end <= last:
                continue
            tally = self._read(file, zeros(end - begin))
            if tally is None:
                warnings.warn(f"{self.folder / file}: is damaged, and computed again", stacklevel=4)
                continue
            self._known.add((job, begin, end))
            first = end
            yield Part(begin, end, tally)

    def put(self, job: str, part: Part) -> None:
        """Keep a finished part; it is on disk within a few seconds."""
        self._waiting.setdefault(job, []).append(part)
        self._bytes += sum(array.nbytes for array in part.tally)
        if self._bytes > _MOST:
            self._waiting = {job: _joined(parts) for job, parts in self._waiting.items()}
            self._bytes = 0
        if time.monotonic() >= self._due:
            self.flush()

    def flush(self) -> None:
        """Write what waits. Where that fails the sweep goes on, and tries again later."""
        began = time.monotonic()
        try:
            if self._waiting and not is_file(self.folder / PLAN):
                assert self._plan is not None
                write_whole(self.folder / PLAN, self._plan)
            for job in list(self._waiting):
                for part in _joined(self._waiting[job]):
                    self._write(f"{job}.{part.first}-{part.last}.part", part.tally)
                    self._known.add((job, part.first, part.last))
                del self._waiting[job]
            self._bytes = 0
        except OSError as error:
            if not self._warned:
                warnings.warn(
                    f"{self.folder}: nothing more can be kept ({error.strerror}); the sweep goes on", stacklevel=2
                )
            self._warned = True
        now = time.monotonic()
        self._due = now + max(_EVERY, (now - began) / _SHARE)

    def _write(self, name: str, tally: Tally) -> None:
        body = b"".join(np.ascontiguousarray(array, dtype="<i8").tobytes() for array in tally)
        write_whole(self.folder / name, self._digest(name, body) + body)

    def _read(self, name: str, shapes: Tally) -> Tally | None:
        """A part, of the shapes of a tally of zeros; None where it is not what was written."""
        size = _DIGEST + sum(array.nbytes for array in shapes)
        file = self.folder / name
        if not is_file(file) or file.stat().st_size != size:
            return None
        content = file.read_bytes()
        body = content[_DIGEST:]
        if content[:_DIGEST] != self._digest(name, body):
            return None
        ends = np.cumsum([array.size for array in shapes])
        flat = np.split(np.frombuffer(body, "<i8"), ends[:-1])
        return Tally(*(part.reshape(array.shape) for part, array in zip(flat, shapes, strict=True)))

    def _digest(self, name: str, body: bytes) -> bytes:
        assert self._plan is not None
        plan = hashlib.blake2b(self._plan, digest_size=_DIGEST).digest()
        found = hashlib.blake2b(name.encode() + b"\0", key=plan, digest_size=_DIGEST)
        found.update(body)
        return found.digest()

    def _remove(self) -> None:
        """Remove what is ours, and the folder where nothing else is in it."""
        ours = [name for name in os.listdir(self.folder) if _OURS.fullmatch(name)]
        with contextlib.suppress(OSError):
            for name in [*sorted(ours, key=PLAN.__eq__), _LOCK]:
                (self.folder / name).unlink()
            self.folder.rmdir()


def _joined(parts: list[Part]) -> list[Part]:
    """The same replications in as few parts as there can be."""
    runs: list[list[Part]] = []
    for part in sorted(parts, key=lambda part: part.first):
        if runs and runs[-1][-1].last == part.first:
            runs[-1].append(part)
        else:
            runs.append([part])
    found = []
    for run in runs:
        first, last, like = run[0].first, run[-1].last, run[0].tally
        budgets, queries = like.query_covered.shape
        whole = make_tally(last - first, budgets, queries, len(like.chosen)) if len(run) > 1 else like
        for part in run if len(run) > 1 else ():
            whole.add(part.tally, part.first - first, part.last - first)
        found.append(Part(first, last, whole))
    return found
