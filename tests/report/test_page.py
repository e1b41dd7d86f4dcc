"""The page: what it says, and that names from outside cannot become markup."""

import html
import re
from html.parser import HTMLParser
from importlib.resources import files

import polars as pl
import pytest

import ttcsim
from ttcsim.pool.worlds import make_pool
from ttcsim.report import page as report_page
from ttcsim.report.page import report_html, write_report
from ttcsim.report.tables import means, wins_at

BUDGETS = [1.0, 2.0, 4.0]


@pytest.fixture(scope="module")
def result():
    pool = make_pool("beta(0.5,1)", 20, 30)
    return ttcsim.sweep(pool, ["uniform", "elimination", "consensus"], BUDGETS, reps=20, selectors=["best"])


def page(result, **config):
    won = ttcsim.wins(result)
    tables = result.frame, ttcsim.compare(result), ttcsim.allocation(result), {**result.config, **config}
    return report_html(*tables, won=won, headline="5 > 4 & <b>bold</b>")


class Tags(HTMLParser):
    """Counts tags, and fails where they do not nest."""

    def __init__(self):
        super().__init__()
        self.open, self.count = [], {}

    def handle_starttag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_names_are_text_and_tags_nest(result):
    text = page(result, pool="<script>alert(1)</script>")
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert "script" not in tags.count and "b" not in tags.count
    assert tags.count["img"] == 4  # two metrics, efficiency, allocation
    assert html.escape("<script>alert(1)</script>") in text and "5 &gt; 4 &amp;" in text


def test_values_that_lean_on_the_pool_s_end_are_marked(result):
    assert "ran out of samples" not in page(result)
    pool = make_pool("beta(0.5,1)", 20, 6)
    with pytest.warns(UserWarning, match="ran out"):
        marked = ttcsim.sweep(pool, ["uniform", "elimination"], [1.0, 4.0], reps=20)
    text = page(marked)
    assert text.count("* some queries ran out of samples: the value is that of the policy with") == 1
    cells = re.findall(r"<td>([\d.]+)<small>[^<]*</small>( \*)?", text)
    assert [bool(mark) for _, mark in cells] == [b is not None for b in ordered(marked.frame)]
    frame = marked.frame.filter(policy="elimination")
    assert frame["biased_by"].to_list() == [None, "exhausted"]


def ordered(frame):
    """`biased_by` in the order of the page's cells."""
    best = frame.filter(budget=4.0).sort("mean", descending=True)["policy"].to_list()
    return [
        frame.row(by_predicate=(pl.col("policy") == p) & (pl.col("budget") == b), named=True)["biased_by"]
        for p in best
        for b in (1.0, 4.0)
    ]


HOSTILE = (
    "<script>alert(1)</script>", "</td></table><img src=x onerror=alert(1)>", '" onload="alert(1)', "' onload='a()",
    "&lt;b&gt;", "{{ 7 * 7 }}", "{% raw %}", "</title><svg/onload=alert(1)>", "<!--", "]]>", "javascript:alert(1)",
    "$\\frac{$", "a\u202eb", "\x00\x1b[31m", "\udce9",
)  # fmt: skip


class Everything(HTMLParser):
    """All tags, attributes and text of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.comments, self.text = set(), set(), [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        for _, value in attrs:
            self.text += f"\n{value}"

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.comments.append(data)


def page_named(result, name):
    """The page with this name everywhere: policies, metrics, the baseline, the pool, labels, values of the config."""

    text = name.encode(errors="backslashreplace").decode()  # what a frame can hold

    def renamed(table):
        columns = [c for c in ("policy", "baseline", "winner", "loser") if c in table.columns]
        table = table.with_columns(pl.col(columns).replace(["elimination", "uniform"], [text, f"2{text}"]))
        return (
            table.with_columns(pl.col("metric").replace("accuracy_best", f"m{text}")) if "metric" in columns else table
        )

    config = {**dict.fromkeys((*result.config, "source", "versions"), name), "policies": [f"a={name}"], "oracles": []}
    tables = [renamed(t) for t in (result.frame, ttcsim.compare(result), ttcsim.allocation(result))]
    return report_html(*tables, config, won=renamed(ttcsim.wins(result)), headline=name)


@pytest.fixture(scope="module")
def honest(result):
    found = Everything()
    found.feed(page_named(result, "honest"))
    return found


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_from_outside_is_anything_but_text(result, honest, tmp_path, monkeypatch, name):
    monkeypatch.setattr(report_page, "_png", lambda *_, **__: "drawn elsewhere")
    hostile = Everything()
    hostile.feed(write_report(tmp_path, page_named(result, name)).read_text(encoding="utf-8"))
    assert (hostile.tags, hostile.attributes, hostile.comments) == (honest.tags, honest.attributes, [])
    shown = name.encode(errors="backslashreplace").decode()
    assert hostile.text.replace("\ufffd", "\x00").count(shown) == honest.text.count("honest") > 30


@pytest.mark.filterwarnings("ignore:Glyph")
def test_a_dollar_in_a_name_is_drawn_as_one(result):
    assert page_named(result, "$\\frac{$").count("data:image/png") == 4


def test_every_number_of_the_frame_is_on_the_page(result):
    text = page(result)
    cells = set(re.findall(r"<td>([^<]*)", text))
    for row in result.frame.iter_rows(named=True):
        assert f"{100 * row['mean']:.2f}" in cells
        assert f"{row['lo_queries']:.4g}" in cells
        assert f"{100 * row['lo_queries']:.1f}–{100 * row['hi_queries']:.1f}" in text
    for words in ("Who wins", "Efficiency", "Where the draws went", "the 3 pairs of policies at this budget,\nat 5%"):
        assert words in text


def test_a_run_of_one_policy_has_a_page_without_comparison(result):
    alone = ttcsim.sweep(result.pool, ["uniform"], BUDGETS, reps=5)
    tables = alone.frame, ttcsim.compare(result).clear(), ttcsim.allocation(alone), alone.config
    text = report_html(*tables, won=ttcsim.wins(result).clear())
    assert "Efficiency" not in text and "Who wins" not in text


def test_means_are_sorted_by_the_middle_budget_say_what_was_not_spent_and_set_oracles_apart():
    rows = [
        {"policy": name, "budget": b, "mean": mean * b, "lo": 0.1, "hi": hi, "lo_queries": 0.05, "hi_queries": hi,
         "spent": spent * b, "biased_by": bias}
        for name, mean, hi, spent, bias in (
            ("a", 0.1, 0.2, 1.0, None), ("b", 0.2, None, 0.5, "exhausted"), ("o", 0.15, 0.2, 1.0, None)
        )
        for b in BUDGETS
    ]  # fmt: skip
    found = means(pl.DataFrame(rows), ["o"])
    assert found.columns == ["1", "2", "4"]
    assert [name for name, _ in found.policies] == ["b", "a"] and [name for name, _ in found.oracles] == ["o"]
    assert found.policies[0][1][1] == ("40.0", "", "*", "", "spends 1")
    assert found.policies[1][1][1] == ("20.0", "5.0–20.0", "", "±5.00", "")


def pairs(*rows):
    columns = ["winner", "loser", "difference", "queries_holm", "replay_holm", "lo_queries", "hi_queries", "oracle"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(budget=2.0)


def test_marks_of_the_wins():
    won = pairs(
        ("a", "b", 0.3, 0.01, 0.01, 0.1, 0.4, False),
        ("a", "c", 0.2, 0.2, 0.01, 0.1, 0.4, False),
        ("b", "c", 0.1, 0.2, 0.2, -0.1, 0.4, False),
        ("o", "a", 0.1, 0.0, 0.0, 0.1, 0.4, True),
    )
    found = wins_at(won, 2.0)
    assert found.names == ["a", "b", "c"]
    assert found.marks == {("a", "b"): "●", ("a", "c"): "○", ("b", "c"): ""}
    assert found.comparisons == 3


def test_no_mark_where_nothing_is_known_or_the_interval_has_0_in_it():
    won = pairs(
        ("a", "b", 0.3, None, 0.01, None, None, False),
        ("a", "c", 0.2, 0.01, None, -0.1, 0.4, False),
        ("b", "c", 0.0, None, None, None, None, False),
    )
    assert list(wins_at(won, 2.0).marks.values()) == ["○", "", ""]


def test_a_report_of_policies_without_limits_for_new_queries():
    """The marks of such a pair compared null with a number: a traceback, in any report with uab on a small pool."""
    pool = ttcsim.load("builtin:smollm2-arithmetic")
    small = pool.subset(pool.query_ids[::54])
    result = ttcsim.sweep(small, ["uniform", "damani"], [1.0, 2.0], reps=5)
    assert result.frame["lo_queries"].has_nulls()
    text = report_html(
        result.frame, ttcsim.compare(result), ttcsim.allocation(result), result.config, won=ttcsim.wins(result)
    )
    assert "No interval for new queries" in text


def test_the_template_is_in_the_package():
    assert files("ttcsim.report").joinpath("page.html").is_file()
