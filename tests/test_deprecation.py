"""Old names work as the new ones do, say so once, and go when it was said that they go."""

import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import ttcsim
from ttcsim import deprecation

TOLD = (Path(__file__).parents[1] / "docs" / "deprecation.md").read_text()


@pytest.fixture
def untold(monkeypatch):
    """As in a process that has used no old name."""
    monkeypatch.setattr(deprecation, "_told", set())


@pytest.fixture(scope="module")
def result():
    return ttcsim.sweep("builtin:smollm2-arithmetic", ["uniform"], [1], reps=3)


def version(text):
    return tuple(map(int, text.split(".")))


def test_old_names_do_the_same_and_warn_once(untold, result):
    pool = result.pool
    with pytest.warns(
        FutureWarning, match=r"^Pool.reward is called Pool.score now, and goes in version 0.3.0$"
    ) as told:
        old = pool.reward("reward_judge")
    assert np.array_equal(old, pool.score("reward_judge"))
    assert [note.filename for note in told] == [__file__]  # the line to mend
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(pool.reward(name="reward_judge"), old)
    with pytest.warns(FutureWarning, match="Pool.score_name"):
        assert pool.reward_name() == pool.score_name() == "reward"
    with pytest.warns(FutureWarning, match="Result.per_replication"):
        assert result.replications().equals(result.per_replication())


def test_old_names_are_known_documented_and_gone_in_time():
    assert set(deprecation.OLD) == {"Pool.reward", "Pool.reward_name", "Result.replications"}
    for old in deprecation.OLD.values():
        assert version(old.gone) > version(ttcsim.__version__), f"{old.name} was to go in {old.gone}: remove it"
        kind, _, name = old.instead.partition(".")
        assert callable(getattr(getattr(ttcsim, kind), name))
        assert f"| `{old.name}` | `{old.instead}` | {old.gone} |" in TOLD
    assert len(re.findall(r"^\| `", TOLD, re.MULTILINE)) == len(deprecation.OLD)


def test_a_script_is_told_without_any_setting():
    """Python hides a DeprecationWarning unless it comes of the script itself; users call from modules of their own."""
    code = "import ttcsim; p = ttcsim.load('builtin:smollm2-arithmetic'); p.reward(); p.reward()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr.count("Pool.reward is called Pool.score now") == 1
