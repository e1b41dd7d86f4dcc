"""Code that policies of the user come from: files as modules of their own, and what a run folder keeps of them."""

from __future__ import annotations

import hashlib
import linecache
import re
import sys
from collections.abc import Iterable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from ttcsim.policies.base import Policy

_TEXTS: dict[str, bytes] = {}
"""What was executed, by name of the module: the file may have been edited since."""


class Source(NamedTuple):
    """Where a policy's class was defined."""

    name: str  # as strings name it: mine.py, or package.module
    path: Path | None
    text: bytes | None

    @property
    def sha256(self) -> str | None:
        """Hash of the text."""
        return None if self.text is None else hashlib.sha256(self.text).hexdigest()


def load_file(path: Path) -> ModuleType:
    """The module in a file, executed once for each text that it has.

    Its name tells files of one name in different folders, and an edited file, from one another.
    """
    path = path.resolve()
    return load_text(path, path.read_bytes())


def load_text(path: Path, text: bytes) -> ModuleType:
    """The module that `load_file` makes of a file with this text, which need not be there."""
    content = hashlib.blake2b(str(path).encode(errors="surrogateescape") + b"\0" + text, digest_size=8).hexdigest()
    name = f"ttcsim_user_{re.sub(r'[^0-9A-Za-z_]', '_', path.stem)}_{content}"
    if name not in sys.modules:
        spec = spec_from_file_location(name, path)
        assert spec is not None  # the name ends in .py
        module = sys.modules[name] = module_from_spec(spec)
        _TEXTS[name] = text
        # What rules read is found in their source, for which `inspect` looks here.
        lines = text.decode(errors="replace").splitlines(keepends=True)
        linecache.cache[str(path)] = len(text), None, lines, str(path)
        try:
            # Not by its loader, whose compiled files take an edit of the same length in the same second for none.
            exec(compile(text, str(path), "exec", dont_inherit=True), module.__dict__)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def module_of(kind: type[Policy]) -> ModuleType | None:
    """The module that a class was defined in."""
    return sys.modules.get(kind.__module__)


def sources(policies: Iterable[Policy]) -> list[Source]:
    """The files and modules that policies come from, those of this package left out, each once."""
    found: dict[str, Source] = {}
    for policy in policies:
        kind = type(policy)
        if kind.__module__.startswith("ttcsim."):
            continue
        name = policy._found().rpartition(":")[0]
        file = getattr(module_of(kind), "__file__", None)
        path = Path(file).resolve() if file else None
        text = _TEXTS.get(kind.__module__)
        if text is None and path is not None and path.is_file():
            text = path.read_bytes()
        found[name] = Source(name, path, text)
    return [*found.values()]
