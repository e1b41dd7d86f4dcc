"""What the pool is: its facts, and how hard its queries are."""

from __future__ import annotations

from typing import Any

from ttcsim.report.charts.histogram import histogram
from ttcsim.report.facts import fact_rows
from ttcsim.report.run import Run
from ttcsim.report.sections.figure import Figure, Panel


def profile(run: Run) -> dict[str, Any] | None:
    """The section; None where the run folder keeps nothing of the pool."""
    if run.facts is None and run.queries is None:
        return None
    figure = None
    if run.queries is not None:
        own = run.queries.queries
        words = "how many queries have which success rate in the pool"
        rates = (own["correct"] / own["samples"]).to_list()
        figure = Figure("", [Panel(words, histogram(rates, described=words))], policies=False)
    facts = {} if run.facts is None else run.facts
    sources = facts.get("sources", [])
    return {"facts": fact_rows(facts), "sources": [fact_rows(source) for source in sources], "figure": figure}
