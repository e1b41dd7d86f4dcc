"""The outside of the sandbox: starts the zygote, hands it programs, and starts another where it died."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harvest.config import VerifierConfig
from harvest.verifiers.sandbox import jail
from harvest.verifiers.sandbox.bubblewrap import IN_MEMORY, Bubblewrap, find_bubblewrap
from harvest.verifiers.sandbox.calls import make_filter
from harvest.verifiers.sandbox.folder import empty
from harvest.verifiers.sandbox.jailed import Ended, Ends, Jailed
from harvest.verifiers.sandbox.packages import find_packages
from harvest.verifiers.sandbox.watch import FILES, ROOM, THREADS
from ttcsim.errors import InputError

_ZYGOTE = Path(__file__).with_name("zygote.py")
_INSIDE = Path(__file__).parents[1] / "judge" / "inside.py"
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # all that programs see
_SEED = {"PYTHONHASHSEED": "0"}  # makes the order of sets the same in every process
_LIBRARIES = "LD_LIBRARY_PATH"  # some interpreters do not start without it
_START_SECONDS, _LEAVE_SECONDS = 60, 5
_SAY = "code cannot be shut in here: "
DEFAULT = VerifierConfig()


def what_shuts_in(config: VerifierConfig) -> dict[str, Any]:
    """The facts of a sandbox on this machine.

    Raises
    ------
    InputError
        Where programs cannot be shut in.
    """
    with Sandbox(config) as sandbox:
        return sandbox.facts


def describe(facts: Mapping[str, Any]) -> str:
    """One line for people."""
    wrap = f"bubblewrap {facts['bubblewrap']}" if facts["bubblewrap"] else "no bubblewrap (not installed, or it fails)"
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items()) or "no packages"
    return (
        f"Programs are shut in by {wrap}, Landlock {facts['landlock']}, seccomp ({facts['seccomp']}) and limits; "
        f"they have Python {facts['python']}, {packages}"
    )


class _Folder(NamedTuple):
    """A program's folder."""

    name: str
    descriptor: int
    launch: int  # of the zygote that knows it


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
        self._work: str | None = None  # the folder of all programs, where it is not in memory
        self._folder = -1  # the same, as the zygote sees it
        self._clean: list[_Folder] = []  # of programs, empty
        self._made = self._launches = 0
        self._live: dict[Jailed, _Folder] = {}
        self._facts: dict[str, Any] = {}

    @property
    def facts(self) -> dict[str, Any]:
        """What shuts programs in here, for the manifest."""
        self._running()
        return self._facts

    def start(self, limits: VerifierConfig, *, stdin: bytes = b"") -> Jailed:
        """A program's process, shut in, that waits for messages.

        Parameters
        ----------
        limits : VerifierConfig
            Its `memory_mb` and `file_mb` bound the process; time is said where one waits for an answer.
        stdin : bytes
            A file at descriptor 0.

        Raises
        ------
        InputError
            Where programs cannot be shut in on this machine.
        Ended
            With the reason ``sandbox``, where the process could not be started, twice.
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
        job = {"memory": limits.memory_mb << 20, "file": limits.file_mb << 20}
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            folder = self._clean.pop() if self._clean else self._make_folder()
            ours.callback(self._put_back, folder)
            own, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.callback(own.close)
            theirs.callback(its.close)
            given = theirs.enter_context(os.fdopen(os.memfd_create("stdin"), "wb"))
            given.write(stdin)
            given.seek(0)
            stdout = os.memfd_create("stdout")
            ours.callback(os.close, stdout)
            to_read, write = os.pipe()
            theirs.callback(os.close, to_read)
            ours.callback(os.close, write)
            read, to_write = os.pipe()
            theirs.callback(os.close, to_write)
            ours.callback(os.close, read)
            handed = [its.fileno(), given.fileno(), stdout, to_read, to_write]
            socket.send_fds(control, [json.dumps({"folder": folder.name, **job}).encode()], handed)
            ours.pop_all()  # they are the program's from here on
        jailed = Jailed(Ends(own, read, write, stdout, folder.descriptor), job["file"], self._look, self._over)
        self._live[jailed] = folder
        return jailed

    def _make_folder(self) -> _Folder:
        self._made += 1
        name = str(self._made)
        os.mkdir(name, 0o700, dir_fd=self._folder)
        at = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._folder)
        return _Folder(name, at, self._launches)

    def _put_back(self, folder: _Folder) -> None:
        """Use a folder again, unless it cannot be emptied or its zygote is gone."""
        if empty(folder.descriptor) and self._control is not None and folder.launch == self._launches:
            self._clean.append(folder)
        else:
            os.close(folder.descriptor)

    def _look(self) -> None:
        for jailed in list(self._live):
            jailed.look()

    def _over(self, jailed: Jailed) -> None:
        self._put_back(self._live.pop(jailed))

    def _running(self) -> socket.socket:
        if self._control is None:
            self._launch()
        assert self._control is not None
        return self._control

    def _launch(self) -> None:
        version = jail.landlock_version()
        if version < jail.LEAST_LANDLOCK:
            raise InputError(
                f"{_SAY}Landlock is {f'version {version}' if version else 'missing'}, and programs need version "
                f"{jail.LEAST_LANDLOCK} (Linux 6.2 or newer, with landlock in its list of security modules)"
            )
        packages = find_packages(self._config.packages)
        order = {
            "inside": str(self._inside), "calls": make_filter().hex(),
            "origins": packages.origins, "readable": packages.paths, "environment": list(_ENVIRONMENT),
        }  # fmt: skip
        wrap = find_bubblewrap()
        if wrap is not None and self._try(order, wrap):
            wrap = None
        if wrap is None and (said := self._try(order, None)):
            raise InputError(_SAY + said)
        self._facts = {
            "bubblewrap": wrap and wrap.version,
            "landlock": version,
            "seccomp": "allow-list",
            "python": platform.python_version(),
            "packages": packages.versions,
            "threads": THREADS,
            "files": FILES,
            "folder_mb": ROOM * self._config.file_mb,
        }

    def _try(self, order: dict[str, Any], wrap: Bubblewrap | None) -> str:
        """Start a zygote; why it did not, or nothing."""
        try:
            return self._start_zygote(order, wrap)
        except OSError as error:  # no room, no descriptors, or a container that forbids what is needed
            return str(error)

    def _start_zygote(self, order: dict[str, Any], wrap: Bubblewrap | None) -> str:
        environment = {**_ENVIRONMENT, **_SEED}
        if _LIBRARIES in os.environ:
            environment[_LIBRARIES] = os.environ[_LIBRARIES]
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as unless_ready:
            ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            unless_ready.callback(self._stop)
            unless_ready.callback(ours.close)
            theirs.callback(its.close)
            parent = os.pidfd_open(os.getpid())
            theirs.callback(os.close, parent)
            if wrap is None:
                work = self._work = tempfile.mkdtemp(prefix="harvest-sandbox-")
                before = []
            else:
                work, before = IN_MEMORY, wrap.command(ROOM * self._config.file_mb << 20)
            orders, errors = (theirs.enter_context(tempfile.TemporaryFile()) for _ in range(2))
            orders.write(json.dumps({**order, "work": work, "control": its.fileno(), "parent": parent}).encode())
            orders.seek(0)
            self._zygote = subprocess.Popen(
                [*before, *_python(), str(_ZYGOTE)],
                stdin=orders, stdout=subprocess.DEVNULL, stderr=errors, env=environment, cwd="/",
                umask=0o077, pass_fds=(its.fileno(), parent), start_new_session=True,
            )  # fmt: skip
            its.close()  # so that its end is seen here
            ours.settimeout(_START_SECONDS)
            said, descriptors, _, _ = socket.recv_fds(ours, 4096, 1)
            if not said or not descriptors:
                unless_ready.close()  # waits for its end: only then all that it says is written
                errors.seek(0)
                lines = errors.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
                return lines[-1][:300] if lines else "its process ended at once"
            ours.settimeout(None)
            self._control, self._folder = ours, descriptors[0]
            self._launches += 1
            unless_ready.pop_all()
            return ""

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._zygote is not None:
            try:
                self._zygote.wait(_LEAVE_SECONDS)  # it leaves once the socket is closed
            except subprocess.TimeoutExpired:
                os.killpg(self._zygote.pid, signal.SIGKILL)
                self._zygote.wait()
            self._zygote = None
        for folder in self._clean:
            os.close(folder.descriptor)
        self._clean.clear()
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1
        if self._work is not None:
            _remove(self._work)
            self._work = None

    def close(self) -> None:
        """End all programs, and remove their folders."""
        for jailed in list(self._live):
            jailed.close()
        self._stop()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):  # mostly its zygote has removed it
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            empty(folder)
        finally:
            os.close(folder)
        os.rmdir(path)


def _python() -> list[str]:
    """The interpreter, with neither site-packages nor the script's folder to import from, whatever the locale."""
    return [sys.executable, "-S", "-P", "-B", "-X", "utf8"]
