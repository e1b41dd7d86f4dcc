"""Runs in which every name from outside is one that would like to be markup."""

import polars as pl

from ttcsim.report.run import Run, run_of_result

HOSTILE = (
    "<script>alert(1)</script>", "</td></table><img src=x onerror=alert(1)>", '" onload="alert(1)', "' onload='a()",
    "&lt;b&gt;", "{{ 7 * 7 }}", "{% raw %}", "</title><svg/onload=alert(1)>", "<!--", "]]>", "javascript:alert(1)",
    "$\\frac{$", "a\u202eb", "\x00\x1b[31m", "\udce9", "</script><b>", "a\u2028b",
)  # fmt: skip


def run_named(result, name):
    """A run with this name everywhere: policies, metrics, the pool, queries, facts, labels, values of the config."""
    text = name.encode(errors="backslashreplace").decode()  # what a frame can hold

    def renamed(table):
        columns = [c for c in ("policy", "baseline", "winner", "loser") if c in table.columns]
        ids = [c for c in ("query_id", "level") if c in table.columns]
        table = table.with_columns(
            pl.col(columns).replace(["elimination", "uniform"], [text, f"2{text}"]),
            *(pl.lit(text + "-").add(pl.col(c).fill_null("")).alias(c) for c in ids),
        )
        if "metric" not in table.columns:
            return table
        return table.with_columns(pl.col("metric").replace("accuracy_best", f"m{text}"))

    run = run_of_result(result)
    config = {**dict.fromkeys((*result.config, "source", "versions"), name), "policies": [f"a={name}"], "oracles": []}
    config |= {"code": {}, "prices": {}, "budgets": result.budgets, "selectors": [name], "by": [name]}
    tables = {key: renamed(getattr(run, key)) for key in ("frame", "comparison", "allocation", "won")}
    single = type(run.queries)(*map(renamed, run.queries))
    facts = {name: [name, 0.5], "sources": [{"source": name}]}
    return Run(name, config, **tables, queries=single, facts=facts, folder=name)
