import pytest

import harvest.live
from harvest.config import check_config
from harvest.deciding import Decisions
from harvest.queries import make_queries

OPTIONS = {"size": 2, "families": ["sum-1", "sum-2", "remainder"]}


@pytest.fixture
def make_config(tmp_path):
    """A config of the arithmetic task; keyword arguments are tables that replace or add to it."""

    def make(**tables):
        table = {
            "model": {"path": "fake/model"},
            "sampling": {"n": 6, "max_tokens": 16, "seed": 1},
            "task": {"name": "arithmetic", "shots": 2, "options": OPTIONS},
            "output": {"path": str(tmp_path / "pool"), "queries_per_part": 2},
            "verifier": {"workers": 1},
        }
        for name, value in tables.items():
            table[name] = {**table[name], **value} if name in table and isinstance(value, dict) else value
        return check_config(table, "test")

    return make


@pytest.fixture
def here(monkeypatch):
    """Policies decide in this process, where they are compiled already; as they do in one of their own."""

    class Here(Decisions):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(harvest.live, "Deciding", Here)


@pytest.fixture
def queries(make_config):
    """Two of them."""
    return make_queries(make_config(task={"shots": 0, "options": {"size": 2, "families": ["sum-1"]}}), lambda m: "")
