"""A clean process that has imported what programs need, is jailed, and forks one child a program. Runs inside.

It is started by its path, with nothing of the package importable but the files that run inside; descriptor 0 holds its
orders as JSON. On the control socket it says once that it is ready, with a descriptor of the folder of all programs.
Then it gets one message a program, {folder, memory, file}, with five descriptors: the program's own socket, stdin,
stdout and the two ends of its channel. On the program's socket it answers {started} with a descriptor of the process,
and {status} once that has ended. Programs themselves never pass through its memory, so that none finds another's there.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib.util
import json
import os
import random
import select
import signal
import site
import socket
import sys
import types
from collections.abc import Sequence
from typing import Any

_HARVEST = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_CHANNEL = (3, 4)  # where a program's process reads and writes its messages
_TRIED, _SHUT_IN = 1 << 30, "shut in"  # where the jail is tried: bytes of memory, and what is said if it is one
_PRELUDE = """
bisect builtins collections copy dataclasses datetime decimal enum fractions functools heapq io itertools json math
operator queue random re statistics string struct sys time traceback typing
""".split()  # noqa: SIM905


def _importable() -> None:
    """Makes the package's files importable by their names without what its ``__init__`` files would load."""
    for name in ("harvest", "harvest.verifiers", "harvest.verifiers.sandbox", "harvest.verifiers.judge"):
        package = types.ModuleType(name)
        package.__path__ = [os.path.join(os.path.dirname(_HARVEST), *name.split("."))]
        sys.modules[name] = package


_importable()

from harvest.verifiers.sandbox import folder, jail, readable, trial  # noqa: E402


class _Packages:
    """Finds the listed packages, beside which nothing in their folder can be listed or read."""

    def __init__(self, origins: dict[str, str]) -> None:
        self._origins = origins

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        origin = self._origins.get(name)
        if origin is None:
            return None
        within = [os.path.dirname(origin)] if os.path.basename(origin) == "__init__.py" else None
        return importlib.util.spec_from_file_location(name, origin, submodule_search_locations=within)


class Zygote:
    """The loop, and what it knows of its children."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._control = socket.socket(fileno=order["control"])
        self._parent: int = order["parent"]
        self._own = os.getpid()
        self._work: str = order["work"]
        self._folder = os.open(self._work, os.O_RDONLY | os.O_DIRECTORY)
        self._calls = bytes.fromhex(order["calls"])
        self._children: dict[int, tuple[int, socket.socket]] = {}  # by descriptor: process id, the program's socket
        self._rulesets: dict[str, int] = {}  # by folder
        self._inside = _load(order["inside"])
        sys.meta_path.append(_Packages(order["origins"]))
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as badness:
            badness.write("500")  # where memory ends, programs go before the harvest
        own = readable.interpreter()
        self._readable = [*own, *order["readable"], *readable.libraries([*own, *order["readable"]])]
        sys.path_importer_cache.clear()
        importlib.util.find_spec("none_of_this_name")  # lists the folders of modules while they can be listed
        jail.drop_privileges()
        jail.shut_files(jail.files(self._readable, self._work, os.path.dirname(self._work)))

    def serve(self) -> None:
        """Until the parent is gone, or has closed the control socket."""
        gc.collect()
        gc.freeze()  # children share this memory as long as nobody writes to it
        socket.send_fds(self._control, [json.dumps({"landlock": jail.landlock_version()}).encode()], [self._folder])
        watched = select.poll()
        watched.register(self._control, select.POLLIN)
        watched.register(self._parent, select.POLLIN)  # readable once it is gone, whichever of its threads it was
        while True:
            for descriptor, _ in watched.poll():
                if descriptor == self._parent:
                    return
                if descriptor in self._children:
                    watched.unregister(descriptor)
                    self._report(descriptor)
                elif (started := self._start()) is None:
                    return
                elif started >= 0:
                    watched.register(started, select.POLLIN)

    def leave(self) -> None:
        """With all children, and without what they left."""
        for child, _ in self._children.values():
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
        folder.empty(self._folder)
        with contextlib.suppress(OSError):  # in memory it goes with this process
            os.rmdir(self._work)
        os._exit(0)

    def _start(self) -> int | None:
        """Start a program: a descriptor of its process, -1 where it could not be, None where nothing more comes."""
        message, descriptors, _, _ = socket.recv_fds(self._control, 4096, 5)
        if not message:
            return None
        own = None
        try:
            own = socket.socket(fileno=os.dup(descriptors[0]))
            job = json.loads(message)
            ruleset = self._ruleset(job["folder"])
            child = os.fork()
            if child == 0:
                self._run(job, ruleset, descriptors[1:])
            process = os.pidfd_open(child)
        except (OSError, IndexError):  # no more descriptors, processes or memory: the outside tries once more
            if own is not None:
                own.close()
            return -1
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        self._children[process] = child, own
        _tell(own, {"started": True}, process)
        return process

    def _ruleset(self, name: str) -> int:
        if name not in self._rulesets:
            self._rulesets[name] = jail.files(self._readable, os.path.join(self._work, name))
        return self._rulesets[name]

    def _report(self, process: int) -> None:
        child, own = self._children.pop(process)
        _tell(own, {"status": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])})
        own.close()
        os.close(process)

    def _run(self, job: dict[str, Any], ruleset: int, descriptors: Sequence[int]) -> None:
        """In the child: shut in further, and hand over. Does not return."""
        status = jail.NOT_SHUT_IN
        try:
            self._shut_in(job, ruleset, descriptors)
            for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w")):
                stream = open(number, mode, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
                setattr(sys, name, stream)
                setattr(sys, f"__{name}__", stream)
            signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the harvest's processes do about it
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            random.seed(0)  # forking has seeded it anew; programs draw the same numbers every time
            status = 1
            self._inside.main(*_CHANNEL)
            sys.stdout.flush()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            os._exit(status & 255)

    def _shut_in(self, job: dict[str, Any], ruleset: int, descriptors: Sequence[int]) -> None:
        jail.die_with(self._own)
        os.chdir(os.path.join(self._work, job["folder"]))
        # In two steps: those received may bear the numbers that they are to have.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64) for fd in (*descriptors, ruleset)]
        for given, number in zip(high, (0, 1, *_CHANNEL), strict=False):
            os.dup2(given, number, inheritable=False)
        jail.shut_files(high[-1])
        os.closerange(max(_CHANNEL) + 1, 1 << 20)
        jail.limit(job["memory"], job["file"])
        jail.shut_calls(self._calls)

    def try_it(self) -> str:
        """Shut a child in, have it try what must fail and what must not; what came out otherwise, or nothing."""
        name = "tried"
        os.mkdir(os.path.join(self._work, name))
        nothing = os.open(os.devnull, os.O_RDWR)
        read, write = os.pipe()
        ruleset = self._ruleset(name)
        child = os.fork()
        if child == 0:
            said = "cannot be shut in"
            try:
                job = {"folder": name, "memory": _TRIED, "file": 1 << 20}
                self._shut_in(job, ruleset, [nothing, nothing, nothing, write])
                said = trial.attempts(self._work, self._own, _TRIED) or _SHUT_IN
            except BaseException as error:
                said = f"{said} ({type(error).__name__}: {error})"
            os.write(_CHANNEL[1], said.encode("utf-8", "replace")[:1000])
            os._exit(0)
        os.close(write)
        os.close(nothing)
        with open(read, "rb") as out:
            said = out.read().decode()
        os.waitpid(child, 0)
        os.close(self._rulesets.pop(name))
        folder.empty(self._folder)
        return "" if said == _SHUT_IN else said or "it was ended"


def _load(path: str) -> types.ModuleType:
    for name in _PRELUDE:
        importlib.import_module(name)
    spec = importlib.util.spec_from_file_location("inside", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["inside"] = module
    spec.loader.exec_module(module)
    return module


def _tell(own: socket.socket, message: dict[str, Any], *descriptors: int) -> None:
    with contextlib.suppress(OSError):  # nobody waits for it any more
        socket.send_fds(own, [json.dumps(message).encode()], list(descriptors))


def main() -> None:
    """Take the orders, be jailed, serve."""
    with open(0, encoding="utf-8", closefd=False) as given:
        order = json.load(given)
    site.setquit()  # `exit` and `quit`, which programs use
    sys.argv = ["program.py"]
    for name in set(os.environ) - set(order["environment"]):  # of this process's own start
        del os.environ[name]
    zygote = Zygote(order)
    if said := zygote.try_it():
        sys.exit(f"tried, {said}")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    zygote.serve()
    zygote.leave()


if __name__ == "__main__":
    main()
