"""Nothing imports upwards: the folders of the package in the order of the data's way, and harvest beside it."""

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "ttcsim"
STREET = (
    ("container", "errors"),
    ("deprecation", "grammar", "notebook", "registry", "room"),
    ("compiled",),
    ("pool",),
    ("policies",),
    ("engine",),
    ("theory",),
    ("statistics",),
    ("plot",),
    ("replay",),
    ("strategies", "guarantees", "choosing", "adapters"),
    ("report",),
    ("",),  # ttcsim/__init__.py: the public names
    ("doctor",),
    ("cli",),
    ("__main__",),
)
FLOOR = {folder: floor for floor, folders in enumerate(STREET) for folder in folders}


def folder_of(path):
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


def checked_only_by_types(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def imports(node):
    """(line, folder) of everything imported from the package, also inside functions; not what only mypy reads."""
    for child in ast.iter_child_nodes(node):
        if checked_only_by_types(child):
            continue
        names = []
        if isinstance(child, ast.Import):
            names = [alias.name for alias in child.names]
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            module = child.module or ""
            inside = [alias.name for alias in child.names if alias.name in FLOOR and module == "ttcsim"]
            names = [f"ttcsim.{name}" for name in inside] or [module]
        for name in names:
            if name.split(".")[0] == "ttcsim":
                yield child.lineno, (name.split(".")[1:] or [""])[0]
        yield from imports(child)


FILES = sorted(HOUSE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_nothing_imports_upwards(path):
    own = folder_of(path)
    assert own in FLOOR, f"{own} has no place in the street"
    for line, other in imports(ast.parse(path.read_text())):
        assert other in FLOOR, f"{path.name}:{line} imports ttcsim.{other}, which has no place in the street"
        below = FLOOR[other] < FLOOR[own]
        assert below or other == own, f"{path.relative_to(HOUSE)}:{line} imports ttcsim.{other}, which is not below it"


def test_the_walk_sees_lazy_imports_and_skips_those_for_types():
    source = """
from typing import TYPE_CHECKING
import ttcsim
from ttcsim import cli
from ttcsim.pool.files import load
if TYPE_CHECKING:
    from ttcsim.report import page
def f():
    from ttcsim.replay import sweep
"""
    assert [folder for _, folder in imports(ast.parse(source))] == ["", "cli", "pool", "replay"]
