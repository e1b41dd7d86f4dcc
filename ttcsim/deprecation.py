"""Old names, which go on working for a while and say once what to use instead: see docs/deprecation.md."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

Owner = TypeVar("Owner")
Given = ParamSpec("Given")
Returned = TypeVar("Returned")


class Old(NamedTuple):
    """A name that goes, what to use instead, and the first version without it."""

    name: str
    instead: str
    gone: str


OLD: dict[str, Old] = {}
"""Every old name that still works, for the tests and the documents."""
_told: set[str] = set()


def renamed(name: str, method: Callable[Concatenate[Owner, Given], Returned], *, gone: str) -> Callable[
    Concatenate[Owner, Given], Returned
]:  # fmt: skip
    """A method under its old name: it does the same, and its first use in a process warns.

    Parameters
    ----------
    name : str
        As users write it, with its class: ``Pool.reward``.
    gone : str
        The first version that does not have it any more.
    """
    old = OLD[name] = Old(name, method.__qualname__, gone)

    @functools.wraps(method)
    def by_old_name(self: Owner, /, *arguments: Given.args, **named: Given.kwargs) -> Returned:
        warn(old, stacklevel=3)
        return method(self, *arguments, **named)

    by_old_name.__doc__ = f"Old name of `{old.instead}`; it goes in version {gone}."
    return by_old_name


def warn(old: Old, *, stacklevel: int = 2) -> None:
    """Say once a process that a name goes.

    A `FutureWarning`: those who read it run scripts and notebooks, in which Python hides a `DeprecationWarning` that
    comes of an imported module.
    """
    if old.name not in _told:
        _told.add(old.name)
        warnings.warn(
            f"{old.name} is called {old.instead} now, and goes in version {old.gone}", FutureWarning,
            stacklevel=stacklevel,
        )  # fmt: skip
