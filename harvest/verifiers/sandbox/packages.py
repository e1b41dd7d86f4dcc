"""The packages that programs may import beside the standard library: where they are, and which files are theirs."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from harvest.config import VerifierConfig
from ttcsim.errors import InputError

_WHERE_INSTALLED = VerifierConfig.model_fields["packages"].default  # nobody asked for these by name


class Packages(NamedTuple):
    """What is installed of those listed."""

    versions: dict[str, str]
    origins: dict[str, str]  # module: its file
    paths: list[str]  # all that is theirs


def find_packages(names: Iterable[str]) -> Packages:
    """Find distributions by name.

    Raises
    ------
    InputError
        Where one that is not listed by default is not installed, or has no modules of its own.
    """
    found = Packages({}, {}, [])
    for name in names:
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if name in _WHERE_INSTALLED:
                continue
            raise InputError(
                f"verifier.packages: '{name}' is not installed here; install it, or take it off the list"
            ) from None
        tops = {Path(str(distribution.locate_file(f.parts[0]))) for f in distribution.files or () if f.parts[0] != ".."}
        own = sorted(top for top in tops if top.name != "__pycache__" and top.suffix != ".pth" and top.exists())
        modules = {_module(top): str(_origin(top)) for top in own if _origin(top).is_file()}
        if not modules:
            raise InputError(
                f"verifier.packages: '{name}' is installed without modules of its own (as an editable install is); "
                "install it whole, or take it off the list"
            )
        found.versions[name] = distribution.version
        found.origins.update(modules)
        found.paths.extend(map(str, own))
    return found


def _module(top: Path) -> str:
    return top.name.partition(".")[0]


def _origin(top: Path) -> Path:
    """The file that is executed on import; one that does not exist where this is no module."""
    if top.is_dir():
        return top / "__init__.py"
    return top if top.suffix in (".py", ".so") else top / "none"
