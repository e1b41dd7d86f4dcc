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
from typing import Any

from harvest.config import VerifierConfig

_TICK = 0.05  # seconds between two looks at what the kernel does not bound
_HEADER = struct.Struct("!I")
_NOT_SHUT_IN = 113  # as in the zygote

REASONS = {
    "finished": "it left with status 0",
    "error": "it left with another status",
    "crash": "a signal of its own ended it",
    "timeout": "its time was over",
    "memory": "the kernel killed it, as it does for want of memory",
    "threads": "it had too many threads",
    "files": "it had too many files, or too much in them",
    "message": "it sent what is no message, or too long a one",
    "sandbox": "it could not be run: not the program's fault, as far as one can see",
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


class Jailed:
    """A program that runs, shut in. As a context manager it is killed at the end, and what it left is removed."""

    def __init__(
        self,
        limits: VerifierConfig,
        own: socket.socket,
        channel: tuple[int, int],
        stdout: int,
        watch: Callable[[Jailed], str],
        clean: Callable[[], None],
    ) -> None:
        self._most = limits.file_mb << 20
        self._own, self._stdout = own, stdout
        self._read, self._write = channel
        self._watch, self._clean = watch, clean
        self._received, self._unsent = bytearray(), bytearray()
        self._ended: Ended | None = None
        self._closed = False
        self.process = -1  # a descriptor of it
        for descriptor in channel:
            os.set_blocking(descriptor, False)

    def started(self) -> bool:
        """Wait until the zygote has forked it."""
        message, descriptors = self._told()
        if descriptors:
            self.process = descriptors[0]
        return "started" in message and self.process >= 0

    def _told(self) -> tuple[dict[str, Any], list[int]]:
        message, descriptors, _, _ = socket.recv_fds(self._own, 4096, 1)
        return (json.loads(message) if message else {}), descriptors

    def send(self, message: bytes) -> None:
        """Send a message. What the program does not take yet is sent while one waits for it."""
        self._unsent += _HEADER.pack(len(message)) + message
        self._flush()

    def _flush(self) -> None:
        try:
            while self._unsent and self._write >= 0:
                del self._unsent[: os.write(self._write, self._unsent[: 1 << 16])]
        except BlockingIOError:
            pass
        except OSError:  # it does not listen any more
            self._unsent.clear()

    def receive(self, timeout: float) -> bytes:
        """Its next message.

        Raises
        ------
        Ended
            Where none comes in that time, or none can come any more; the program is killed then.
        """
        deadline = time.monotonic() + timeout
        while (message := self._message()) is None:
            if self._ended is not None:
                raise self._ended
            if not self._wait(deadline, keep=True):
                raise self._over(deadline)
        return message

    def _message(self) -> bytes | None:
        if len(self._received) < _HEADER.size:
            return None
        (length,) = _HEADER.unpack_from(self._received)
        if length > self._most:
            raise self._kill("message")
        end = _HEADER.size + length
        if len(self._received) < end:
            return None
        message = bytes(self._received[_HEADER.size : end])
        del self._received[:end]
        return message

    def _wait(self, deadline: float, *, keep: bool) -> bool:
        """Until something has come; False where nothing can come any more. Killed at the deadline."""
        waiting = select.poll()
        waiting.register(self._read, select.POLLIN)
        if self._unsent and self._write >= 0:
            waiting.register(self._write, select.POLLOUT)
        ready = waiting.poll(1000 * max(0.0, min(_TICK, deadline - time.monotonic())))
        if not ready:
            if time.monotonic() >= deadline:
                raise self._kill("timeout")
            if reason := self._watch(self):
                raise self._kill(reason)
        for descriptor, _ in ready:
            if descriptor == self._write:
                self._flush()
                continue
            try:
                came = os.read(self._read, 1 << 20)
            except BlockingIOError:
                continue
            if not came:
                return False
            if keep:
                self._received += came
        return True

    def end(self, timeout: float) -> Ended:
        """Close our side of the channel and wait for its end, or kill it."""
        deadline = time.monotonic() + timeout
        try:
            while self._ended is None and self._unsent and self._wait(deadline, keep=False):
                pass
            self._stop_writing()
            while self._ended is None and self._wait(deadline, keep=False):
                pass
        except Ended as ended:
            return ended
        return self._over(deadline)

    def _stop_writing(self) -> None:
        if self._write >= 0:
            os.close(self._write)
            self._write = -1

    def _over(self, deadline: float) -> Ended:
        """It has closed its side: wait for its status."""
        while self._ended is None:
            waiting = select.poll()
            waiting.register(self._own, select.POLLIN)
            if waiting.poll(1000 * max(0.0, min(_TICK, deadline - time.monotonic()))):
                return self._settle("")
            if time.monotonic() >= deadline:
                return self._kill("timeout")
            if reason := self._watch(self):
                return self._kill(reason)
        return self._ended

    def _kill(self, reason: str) -> Ended:
        if self._ended is not None:
            return self._ended
        if self.process >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.process, signal.SIGKILL)
        return self._settle(reason)

    def _settle(self, reason: str) -> Ended:
        """Wait for the status, which comes at once, and say why it ended."""
        if self._ended is not None:
            return self._ended
        try:
            status = self._told()[0].get("status")
        except OSError:
            status = None
        if not reason:
            reason = _why(status)
        self._ended = Ended(status, reason)
        return self._ended

    def output(self) -> bytes:
        """What it has written to its stdout, as far as that is bounded."""
        return os.pread(self._stdout, self._most, 0)

    def close(self) -> None:
        """Kill it where it still runs, and remove what it left."""
        if self._closed:
            return
        self._closed = True
        self._kill("timeout")
        self._stop_writing()
        for descriptor in (self._read, self._stdout, self.process):
            if descriptor >= 0:
                os.close(descriptor)
        self._own.close()
        self._clean()

    def __enter__(self) -> Jailed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _why(status: int | None) -> str:
    if status is None or status == _NOT_SHUT_IN:
        return "sandbox"
    if status == 0:
        return "finished"
    if status > 0:
        return "error"
    return {signal.SIGXCPU: "timeout", signal.SIGKILL: "memory"}.get(signal.Signals(-status), "crash")
