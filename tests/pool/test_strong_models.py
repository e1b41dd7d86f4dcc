"""The built-in pools of strong models: what ships is what their files give, with its sources and its licence."""

import pytest

import ttcsim
from paper.strong_models.pools import build
from ttcsim.pool.files import builtin_names

POOLS = {"math500": (500, 7, 15), "aime2025": (30, 11, 10), "gpqa-diamond": (198, 6, 265)}


@pytest.mark.parametrize("name", POOLS)
def test_they_ship_with_their_licence(name):
    queries, sources, unknown = POOLS[name]
    pool = ttcsim.load(f"builtin:{name}")  # checks hashes and counts
    assert name in builtin_names() and (pool.n_queries, len(pool.sources)) == (queries, sources)
    assert pool.units.query.tolist() == sorted(list(range(queries)) * sources)
    assert "MIT" in pool.manifest["licence"] and "2509.21091" in pool.manifest["attribution"]
    assert set(pool.manifest["sources"]) == set(pool.sources)
    assert pool.manifest["unknown_tokens"]["samples"] == unknown


@pytest.mark.parametrize("name", POOLS)
def test_they_are_what_the_files_give(name, shared_data):
    assert build(shared_data / "best_of_infinity", name).hash == ttcsim.load(f"builtin:{name}").hash
