"""Whether this installation works, and a pool can be replayed: facts for those who report a fault, and how to mend one.

Nothing that could be broken is imported before it is looked at, so that this runs where nothing else does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module

from ttcsim.doctor.line import OK as OK
from ttcsim.doctor.line import PROBLEM as PROBLEM
from ttcsim.doctor.line import WARNING as WARNING
from ttcsim.doctor.line import Line as Line

_FILES = ("versions", "machine", "kernels")


def examine(pool: str | None = None) -> Iterator[Line]:
    """Look at the installation, the machine, the kernels and, where one is given, a pool: each as soon as it is known.

    The kernels of two policies are compiled, where they are not, and replayed.
    """
    for file in _FILES:
        yield from _looked(file, lambda file=file: import_module(f"{__name__}.{file}").look())  # type: ignore[misc]
    if pool is not None:
        yield from _looked("pool", lambda: import_module(f"{__name__}.pools").look(pool))


def _looked(subject: str, look: Callable[[], Iterable[Line]]) -> Iterator[Line]:
    """What is found, up to whatever goes wrong while looking."""
    try:
        yield from look()
    except Exception as error:  # of whatever is broken: saying which is what this is for
        yield Line(subject, PROBLEM, f"looking at it failed: {type(error).__name__}: {error}", "report this line")
