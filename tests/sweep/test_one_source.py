"""One source of several: elimination on it by whatever name, and the best of them in hindsight."""

import polars as pl
import pytest

import ttcsim
from ttcsim.pool.checks import pool_from_frame


def test_one_source_after_the_other_is_elimination_with_it():
    """With patience for all its samples a cascade draws from its first source alone, as elimination on it does."""
    rows = [(f"q{q}", name, (q + i) % 5 == 0) for q in range(20) for name in ("x", "y") for i in range(8)]
    frame = pl.DataFrame(rows, schema=["query_id", "source", "correct"], orient="row")
    pool = pool_from_frame(frame, where="test", name="test")
    same = {"chain": "cascade(order=y>x,patience=8)", "one": "elimination(on=y)"}
    values = ttcsim.sweep(pool, same, [1, 2, 3], reps=50).frame.partition_by("policy", include_key=False)
    assert values[0].select("mean", "spent").equals(values[1].select("mean", "spent"))
    with pytest.raises(ttcsim.InputError, match="policy 'uniform' chooses queries only, and pool test has 2 sources"):
        ttcsim.sweep(pool, ["uniform"], [1])
    with pytest.raises(ttcsim.InputError, match="has no source 'z'"):
        ttcsim.sweep(pool, ["uniform(on=z)"], [1])
    with pytest.raises(ttcsim.InputError, match="order: the pool has no source 'z'"):
        ttcsim.sweep(pool, ["cascade(order=z>x)"], [1])
    with pytest.raises(ttcsim.InputError, match="order: source 'x' comes twice"):
        ttcsim.sweep(pool, ["cascade(order=x>x)"], [1])
    with pytest.raises(ttcsim.InputError, match=r"weights: '-1\*x' is no share"):
        ttcsim.sweep(pool, ["mixture(weights='-1*x')"], [1])
    alone = ttcsim.sweep(pool, ["uniform"], [2], reps=50, source="y")
    assert alone.pool.sources == ("y",) and alone.frame["mean"][0] == pytest.approx(
        ttcsim.sweep(pool, ["uniform(on=y)"], [2], reps=50).frame["mean"][0], abs=0.2
    )


def test_the_best_source_is_known_in_hindsight():
    rows = [("a", "dear", True, 9), ("b", "dear", True, 9), ("a", "cheap", True, 2), ("b", "cheap", False, 2)]
    frame = pl.DataFrame(rows, schema=["query_id", "source", "correct", "tokens"], orient="row")
    pool = pool_from_frame(frame, where="test", name="test")
    found = ttcsim.sweep(pool, ["best-source"], [2, 9], reps=4, cost="tokens", replay="bootstrap")
    assert found.frame["mean"].to_list() == [0.5, 1.0] and found.frame["spent"].to_list() == [2.0, 9.0]
