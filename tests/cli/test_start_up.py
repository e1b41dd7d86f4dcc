"""What starting costs: nothing heavy is loaded before it is needed. Timings are in benchmarks/start_up.py."""

import ast
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import commands
import pytest

import ttcsim

HEAVY = {"numba", "scipy", "scipy.stats", "polars", "matplotlib", "numpy", "jinja2", "vl_convert"}
ROOT = Path(__file__).parents[2]


def loaded(code):
    return commands.loaded(code, HEAVY)


@pytest.mark.parametrize("module", ["ttcsim", "ttcsim.grammar", "ttcsim.cli", "ttcsim.report"])
def test_importing_loads_nothing_heavy(module):
    assert loaded(f"import {module}")[0] == set()


def test_a_name_is_loaded_on_first_use():
    found, _, _ = loaded("import ttcsim; pool = ttcsim.Pool")
    assert {"numpy", "polars"} <= found and "matplotlib" not in found
    found, _, _ = loaded("import ttcsim; ttcsim.sweep('builtin:smollm2-arithmetic', ['uniform'], [1], reps=2)")
    assert "numba" in found and not {"matplotlib", "scipy.stats"} & found
    assert "scipy.stats" not in loaded("import ttcsim.guarantees, ttcsim.report.page.page")[0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--help", "Replay policies on a pool"),
        ("sweep --help", "--skip-unfit"),
        ("pool --help", "Make a synthetic pool"),
        ("pool import --help", "lm-eval"),
        ("strategies optimal --help", "--charge"),
        ("sweep", ""),
        ("nonsense", ""),
    ],
)
def test_help_and_usage_errors_load_nothing_heavy(arguments, says):
    found, output, done = loaded(f"sys.argv = ['x', *{arguments.split()}]; from ttcsim.cli import main; main()")
    assert found == set()
    assert says in output
    assert done.returncode == (0 if says else 2)
    assert len(done.stderr.splitlines()) == (0 if says else 1)


def test_every_public_name_is_in_all_three_lists():
    tree = ast.parse((ROOT / "ttcsim" / "__init__.py").read_text())
    (block,) = [node for node in tree.body if isinstance(node, ast.If) and isinstance(node.test, ast.Name)]
    typed = {(node.module, alias.name) for node in block.body for alias in node.names}
    assert typed == {(place, name) for place, names in ttcsim._PLACES.items() for name in names}
    assert sorted({name for _, name in typed} | {"InputError"}) == sorted(ttcsim.__all__)
    for place, name in typed:
        assert getattr(ttcsim, name) is getattr(import_module(place), name)
    assert set(ttcsim.__all__) <= set(dir(ttcsim))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = ttcsim.nonsense


def test_the_script_and_the_module_are_the_same():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, name = scripts["ttcsim"].partition(":")
    code = f"import sys; from {module} import {name}; sys.argv[0] = '/bin/ttcsim'; {name}()"
    by_script = [sys.executable, "-c", code]
    by_module = [sys.executable, "-m", "ttcsim"]
    for arguments in (["pool", "--help"], ["check"], ["--version"], []):
        ends = [subprocess.run([*way, *arguments], capture_output=True, text=True) for way in (by_script, by_module)]
        assert len({(end.returncode, end.stdout, end.stderr) for end in ends}) == 1
        assert "python -m" not in ends[0].stdout
    assert ends[0].returncode in (0, 2) and ends[0].stderr == ""  # 0 or 2 by the version of click; the help says it all
