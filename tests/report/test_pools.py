"""All pools of a page at once: from run folders the same numbers as from results in memory."""

import dataclasses

import polars as pl
import pytest

import ttcsim
from ttcsim.pool.worlds import make_pool
from ttcsim.report.page.page import report_html
from ttcsim.report.run import run_of_folder, run_of_result
from ttcsim.report.sections import pools as section
from ttcsim.statistics.across import judged, profiled
from ttcsim.statistics.paired import Question

POLICIES = ["uniform", "elimination", "two-stage", "prophet"]


@pytest.fixture(scope="module")
def results():
    asked = (
        ("a", "one", POLICIES, [1, 2, 4]),
        ("b", "two", POLICIES[:3], [2, 4, 8]),
        ("c", "one", POLICIES, [2, 3, 4]),
    )
    found = {}
    for seed, (name, data_set, policies, budgets) in enumerate(asked):
        pool = dataclasses.replace(make_pool("beta(0.5,1)", 20 + seed, 300, seed=seed), name=data_set)
        found[name] = ttcsim.sweep(pool, policies, budgets, reps=20)
    return found


@pytest.fixture(scope="module")
def runs(results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return [run_of_folder(result.save(folder / name)) for name, result in results.items()]


def test_run_folders_say_of_many_pools_what_results_do(results, runs):
    question = Question("uniform", "coverage", [2.0, 4.0], 0)
    pairs = section._pairs(runs, question)
    assert judged(pairs, question).equals(ttcsim.across(results))
    assert profiled(pairs, question).equals(ttcsim.profiles(results))


def test_the_page_shows_every_statistic(results, runs):
    looks = {name: look for name, look in zip(POLICIES, "abcd", strict=True)}
    assert section.pools(runs[:1], looks) is None
    text = report_html(runs)
    for row in ttcsim.across(results).iter_rows(named=True):
        form = "{:.1f}" if row["statistic"] == "improvement" else "{:+.1f}"
        assert form.format(100 * row["value"]) + "<" in text.replace(" *", "")
    assert "(a performance profile)" in text and "probability of improvement" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda run: run._replace(config={**run.config, "cost": "tokens"}), "in different costs"),
        (lambda run: run._replace(comparison=run.comparison.with_columns(baseline=pl.lit("x"))), "different baselines"),
        (lambda run: run._replace(frame=run.frame.with_columns(budget=pl.lit(9.0))), "no budget in common"),
        (lambda run: run._replace(queries=None), "keeps no table of single queries"),
        (lambda run: run._replace(comparison=run.comparison.drop("ahead")), "sweep it again"),
    ],
)
def test_what_cannot_be_asked_of_all_pools_is_said(results, change, words):
    one, other = (run_of_result(results[name]) for name in "ac")
    assert words in section.pools([one, change(other)], {})["fault"]
