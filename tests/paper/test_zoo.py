"""The study of the zoo: its page is what a run gives, the docs quote it, and its own policies do what they say."""

import warnings
from pathlib import Path

import numpy as np
import polars as pl

import ttcsim
from paper.zoo import published, study
from paper.zoo import sweep as settings
from paper.zoo.agreement import AgreementGap, AgreementUCB
from ttcsim.pool.checks import pool_from_frame

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "paper" / "zoo" / "RESULTS.md").read_text()


def words(text):
    return " ".join(text.split())


def test_the_docs_say_what_the_page_says():
    short = PAGE[PAGE.index("## In short") :].split("\n\n")[1]
    assert words(short) in words((ROOT / "docs" / "compare.md").read_text())


def test_their_cell_is_what_a_replay_gives():
    """Other policies take no part in a replay, so two of them give the line of the page."""
    name = published.SAME["AIME25, Qwen3-4B"]
    one = settings.Studied("aime2025", "Qwen3-4B", ttcsim.load("builtin:aime2025").from_source("Qwen3-4B"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = {name: ttcsim.sweep(one.pool, ["uniform", "elimination"], settings.BUDGETS, reps=settings.REPS)}
        lines = published.published(study.Study(settings.REPS, {name: one}, [], whole, {}, {}, whole[name]))
    (cell,) = [line for line in lines if line.startswith("| AIME25")]
    assert cell in PAGE.splitlines() and lines[-1] in PAGE.splitlines()


def test_agreement_draws_what_agrees():
    """Of two unsolved queries one gives the same answer always, the other never: two draws of each tell them apart."""
    rows = [(q, False, "same" if q == "agrees" else str(i)) for q in ("agrees", "differs") for i in range(20)]
    frame = pl.DataFrame(rows, schema=["query_id", "correct", "answer"], orient="row")
    pool = pool_from_frame(frame, where="test", name="test")
    policies = {
        "ucb of it": AgreementUCB(weight=0.0),
        "gap of it": AgreementGap(weight=0.0),
        "entropy of it": "entropy(weight=0)",
    }
    result = ttcsim.sweep(pool, policies, [6], reps=20)
    # Both begin with one draw, a tie that the query drawn less often wins; so "differs" gets its second, and no third.
    for label in ("ucb of it", "gap of it"):
        draws = result.outcome(label).draws[:, 0]
        assert draws.sum() == 12 and 1 <= draws[1] <= 2
    assert result.outcome("entropy of it").draws[1, 0] > 9


def test_hard_queries_are_replayed_without_bias():
    """The cap lies within what a probe leaves, whatever the pool; where nothing is hard there is nothing to replay."""
    pool = ttcsim.load("builtin:aime2025").from_source("Qwen3-4B")
    found = study._hard(pool, 16, 3)
    assert len(found) == settings.PROBES
    for probe, result in enumerate(found):
        assert all(bias is None for o in result.outcomes for bias in result.biased_by(o))
        hard = pool.unsolved_after(16, seed=probe)
        assert result.pool.query_ids == hard.query_ids and set(np.unique(result.pool.sizes)) == {64}
    sure = pool_from_frame(
        pl.DataFrame({"query_id": ["a"] * 40, "correct": [True] * 40}), where="test", name="test"
    )  # fmt: skip
    assert study._hard(sure, 16, 3) == []


def test_pools_that_are_not_there_are_named(tmp_path):
    found, absent = settings.pools(tmp_path)
    assert len(found) == 25 and len(absent) == 2 and all("not beside this checkout" in why for why in absent)
    assert len({one.name for one in found}) == 25 and set(settings.TESTING) <= {one.name for one in found}
