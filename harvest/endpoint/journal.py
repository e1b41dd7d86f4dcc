"""What a server has sent, kept as soon as it is there: it was paid for, and no part of the harvest holds it yet.

One line an answer, never changed: a checksum and JSON. A line that a kill or a power cut left unfinished is dropped,
and what it held is asked for again.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from harvest.store import clear_errors

_EVERY = 1.0  # seconds between two syncs: what is written outlives a kill at once, and a power cut after that


class Journal:
    """Answers by the samples that they hold.

    Parameters
    ----------
    path : Path
        The file; it is made, or gone on with.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at: dict[str, int] = {}  # of each sample, where its line begins
        self._synced = time.monotonic()
        with clear_errors(path):
            self._file: BinaryIO = open(path, "a+b", buffering=0)  # noqa: SIM115 (closed by `close`)

    def read(self) -> Iterator[dict[str, Any]]:
        """Every answer that is kept; afterwards `find` knows the samples in them."""
        at = 0
        with clear_errors(self._path), self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    os.truncate(self._path, at)
                    return
                answer = _parsed(line)
                if answer is not None:
                    self._at.update(dict.fromkeys(answer["samples"], at))
                    yield answer
                at += len(line)

    def find(self, sample: str) -> Any:
        """What is kept of a sample; None where nothing is."""
        at = self._at.get(sample)
        if at is None:
            return None
        with clear_errors(self._path), self._path.open("rb") as lines:
            lines.seek(at)
            answer = _parsed(lines.readline())
        return None if answer is None else answer["samples"].get(sample)

    def keep(self, answer: dict[str, Any]) -> None:
        """Keep an answer; ``answer["samples"]`` has its samples by name."""
        line = json.dumps(answer, separators=(",", ":")).encode()
        with clear_errors(self._path):
            content = b"%08x %b\n" % (zlib.crc32(line), line)
            while content:
                content = content[self._file.write(content) :]
            if time.monotonic() - self._synced >= _EVERY:
                self.sync()

    def sync(self) -> None:
        """Have the disk hold what is written."""
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync and close the file."""
        with clear_errors(self._path):
            if not self._file.closed:
                self.sync()
                self._file.close()


def _parsed(line: bytes) -> dict[str, Any] | None:
    """An answer; None of a line that is damaged."""
    checksum, _, content = line.rstrip(b"\n").partition(b" ")
    try:
        if int(checksum, 16) != zlib.crc32(content):
            return None
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) and isinstance(answer.get("samples"), dict) else None
