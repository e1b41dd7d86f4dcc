"""The pool that ships with ttcsim: harvested by the recipe that ships with it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ttcsim
from harvest.config import VerifierConfig, load_config
from harvest.queries import make_queries, verifier_of
from harvest.tasks.arithmetic import FAMILIES

NAME = "smollm2-arithmetic"


@pytest.fixture(scope="module")
def pool():
    return ttcsim.load(f"builtin:{NAME}")  # checks hashes and counts


@pytest.fixture(scope="module")
def recipe():
    return load_config("recipe:builtin-smollm2")


def test_it_is_as_promised(pool):
    assert pool.n_queries >= 300 and pool.sizes.min() >= 256
    assert {"tokens", "answer", "logprob", "reward", "reward_judge"} <= pool.columns()
    assert len({q.rpartition("-")[0] for q in pool.query_ids}) >= 4
    assert 0.05 < (pool.successes == 0).mean() < 0.25
    # Success rates are spread over (0, 1): at least 20 queries in every band, most of them hard.
    counts, _ = np.histogram(pool.rates[pool.successes > 0], [0, 0.05, 0.1, 0.2, 0.4, 0.6, 1])
    assert (counts >= 20).all() and pool.rates.max() > 0.8
    assert np.unique(pool.tokens).size > 5
    folder = Path(ttcsim.__file__).parent / "pool" / "data" / NAME
    assert sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) < 3_000_000


def test_the_default_reward_tells_right_from_wrong(pool):
    """Within a query, a right sample has the higher reward more often than a wrong one (area under the ROC curve)."""
    areas = []
    for q in range(pool.n_queries):
        own = slice(pool.offsets[q], pool.offsets[q + 1])
        right = pool.correct[own].astype(bool)
        if 0 < right.sum() < len(right):
            reward = pool.rewards["reward"][own]
            wins = (reward[right][:, None] > reward[~right]) + 0.5 * (reward[right][:, None] == reward[~right])
            areas.append(wins.mean())
    error = np.std(areas) / np.sqrt(len(areas))
    assert np.mean(areas) > 0.5 + 5 * error


def test_it_is_what_the_recipe_asks_for(pool, recipe):
    expected = {q.query_id: q for q in make_queries(recipe, lambda messages: "")}
    assert pool.queries is not None and set(pool.query_ids) == set(expected)
    for row in pool.queries.iter_rows(named=True):
        problem = expected[row["query_id"]].problem
        assert (row["prompt"], row["gold"], row["level"]) == (problem.question, problem.gold, problem.level)
    assert {row["level"] for row in pool.queries.iter_rows(named=True)} == set(FAMILIES)
    manifest = pool.manifest
    assert manifest["sampling"] == recipe.sampling.model_dump(mode="json", exclude={"until_solved"})
    assert manifest["model"]["name"] == recipe.model_name and manifest["engine"]["vllm"]
    assert manifest["reward_models"] == [r.model_dump(mode="json", exclude_defaults=True) for r in recipe.reward]
    assert manifest["verifier"]["names"] == [verifier_of(recipe.task[0])]


def test_its_outcomes_follow_from_its_answers(pool, recipe):
    from harvest.verifiers import find_verifier

    problems = {q.query_id: q.problem for q in make_queries(recipe, lambda messages: "")}
    frame = pl.DataFrame(
        {"query": np.repeat(np.array(pool.query_ids), pool.sizes), "answer": pool.answers, "correct": pool.correct}
    )
    for query, answer, correct in frame.unique().iter_rows():
        text = "" if answer < 0 else pool.answer_labels[answer]
        right, read, _ = find_verifier("arithmetic")(text, problems[query], VerifierConfig())
        assert right == bool(correct) and (read == text or answer < 0)
