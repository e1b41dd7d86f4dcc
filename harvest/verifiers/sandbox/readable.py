"""What Python has to read: the interpreter's own files and the shared libraries they need. Runs inside."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Iterator

_FOREIGN = ("site-packages", "dist-packages")  # other people's, which may lie within the standard library's folder
_OF_THE_SYSTEM = ("/dev/urandom", "/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo")


def interpreter() -> list[str]:
    """The standard library, entry by entry, and what of the system it reads."""
    found = [*_OF_THE_SYSTEM]
    for folder in sys.path:
        if os.path.isdir(folder):
            found += (entry.path for entry in os.scandir(folder) if entry.name not in _FOREIGN)
        else:
            found.append(folder)
    return found


def libraries(paths: Iterable[str]) -> list[str]:
    """The shared libraries that extension modules under these paths need, and libc later: found by loading them."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            for module in ("libgcc_s.so.1", *_extensions(paths)):
                try:
                    ctypes.CDLL(module)
                except OSError:  # one that needs what is not installed: no program can import it either
                    continue
            with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
                mapped = {line.split(maxsplit=5)[5].rstrip("\n") for line in maps if line.count("/")}
            with open(write, "w", encoding="utf-8", errors="surrogateescape") as out:
                out.write("\n".join(sorted(path for path in mapped if ".so" in os.path.basename(path))))
        finally:
            os._exit(0)
    os.close(write)
    with open(read, encoding="utf-8", errors="surrogateescape") as out:
        found = out.read().splitlines()
    os.waitpid(child, 0)
    return found


def _extensions(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        if os.path.isdir(path):
            for folder, _, names in os.walk(path):
                yield from (os.path.join(folder, name) for name in names if name.endswith(".so"))
        elif path.endswith(".so"):
            yield path
