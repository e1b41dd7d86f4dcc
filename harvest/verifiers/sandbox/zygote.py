"""A clean process that has imported what programs need, is jailed, and forks one child a program. Runs inside.

It is started by its path, with nothing of the package importable but the files that run inside; descriptor 0 holds its
orders as JSON. On the control socket it gets one message a program, {folder, memory, file} with five descriptors: the
program's own socket, stdin, stdout and the two ends of its channel. On the program's socket it answers {started} with a
descriptor of the process, and {status} once that has ended. Programs themselves never pass through its memory.
"""

from __future__ import annotations

import contextlib
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
from typing import Any

_HARVEST = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_CHANNEL = (3, 4)  # where a program's child reads and writes its messages
NOT_SHUT_IN = 113  # exit status of a child that could not be shut in, and has run nothing
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

from harvest.verifiers.sandbox import jail, readable  # noqa: E402


class _Packages:
    """Finds the listed packages, of which nothing else in their folder can be listed or read."""

    def __init__(self, packages: dict[str, str]) -> None:
        self._packages = packages

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self._packages:
            return None
        origin = self._packages[name]
        within = [os.path.dirname(origin)] if os.path.basename(origin) == "__init__.py" else None
        return importlib.util.spec_from_file_location(name, origin, submodule_search_locations=within)


class Zygote:
    """The loop, and what it knows of its children."""

    def __init__(self, order: dict[str, Any], control: socket.socket, parent: int) -> None:
        self._control, self._parent = control, parent
        self._own = os.getpid()
        self._children: dict[int, tuple[int, socket.socket]] = {}  # by descriptor: process id, the program's socket
        self._rulesets: dict[str, int] = {}  # by folder
        self._work: str = order["work"]
        self._calls = bytes.fromhex(order["calls"])
        sys.meta_path.append(_Packages(order["packages"]))
        for name in _PRELUDE:
            importlib.import_module(name)
        spec = importlib.util.spec_from_file_location("inside", order["inside"])
        assert spec is not None and spec.loader is not None
        self._inside = importlib.util.module_from_spec(spec)
        sys.modules["inside"] = self._inside
        spec.loader.exec_module(self._inside)
        own = readable.interpreter()
        self._readable = [*own, *order["readable"], *readable.libraries([*own, *order["readable"]])]
        for folder in sys.path:
            sys.path_importer_cache.pop(folder, None)
        importlib.util.find_spec("none_of_this_name")  # lists the folders of modules while that is allowed
        self._shut_in()

    def _shut_in(self) -> None:
        jail.drop_privileges()
        ruleset = jail.files(self._readable, self._work)
        jail.shut_files(ruleset)
        os.close(ruleset)

    def serve(self) -> None:
        """Until the parent is gone, or has closed the control socket."""
        gc.collect()
        gc.freeze()
        watched = select.poll()
        watched.register(self._control, select.POLLIN)
        watched.register(self._parent, select.POLLIN)
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

    def _start(self) -> int | None:
        """Start a program; its process as a descriptor, -1 where it could not be, None where nothing more comes."""
        message, descriptors, _, _ = socket.recv_fds(self._control, 4096, 5)
        if not message:
            return None
        try:
            if len(descriptors) < 5:
                return -1
            job = json.loads(message)
            own = socket.socket(fileno=os.dup(descriptors[0]))
            try:
                ruleset = self._ruleset(job["folder"])
                child = os.fork()
            except OSError as error:
                own.send(json.dumps({"failed": error.strerror}).encode())
                own.close()
                return -1
            if child == 0:
                self._run(job, ruleset, descriptors)
            process = os.pidfd_open(child)
            self._children[process] = child, own
            _tell(own, {"started": child}, process)
            return process
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _ruleset(self, folder: str) -> int:
        if folder not in self._rulesets:
            self._rulesets[folder] = jail.files(self._readable, os.path.join(self._work, folder))
        return self._rulesets[folder]

    def _report(self, process: int) -> None:
        child, own = self._children.pop(process)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        _tell(own, {"status": status})
        own.close()
        os.close(process)

    def _run(self, job: dict[str, Any], ruleset: int, descriptors: list[int]) -> None:
        """In the child: shut in further, and hand over. Does not return."""
        status = NOT_SHUT_IN
        try:
            jail.die_with(self._own)
            os.chdir(os.path.join(self._work, job["folder"]))
            # In two steps: those received may bear the numbers that they are to have.
            high = [os.dup2(fd, 64 + at, inheritable=False) for at, fd in enumerate([*descriptors[1:], ruleset])]
            stdin, stdout, *channel, ruleset = high
            for given, number in zip((stdin, stdout, *channel), (0, 1, *_CHANNEL), strict=True):
                os.dup2(given, number, inheritable=False)
            jail.shut_files(ruleset)
            os.closerange(max(_CHANNEL) + 1, 1 << 20)
            jail.limit(job["memory"], job["file"])
            jail.shut_calls(self._calls)
            for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w")):
                stream = open(number, mode, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
                setattr(sys, name, stream)
                setattr(sys, f"__{name}__", stream)
            random.seed(0)  # forking seeded it anew
            status = 1
            self._inside.main(*_CHANNEL)
            sys.stdout.flush()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            os._exit(status & 255)


def _tell(own: socket.socket, message: dict[str, Any], *descriptors: int) -> None:
    with contextlib.suppress(OSError):  # nobody waits for it any more
        socket.send_fds(own, [json.dumps(message).encode()], list(descriptors))


def main() -> None:
    """Take the orders, be jailed, say so, serve."""
    with open(0, encoding="utf-8", closefd=False) as given:
        order = json.load(given)
    control = socket.socket(fileno=order["control"])
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's matter
    site.setquit()
    site.sethelper()
    sys.argv = ["program.py"]
    zygote = Zygote(order, control, order["parent"])
    control.send(json.dumps({"landlock": jail.landlock_version()}).encode())
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.close(nothing)
    zygote.serve()
    os._exit(0)


if __name__ == "__main__":
    main()
