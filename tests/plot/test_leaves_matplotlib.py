"""Whoever draws with matplotlib themselves notices nothing of us: backend, settings and open figures stay."""

import subprocess
import sys

import pytest

REPORTS = """
ttcsim.report.page.page.report_html([ttcsim.report.run.run_of_result(result)])
unchanged("report")
from ttcsim.strategies.questions.bins import by_bin
from ttcsim.strategies.questions.difficulty import difficulty
from ttcsim.strategies.questions.flops import flops_matched
from ttcsim.strategies.questions.optimal import compute_optimal
from ttcsim.strategies.questions.ratio import ratio_sweep
from ttcsim.strategies.worlds.simulate import simulate
tree, chains = simulate("tree", 10, budgets=[1, 2, 4], runs=2), simulate("revisions", 10, budgets=[4], runs=2)
bins = difficulty(tree.pool, bins=2)
for draw, data in (
    ("search", by_bin(tree, bins)), ("optimal", [compute_optimal(tree, bins)]), ("flops", flops_matched(tree, bins)),
    ("ratio", ratio_sweep(chains, difficulty(chains.pool, bins=2), 4)),
):
    ttcsim.plot.encoded(getattr(ttcsim.report.strategies, f"{draw}_figure")(data))
    unchanged(draw)
"""

SESSION = """
import matplotlib
matplotlib.use("svg")
import matplotlib.pyplot as plt
plt.rcParams["font.size"] = 7
plt.rcParams["text.parse_math"] = True
theirs = plt.figure("theirs")
before = dict(matplotlib.rcParams)

def unchanged(what):
    changed = {key for key, value in matplotlib.rcParams.items() if value != before[key]}
    assert matplotlib.get_backend() == "svg" and not changed, f"{what} changed {changed or 'the backend'}"
    assert plt.figure("theirs") is theirs and plt.fignum_exists("theirs"), f"{what} closed a figure"

import ttcsim.plot, ttcsim.report.page.page, ttcsim.report.run, ttcsim.report.demo, ttcsim.report.strategies
unchanged("import")
result = ttcsim.sweep("builtin:smollm2-arithmetic", ["uniform", "elimination", "prophet"], [1, 2], reps=4)
for name in ("coverage", "difference", "efficiency", "allocation"):
    for axes in (ttcsim.plot.canvas(), plt.figure().add_subplot()):
        assert result.plot(name, ax=axes) is axes
        assert axes.has_data()
        unchanged(name)
    shown = result.plot(name)
    assert plt.gcf() is shown.figure, "a figure of nobody's is one of pyplot's"
    unchanged(name)
opened = plt.get_fignums()
for kind in ("png", "pdf", "svg"):
    ttcsim.plot.encoded(shown, kind)
    unchanged(kind)
assert plt.get_fignums() == opened, "what goes to files is none of pyplot's"
"""


def run(code):
    # What matplotlib says of its use is an error; not that it uses others, such as pyparsing, in ways they give up.
    warnings = ["-W", "error::UserWarning", "-W", "ignore::DeprecationWarning"]
    return subprocess.run([sys.executable, *warnings, "-c", code], capture_output=True, text=True)


def test_figures_leave_the_session_as_it_was():
    done = run(SESSION)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_figures_of_reports_and_strategies_leave_the_session_as_it_was():
    done = run(SESSION + REPORTS + SESSION.splitlines()[-1])
    assert done.returncode == 0, done.stderr


def test_what_is_drawn_for_files_never_loads_pyplot():
    code = """
import sys
import polars as pl, ttcsim.plot
row = {"policy": "uniform", "metric": "coverage", "budget": 1.0, "spent": 1.0, "mean": 0.5, "lo": 0.4, "hi": 0.6}
frame = pl.DataFrame({**row, "lo_queries": 0.3, "hi_queries": 0.7, "biased_by": "exhausted"})
ttcsim.plot.encoded(ttcsim.plot.metric(frame, ax=ttcsim.plot.canvas()))
assert "matplotlib.pyplot" not in sys.modules
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
