"""Lists of things that have a file each: a new one takes its file and one line in a list."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any


def collect(package: str, attribute: str, files: Sequence[str]) -> tuple[Any, ...]:
    """What the modules `files` of `package` call `attribute`, in this order."""
    return tuple(getattr(import_module(f"{package}.{file}"), attribute) for file in files)
