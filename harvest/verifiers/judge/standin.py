"""Temporary: the interface of Sandbox over a plain subprocess."""

from __future__ import annotations

import os
import selectors
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_START = """
import sys, types
root, read_fd, write_fd = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for name in ("harvest", "harvest.verifiers", "harvest.verifiers.judge"):
    sys.modules[name] = module = types.ModuleType(name)
    module.__path__ = [root + "/" + name.replace(".", "/")]
from harvest.verifiers.judge import inside
inside.main(read_fd, write_fd)
"""


class Ended(Exception):
    def __init__(self, status, reason):
        super().__init__(reason)
        self.status, self.reason = status, reason


class Jailed:
    def __init__(self, limits, stdin):
        self.folder = tempfile.TemporaryDirectory()
        self.given, self.out = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.given.write(stdin)
        self.given.seek(0)
        there, self.w = os.pipe()
        self.r, back = os.pipe()
        root = str(Path(__file__).parents[3])
        self.p = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, root, str(there), str(back)],
            stdin=self.given, stdout=self.out, stderr=subprocess.DEVNULL, pass_fds=(there, back),
            cwd=self.folder.name, env={"PYTHONHASHSEED": "0"},
        )
        os.close(there)
        os.close(back)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.kill()
        self.p.wait()
        for fd in (self.r, self.w):
            if fd >= 0:
                os.close(fd)
        self.given.close()
        self.out.close()
        self.folder.cleanup()

    def send(self, message):
        try:
            left = struct.pack("!I", len(message)) + message
            while left:
                left = left[os.write(self.w, left):]
        except BrokenPipeError:
            pass

    def receive(self, timeout):
        until = time.monotonic() + timeout
        (size,) = struct.unpack("!I", self._exactly(4, until))
        if size > 1 << 26:
            raise Ended(None, "too long a message")
        return self._exactly(size, until)

    def _exactly(self, size, until):
        data = b""
        with selectors.DefaultSelector() as s:
            s.register(self.r, selectors.EVENT_READ)
            while len(data) < size:
                if not s.select(max(0, until - time.monotonic())):
                    self.p.kill()
                    raise Ended(None, "timeout")
                part = os.read(self.r, size - len(data))
                if not part:
                    raise self.end(until - time.monotonic())
                data += part
        return data

    def end(self, timeout):
        if self.w >= 0:
            os.close(self.w)
            self.w = -1
        try:
            status = self.p.wait(timeout)
        except subprocess.TimeoutExpired:
            self.p.kill()
            return Ended(None, "timeout")
        return Ended(status, "exited" if status >= 0 else "killed")

    def output(self):
        self.out.seek(0)
        return self.out.read()


class Sandbox:
    facts: dict = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def start(self, limits, *, stdin=b""):
        return Jailed(limits, stdin)
