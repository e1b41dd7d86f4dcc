"""One jailed program, seen from outside: its channel, its end and its output."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from harvest.verifiers.sandbox.jail import NOT_SHUT_IN
from harvest.verifiers.sandbox.watch import TICK, Watch

_HEADER = struct.Struct("!I")
_AT_ONCE = 1 << 16
_SOON = 60  # seconds within which a zygote that lives answers, however busy the machine

REASONS = {
    "finished": "it left with status 0",
    "error": "it left with another status",
    "crash": "a signal of its own ended it",
    "timeout": "its time was over",
    "killed": "by the kernel, as it does for want of memory, or by itself",
    "threads": "it had too many threads",
    "files": "it had too many files, or too much in them",
    "message": "it sent what is no message, or too long a one",
    "sandbox": "it could not be run, or lost the process that had started it",
}


class Ended(Exception):
    """How a jailed program ended: a value, and what is raised where it should have answered.

    Attributes
    ----------
    status : int or None
        Its exit status, or minus the signal that ended it; None where nobody knows.
    reason : str
        One of `REASONS`.
    """

    def __init__(self, status: int | None, reason: str) -> None:
        super().__init__(status, reason)
        self.status, self.reason = status, reason


class Ends(NamedTuple):
    """Our ends of what a program is given."""

    own: socket.socket  # where the zygote says that it has started, and how it ended
    read: int
    write: int
    stdout: int
    folder: int


class Jailed:
    """A program that runs, shut in. As a context manager it is killed at the end, and what it left is removed.

    Parameters
    ----------
    most : int
        Bytes of its longest message, of its output, and of each of its files.
    look : callable
        Has all programs of the sandbox looked at: one that nobody waits for must not grow either.
    clean : callable
        Called once it is dead.
    """

    def __init__(self, ends: Ends, most: int, look: Callable[[], None], clean: Callable[[Jailed], None]) -> None:
        self._ends, self._most = ends, most
        self._look_at_all, self._clean = look, clean
        self._write = ends.write
        self._received, self._unsent = bytearray(), bytearray()
        self._ended: Ended | None = None
        self._closed = False
        self._process = -1  # a descriptor of it
        self._watch: Watch | None = None
        self._looked = 0.0
        ends.own.settimeout(_SOON)
        os.set_blocking(ends.read, False)
        os.set_blocking(ends.write, False)

    def started(self) -> bool:
        """Wait until the zygote has forked it; whether it has."""
        message, descriptors = self._told()
        if "started" not in message or not descriptors:
            return False
        self._process = descriptors[0]
        self._watch = Watch(self._process, self._ends.folder, self._most)
        return True

    @property
    def number(self) -> int:
        """Its process id, as seen from outside."""
        return self._watch.number if self._watch is not None else -1

    def send(self, message: bytes) -> None:
        """Send a message. Never waits: what the program does not take yet is sent while one waits for its answer."""
        self._unsent += _HEADER.pack(len(message)) + message
        self._flush()

    def receive(self, timeout: float) -> bytes:
        """Its next message.

        Raises
        ------
        Ended
            Where none comes in that time, or none can come any more; the program is killed then.
        """
        deadline = self._begin(timeout)
        while (message := self._message()) is None:
            if self._ended is not None:
                raise self._ended
            if not self._exchange(deadline, keep=True):
                raise self._wait(deadline)
        return message

    def end(self, timeout: float) -> Ended:
        """Close our side of the channel, wait for it to end, or kill it; what it still says is not heard."""
        deadline = self._begin(timeout)
        open_ = True
        while open_ and self._ended is None:
            if not self._unsent:
                self._stop_writing()
            open_ = self._exchange(deadline, keep=False)
        self._stop_writing()
        return self._wait(deadline)

    def output(self) -> bytes:
        """What it has written to its stdout, which is bounded."""
        return os.pread(self._ends.stdout, self._most, 0)

    def close(self) -> None:
        """Kill it where it still runs, and remove what it left."""
        if self._closed:
            return
        self._closed = True
        self._kill("timeout")
        self._stop_writing()
        for descriptor in (self._ends.read, self._ends.stdout, self._process):
            if descriptor >= 0:
                os.close(descriptor)
        self._ends.own.close()
        self._clean(self)

    def __enter__(self) -> Jailed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def look(self) -> None:
        """Kill it where it has too much of what the kernel does not bound."""
        if self._watch is not None and self._ended is None and (fault := self._watch.fault()):
            self._kill(fault)

    def _begin(self, seconds: float) -> float:
        if self._watch is not None and self._ended is None:
            self._watch.begin(seconds)
        return time.monotonic() + seconds

    def _tick(self, deadline: float) -> None:
        """What is due whether or not the program keeps us busy."""
        now = time.monotonic()
        if now >= deadline:
            self._kill("timeout")
        elif now >= self._looked + TICK:
            self._looked = now
            self._look_at_all()

    def _message(self) -> bytes | None:
        if len(self._received) < _HEADER.size:
            return None
        (length,) = _HEADER.unpack_from(self._received)
        if length > self._most:
            self._received.clear()
            raise self._kill("message")
        end = _HEADER.size + length
        if len(self._received) < end:
            return None
        message = bytes(self._received[_HEADER.size : end])
        del self._received[:end]
        return message

    def _exchange(self, deadline: float, *, keep: bool) -> bool:
        """Send and receive what can be; False once nothing more can come."""
        waiting = select.poll()
        waiting.register(self._ends.read, select.POLLIN)
        if self._unsent and self._write >= 0:
            waiting.register(self._write, select.POLLOUT)
        ready = waiting.poll(_milliseconds(deadline))
        self._tick(deadline)
        for descriptor, _ in ready:
            if descriptor == self._write:
                self._flush()
                continue
            with contextlib.suppress(BlockingIOError):
                came = os.read(self._ends.read, 1 << 20)
                if not came:
                    return False
                if keep:
                    self._received += came
        return True

    def _flush(self) -> None:
        try:
            while self._unsent and self._write >= 0:
                del self._unsent[: os.write(self._write, self._unsent[:_AT_ONCE])]
        except BlockingIOError:
            pass
        except OSError:  # it does not listen any more
            self._unsent.clear()

    def _stop_writing(self) -> None:
        if self._write >= 0:
            os.close(self._write)
            self._write = -1

    def _wait(self, deadline: float) -> Ended:
        """It says nothing more: how it ends."""
        waiting = select.poll()
        waiting.register(self._ends.own, select.POLLIN)
        while self._ended is None:
            if waiting.poll(_milliseconds(deadline)):
                self._settle()
            else:
                self._tick(deadline)
        return self._ended

    def _kill(self, reason: str) -> Ended:
        if self._ended is None:
            if self._process >= 0:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._process, signal.SIGKILL)
            self._settle(reason)
        assert self._ended is not None
        return self._ended

    def _settle(self, reason: str = "") -> None:
        """Its status, which comes at once, and why it ended."""
        status = self._told()[0].get("status")
        self._ended = Ended(status, reason or _why(status))

    def _told(self) -> tuple[dict[str, Any], list[int]]:
        """The next message of the zygote; an empty one where it is gone."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self._ends.own, 4096, 1)
        except OSError:
            return {}, []
        return (json.loads(message) if message else {}), descriptors


def _milliseconds(deadline: float) -> float:
    return 1000 * max(0.0, min(TICK, deadline - time.monotonic()))


def _why(status: int | None) -> str:
    if status is None or status == NOT_SHUT_IN:
        return "sandbox"
    if status == 0:
        return "finished"
    if status > 0:
        return "error"
    return {-signal.SIGXCPU: "timeout", -signal.SIGKILL: "killed"}.get(status, "crash")
