"""Pools of several sources: format, units, and what becomes of them."""

import dataclasses

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttcsim import InputError
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.files import load, to_frame, write
from ttcsim.pool.join import join

ROWS = st.lists(
    st.tuples(st.sampled_from("qrs"), st.sampled_from(["large", "small"]), st.booleans()), min_size=1, max_size=30
)


def pool_of(rows, **columns):
    frame = pl.DataFrame(
        {"query_id": [r[0] for r in rows], "source": [r[1] for r in rows], "correct": [r[2] for r in rows], **columns}
    )
    return pool_from_frame(frame, where="test", name="test")


@given(ROWS)
def test_units_are_the_samples_of_a_query_and_a_source(rows):
    pool = pool_of(rows)
    assert set(pool.sources) == {source for _, source, _ in rows}
    units = pool.units
    found = []
    for q, query in enumerate(pool.query_ids):
        for u in range(units.members[q], units.members[q + 1]):
            assert units.query[u] == q
            outcomes = pool.correct[units.offsets[u] : units.offsets[u + 1]].tolist()
            found.append((query, pool.sources[units.source[u]] if len(pool.sources) > 1 else rows[0][1], outcomes))
    wanted = {}
    for query, source, correct in rows:
        wanted.setdefault((query, source), []).append(int(correct))
    assert found == [(*unit, outcomes) for unit, outcomes in sorted(wanted.items())]


@settings(max_examples=25)
@given(rows=ROWS)
def test_a_pool_comes_back_from_disk(rows, tmp_path_factory):
    pool = pool_of(rows, tokens=range(1, len(rows) + 1))
    again = load(write(pool, tmp_path_factory.mktemp("pools") / "pool"))
    assert again.hash == pool.hash and again.sources == pool.sources
    assert to_frame(again).equals(to_frame(pool))


def test_a_name_for_the_only_source_changes_nothing_that_is_replayed():
    named, plain = pool_of([("q", "one", True), ("q", "one", False)]), None
    plain = dataclasses.replace(named, sources=())
    assert named.source is None and "source" not in named.columns()
    assert named.hash != plain.hash and named.units.offsets.tolist() == plain.offsets.tolist()


def test_one_source_of_several():
    pool = pool_of([("a", "x", True), ("a", "y", False), ("b", "y", True)])
    one = pool.from_source("y")
    assert one.query_ids == ("a", "b") and one.sources == ("y",) and one.source is None
    assert pool.from_source("x").query_ids == ("a",)
    with pytest.raises(InputError, match="has no source 'yy'; did you mean 'y'"):
        pool.from_source("yy")


def test_sources_are_described_one_by_one():
    pool = pool_of([("a", "x", True), ("a", "y", False), ("b", "y", True)])
    told = pool.describe()["sources"]
    assert [(row["source"], row["queries"], row["mean_success_rate"]) for row in told] == [("x", 1, 1.0), ("y", 2, 0.5)]
    assert "sources" not in pool.from_source("y").describe()


def test_mixed_takes_as_many_samples_of_each_source():
    pool = pool_of([("a", "x", True)] * 3 + [("a", "y", False)] * 2 + [("b", "y", True)])
    mixed = pool.mixed()
    assert mixed.query_ids == ("a",) and mixed.correct.tolist() == [1, 1, 0, 0] and not mixed.several


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["x", None], "column 'source': row 2 .* is null"),
        (["x", ""], "column 'source': row 2"),
        ([1, 2], "column 'source' is Int64; it must be text"),
    ],
)
def test_bad_sources_are_refused(column, message):
    frame = pl.DataFrame({"query_id": ["q", "q"], "correct": [True, False], "source": column})
    with pytest.raises(InputError, match=message):
        pool_from_frame(frame, where="test", name="test")


def test_a_sample_is_numbered_within_its_source():
    frame = pl.DataFrame({"query_id": ["q"] * 2, "source": ["x", "y"], "sample": [0, 0], "correct": [True, False]})
    assert pool_from_frame(frame, where="test", name="test").n_samples == 2
    with pytest.raises(InputError, match="query 'q' has sample 0 of source 'x' twice"):
        pool_from_frame(frame.with_columns(source=pl.lit("x")), where="test", name="test")


def test_joined_pools_become_sources():
    one = pool_from_frame(
        pl.DataFrame({"query_id": ["a", "b"], "correct": [True, False], "tokens": [5, 6]}), where="test", name="one",
        queries=pl.DataFrame({"query_id": ["a", "b"], "gold": ["1", "2"]}), manifest={"model": {"name": "One"}},
    )  # fmt: skip
    two = pool_from_frame(
        pl.DataFrame({"query_id": ["b"], "correct": [True]}), where="test", name="two",
        queries=pl.DataFrame({"query_id": ["b"], "gold": ["2"]}),
    )  # fmt: skip
    both = join({"one": one, "two": two}, "both")
    assert both.sources == ("one", "two") and both.units.query.tolist() == [0, 1, 1]
    assert both.tokens is None and both.manifest["sources"]["one"] == {"model": {"name": "One"}}
    assert both.from_source("one").correct.tolist() == [1, 0]
    other = dataclasses.replace(two, queries=pl.DataFrame({"query_id": ["b"], "gold": ["3"]}))
    with pytest.raises(InputError, match="query 'b' has different values of 'gold' in two pools"):
        join({"one": one, "two": other}, "both")
    with pytest.raises(InputError, match="source 'one' comes twice"):
        join({"x": both, "one": one}, "again")


def test_a_mixed_pool_without_shared_queries_is_refused():
    pool = pool_of([("a", "x", True), ("b", "y", False)])
    with pytest.raises(InputError, match="no query has samples of all 2 sources"):
        pool.mixed()
    assert np.diff(pool.units.members).tolist() == [1, 1]
