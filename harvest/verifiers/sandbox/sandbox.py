"""The outside of the sandbox: starts the zygote, hands it programs, and starts another where it died."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from harvest.config import VerifierConfig
from harvest.verifiers.sandbox import jail
from harvest.verifiers.sandbox.calls import make_filter
from harvest.verifiers.sandbox.jailed import Ended, Jailed
from ttcsim.errors import InputError

_ZYGOTE = Path(__file__).with_name("zygote.py")
_INSIDE = Path(__file__).parents[1] / "judge" / "inside.py"
# All of a program's environment. The seed of hashes makes the order of sets the same in every process.
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
}  # fmt: skip
_START_SECONDS = 60
DEFAULT = VerifierConfig()


class Sandbox:
    """Where programs run that nobody has read; one for every verifying process.

    Parameters
    ----------
    config : VerifierConfig
        Its `packages` may be imported by programs.
    inside : Path
        The module whose ``main(read, write)`` a program's process calls, once it is shut in.
    """

    def __init__(self, config: VerifierConfig = DEFAULT, *, inside: Path = _INSIDE) -> None:
        self._config, self._inside = config, inside
        self._zygote: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._facts: dict[str, Any] = {}
        self._folders: list[str] = []
        self._made = 0
        self._work = Path(tempfile.mkdtemp(prefix="harvest-sandbox-"))

    @property
    def facts(self) -> dict[str, Any]:
        """What shuts programs in here."""
        self._running()
        return self._facts

    def start(self, limits: VerifierConfig, *, stdin: bytes = b"") -> Jailed:
        """A program's process, shut in, that waits for messages.

        Raises
        ------
        InputError
            Where programs cannot be shut in on this machine.
        Ended
            With the reason ``sandbox``, where the zygote died twice.
        """
        for _ in range(2):
            with contextlib.suppress(OSError):
                jailed = self._start(limits, stdin)
                if jailed.started():
                    return jailed
                jailed.close()
            self._stop()
        raise Ended(None, "sandbox")

    def _start(self, limits: VerifierConfig, stdin: bytes) -> Jailed:
        control = self._running()
        if not self._folders:
            self._made += 1
            self._folders.append(str(self._made))
            (self._work / str(self._made)).mkdir()
        folder = self._folders.pop()
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        given, out = os.memfd_create("stdin"), os.memfd_create("stdout")
        to_read, to_send = os.pipe()
        from_it, to_write = os.pipe()
        try:
            with open(given, "wb", closefd=False) as filled:
                filled.write(stdin)
            os.lseek(given, 0, os.SEEK_SET)
            job = {"folder": folder, "memory": limits.memory_mb << 20, "file": limits.file_mb << 20}
            jailed = Jailed(limits, ours, (from_it, to_send), out, lambda _: "", lambda: self._empty(folder))
            try:
                socket.send_fds(control, [json.dumps(job).encode()], [its.fileno(), given, out, to_read, to_write])
            except OSError:
                jailed.close()
                raise
        finally:
            its.close()
            for descriptor in (given, to_read, to_write):
                os.close(descriptor)
        return jailed

    def _empty(self, folder: str) -> None:
        shutil.rmtree(self._work / folder, ignore_errors=True)

    def _running(self) -> socket.socket:
        if self._control is None:
            self._launch()
        assert self._control is not None
        return self._control

    def _launch(self) -> None:
        if (version := jail.landlock_version()) < jail.LEAST_LANDLOCK:
            raise InputError(
                f"code cannot be shut in here: the kernel has Landlock version {version}, and {jail.LEAST_LANDLOCK} is "
                "needed (Linux 6.2 with Landlock among its security modules)"
            )
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parent = os.pidfd_open(os.getpid())
        order = {
            "control": its.fileno(), "parent": parent, "work": str(self._work), "inside": str(self._inside),
            "calls": make_filter().hex(), "packages": {}, "readable": [],
        }  # fmt: skip
        with tempfile.TemporaryFile() as orders, tempfile.TemporaryFile() as errors:
            orders.write(json.dumps(order).encode())
            orders.seek(0)
            self._zygote = subprocess.Popen(
                [sys.executable, "-P", "-S", "-B", "-X", "utf8", str(_ZYGOTE)],
                stdin=orders, stdout=subprocess.DEVNULL, stderr=errors, env=_ENVIRONMENT, cwd="/", umask=0o077,
                pass_fds=(its.fileno(), parent), start_new_session=True,
            )  # fmt: skip
            its.close()
            os.close(parent)
            ours.settimeout(_START_SECONDS)
            try:
                said = ours.recv(4096)
            except OSError:
                said = b""
            if not said:
                ours.close()
                self._stop()
                errors.seek(0)
                lines = errors.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
                raise InputError(f"code cannot be shut in here: {lines[-1][:200] if lines else 'its process ended'}")
        ours.settimeout(None)
        self._control = ours
        self._facts = {"bubblewrap": None, "seccomp": True, **json.loads(said)}

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._zygote is not None:
            self._zygote.kill()
            self._zygote.wait()
            self._zygote = None

    def close(self) -> None:
        """Stop, and remove the folder of all programs."""
        self._stop()
        shutil.rmtree(self._work, ignore_errors=True)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
