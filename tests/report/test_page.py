"""The page: what it says, and that names from outside cannot become markup."""

import html
import inspect
import json
import re
import shlex
from html.parser import HTMLParser
from importlib.resources import files

import commands
import hostile_runs
import polars as pl
import pytest
import vl_convert

import ttcsim
from ttcsim.cli.sweeps import sweep
from ttcsim.guarantees import check
from ttcsim.pool.worlds import make_pool
from ttcsim.report.page import page as pages
from ttcsim.report.page.page import report_html, write_report
from ttcsim.report.run import run_of_folder, run_of_result
from ttcsim.report.sections.again import again
from ttcsim.report.sections.families import families
from ttcsim.report.sections.queries import queries
from ttcsim.report.sections.values import drawn_samples, pareto
from ttcsim.report.tables import means, regrets, wins_at

BUDGETS = [1.0, 2.0, 4.0]


@pytest.fixture(scope="module")
def result():
    pool = make_pool("beta(0.5,1)", 20, 30)
    policies = ["uniform", "elimination", "consensus", "prophet"]
    return ttcsim.sweep(pool, policies, BUDGETS, reps=20, selectors=["best"])


@pytest.fixture(autouse=True)
def no_library(monkeypatch):
    """The script that draws takes seconds to make, and is looked at in tests/report/test_browser.py."""
    monkeypatch.setattr(pages, "library", lambda: "/* the library */")


def page(result, headline="", **config):
    run = run_of_result(result)
    return report_html([run._replace(config={**run.config, **config})], headline=headline)


class Everything(HTMLParser):
    """All tags, attributes, comments and text of a page; fails where tags do not nest."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.comments, self.text, self.open = set(), set(), [], "", []
        self.data = None
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        for name, value in attrs:
            self.text += f"\n{value}" if name not in ("data-spec", "content") else ""
        if tag not in ("meta", "img", "br", "input"):
            self.open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open and self.open[-1][1].get("id") == "data":
            self.data = json.loads(data)
        elif any(tag == "pre" for tag, _ in self.open):
            self.text += "\n".join(shlex.split(data))  # a command, in which names are quoted for a shell
        else:
            self.text += data

    def handle_comment(self, data):
        self.comments.append(data)


def texts(value):
    """All texts in parsed JSON."""
    if isinstance(value, str):
        return [value]
    inside = value if isinstance(value, list) else [*value, *value.values()] if isinstance(value, dict) else ()
    return [text for one in inside for text in texts(one)]


def test_names_are_text_and_tags_nest(result):
    found = Everything(page(result, "5 > 4 & <b>bold</b>", pool="x"))
    assert "b" not in found.tags and not found.comments
    assert "5 > 4 & <b>bold</b>" in found.text
    assert len(found.data["specs"]) == 2 * 2 + 1 + 3 + 1 + 1  # metrics, efficiency, draws, regret, the pool


def test_every_chart_is_one_that_vega_lite_takes(result):
    for spec in Everything(page(result)).data["specs"]:
        assert vl_convert.vegalite_to_vega(spec)["marks"]


def test_nothing_runs_but_its_own_scripts_and_nothing_is_asked_of_a_network(result):
    text = page(result)
    policy = html.unescape(re.search(r'Security-Policy" content="([^"]*)"', text)[1])
    assert policy.startswith("default-src 'none'; ") and "unsafe-eval" not in policy
    (script,) = [part for part in policy.split("; ") if part.startswith("script-src")]
    assert re.fullmatch(r"script-src( 'sha256-[\w+/]{43}='){2}", script)
    assert not re.search(r'(?:src|href)="(?!#)', text)


def test_values_that_lean_on_the_pool_s_end_are_marked(result):
    assert "ran out of samples" not in page(result)
    pool = make_pool("beta(0.5,1)", 20, 6)
    with pytest.warns(UserWarning, match="ran out"):
        marked = ttcsim.sweep(pool, ["uniform", "elimination"], [1.0, 4.0], reps=20)
    text = page(marked)
    assert text.count("* some queries ran out of samples: the value is that of the policy with") == 1
    cells = re.findall(r"<td>\d+\.\d\d( \*)?<small>", text.split('id="run0-efficiency"')[0])
    assert [bool(mark) for mark in cells] == [b is not None for b in ordered(marked.frame)]
    hollow = {point["description"].split("; ")[1] for point in points(text, 0) if point.get("hollow")}
    assert hollow == {"budget: 4 samples"}


def points(text, spec):
    return Everything(text).data["specs"][spec]["data"]["values"]


def ordered(frame):
    """`biased_by` in the order of the page's cells."""
    best = frame.filter(budget=4.0).sort("mean", descending=True)["policy"].to_list()
    return [
        frame.row(by_predicate=(pl.col("policy") == p) & (pl.col("budget") == b), named=True)["biased_by"]
        for p in best
        for b in (1.0, 4.0)
    ]


@pytest.fixture(scope="module")
def honest(result):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "library", lambda: "")
        return Everything(report_html([hostile_runs.run_named(result, "honest")], headline="honest"))


@pytest.mark.parametrize("name", hostile_runs.HOSTILE)
def test_no_name_from_outside_is_anything_but_text(result, honest, tmp_path, name):
    written = write_report(tmp_path / "x.html", report_html([hostile_runs.run_named(result, name)], headline=name))
    hostile = Everything(written.read_text(encoding="utf-8"))
    assert (hostile.tags, hostile.attributes, hostile.comments) == (honest.tags, honest.attributes, [])
    shown = name.encode(errors="backslashreplace").decode()
    outside = hostile.text.replace("\ufffd", "\x00")
    assert outside.count(shown) == honest.text.count("honest") > 30
    assert times(hostile.data, shown) == times(honest.data, "honest") > 100


def times(data, name):
    return sum(text.count(name) for text in texts(data))


def test_every_number_of_the_frame_is_on_the_page(result):
    text = page(result)
    cells = set(re.findall(r"<td>([^<]*)", text))
    for row in result.frame.iter_rows(named=True):
        assert f"{100 * row['mean']:.2f}" in cells
        assert f"{row['lo_queries']:.4g}" in cells
        assert f"{100 * row['lo_queries']:.1f}–{100 * row['hi_queries']:.1f}" in text
    for words in ("Who wins", "Efficiency", "Where the draws went", "the 3 pairs of policies at a budget, at 5%"):
        assert words in text
    drawn = {(p["description"].split("; ")[0].removeprefix("policy: "), p["x"], p["y"]) for p in points(text, 0)}
    rows = result.frame.filter(metric="coverage").select("policy", "spent", "mean").iter_rows()
    assert drawn == {(name, float(f"{x:.6g}"), float(f"{y:.6g}")) for name, x, y in rows}


def test_a_run_of_one_policy_has_a_page_without_comparison(result):
    alone = ttcsim.sweep(result.pool, ["uniform"], BUDGETS, reps=5)
    text = page(alone)
    assert "Efficiency" not in text and "Who wins" not in text and "No oracle was replayed" in text


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


def test_regret_is_the_paired_difference_to_the_oracle_whoever_is_ahead(result):
    won = ttcsim.wins(result)
    turned = won.with_columns(
        winner=pl.col("loser"), loser=pl.col("winner"), difference=-pl.col("difference"), lo=-pl.col("hi"),
        hi=-pl.col("lo"), lo_queries=-pl.col("hi_queries"), hi_queries=-pl.col("lo_queries"),
    )  # fmt: skip
    found = regrets(won, "prophet", ["prophet"])
    wanted = ttcsim.compare(result, "prophet").filter(metric="coverage")
    both = found.join(wanted, on=("policy", "budget"))
    assert both.height == 9
    assert both["regret"].to_list() == (-both["difference"]).to_list()
    assert both["lo_queries"].to_list() == (-both["hi_queries_right"]).to_list()
    order = ["policy", "budget"]
    assert regrets(turned, "prophet", ["prophet"]).sort(order).equals(found.sort(order))


def test_the_pareto_front_is_what_nobody_beats_for_less():
    rows = [{"x": x, "y": y} for x, y in ((4, 0.5), (1, 0.2), (2, 0.1), (1, 0.1), (3, 0.5), (5, 0.4))]
    assert [(p["x"], p["y"]) for p in pareto(rows)] == [(1, 0.2), (3, 0.5), (5, 0.5)]
    assert pareto([]) == []


def test_samples_drawn_are_those_of_the_replays(result):
    found = drawn_samples(ttcsim.allocation(result))
    for outcome in result.outcomes:
        own = found.filter(policy=str(outcome.policy))["samples_drawn"].to_numpy()
        assert own == pytest.approx(outcome.spent.mean(axis=0), abs=1e-12)


def test_families_differ_in_one_number():
    written = [
        "uniform", "two-stage", "two-stage(share=0.25)", "x=two-stage(share=0.75)", "elimination(cap=3)",
        "elimination(k=2,cap=3)", "elimination(k=3,cap=3)", "elimination(k=3)", "f.py:M(w=1)", "f.py:M(w=2)",
        "f.py:M(w=4)", "gap(estimate=mean)", "<not a policy", "elimination(k=2,stream=true,cap=3)",
    ]  # fmt: skip
    assert [(f.name, f.knob, f.members) for f in families(written)] == [
        ("two-stage", "share", {"two-stage(share=0.25)": 0.25, "two-stage": 0.5, "x": 0.75}),
        ("elimination(cap=3)", "k", {
            "elimination(cap=3)": 1.0, "elimination(k=2,cap=3)": 2.0, "elimination(k=3,cap=3)": 3.0,
        }),
        ("f.py:M", "w", {"f.py:M(w=1)": 1.0, "f.py:M(w=2)": 2.0, "f.py:M(w=4)": 4.0}),
    ]  # fmt: skip


def test_queries_are_those_of_the_replays_and_of_too_many_those_that_tell_most(result):
    run = run_of_result(result)
    looks = pages._looks([run])
    whole = queries(run, looks)
    assert whole["ids"] == list(result.pool.query_ids) and whole["metrics"] == ["coverage", "accuracy_best"]
    for n, policy in enumerate(whole["policies"]):
        outcome = result.outcome(policy["name"])
        for b in range(len(BUDGETS)):
            values = outcome.per_query["coverage"][:, b]
            assert [v / 1000 for v in whole["values"][0][n][b]] == pytest.approx(values.tolist(), abs=5.1e-4)
            assert [d / 10 for d in whole["draws"][n][b]] == pytest.approx(outcome.draws[:, b].tolist(), abs=0.051)
    few = queries(run, looks, most=3 * 4 * 3 * 3)
    at = [outcome.per_query["coverage"][:, 1] for outcome in result.outcomes]
    spread = [max(v) - min(v) for v in zip(*at, strict=True)]
    assert few["all"] == 20 and len(few["ids"]) == 3
    least = min(spread[whole["ids"].index(query)] for query in few["ids"])
    assert sum(s > least for s in spread) < 3
    one, base = (whole["policies"][i]["name"] for i in whole["pair"])
    assert base == "uniform" and one in ("elimination", "consensus")


def test_a_report_of_policies_without_limits_for_new_queries():
    """The marks of such a pair compared null with a number: a traceback, in any report with uab on a small pool."""
    pool = ttcsim.load("builtin:smollm2-arithmetic")
    small = pool.subset(pool.query_ids[::54])
    result = ttcsim.sweep(small, ["uniform", "damani"], [1.0, 2.0], reps=5)
    assert result.frame["lo_queries"].has_nulls()
    assert "No interval for new queries" in page(result)


def test_the_parts_of_the_page_are_in_the_package():
    for name in ("page.html", "run.html", "parts.html", "page.css", "page.js"):
        assert files("ttcsim.report.page").joinpath(name).is_file()


def test_the_table_of_check_is_that_of_the_terminal(tmp_path):
    pool = make_pool("beta(0.5,1)", 12, 16)
    run = run_of_result(ttcsim.sweep(pool, ["uniform", "elimination"], BUDGETS, reps=4))
    claims = check(pool, budgets=BUDGETS, reps=40, only=["G1", "G2"])
    text = html.unescape(report_html([run._replace(claims=claims)]))
    folder = ttcsim.write(pool, tmp_path / "pool")
    said = " ".join(commands.run("check", folder, "-b", "1,2,4", "--reps", 40, "--only", "G1,G2").stdout.split())
    for claim in claims:
        assert claim.statement in text
    (summed,) = re.findall(r"\d+ statements, .*?\.", said)
    assert summed in text and "ttcsim report --check" not in text


def test_check_needs_the_pool_and_is_refused_without(result, tmp_path):
    done = commands.run("report", result.save(tmp_path / "run"), "--check")
    assert done.returncode == 2 and "does not say where its pool lies" in done.stderr
    assert len(done.stderr.splitlines()) == 1 and not (tmp_path / "run" / "report.html").exists()


def test_the_command_that_it_gives_runs_the_same_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["sweep", "builtin:smollm2-arithmetic", "-p", "uniform", "-p", "mine=elimination(k=2)", "-b", "0.5,30",
             "--reps", 3, "--seed", 5, "--cost", "tokens", "--select", "best", "--by", "level"]  # fmt: skip
    assert commands.run(*words, "--out", "one").returncode == 0
    assert commands.run("report", "one").returncode == 0
    commanded = re.findall(r"<pre[^>]*><code>([^<]*)", (tmp_path / "one" / "report.html").read_text())
    again, swept = (shlex.split(html.unescape(line)) for line in commanded)
    assert again == ["ttcsim", "rerun", "one"]
    assert commands.run(*swept[1:], "--out", "two").returncode == 0
    one, two = (json.loads((tmp_path / name / "config.json").read_text()) for name in ("one", "two"))
    assert one == two
    assert pl.read_parquet("one/frame.parquet").equals(pl.read_parquet("two/frame.parquet"))


def test_the_command_has_every_option_that_changes_a_number(result):
    unusual = {
        "cost": "tokens", "replay": "bootstrap", "selectors": ["best"], "reward": "r", "from_source": "x", "wave": 2,
        "speed": 3.0, "streams": 4, "by": ["level"], "source": "pool", "policies": ["uniform"],
    }  # fmt: skip
    run = run_of_result(result)
    (command,) = again(run._replace(config={**run.config, **unusual}))
    asked = set(inspect.signature(sweep).parameters) - {
        "pool", "policy", "budgets", "prices", "precision", "skip_unfit", "noise", "out", "resume",
        "keep_replications", "as_json", "threads", "executor", "ray_address", "dry_run", "within",
    }  # fmt: skip
    assert {word.removeprefix("--") for word in shlex.split(command) if word.startswith("--")} == asked


def test_run_folders_without_tables_of_queries_are_still_read(result, tmp_path):
    folder = result.save(tmp_path / "run")
    for name in ("queries.parquet", "per_query.parquet", "pool.json"):
        (folder / name).unlink()
    run = run_of_folder(folder)
    assert run.queries is None and run.facts is None
    assert "keeps no table of single queries" in report_html([run])


def test_several_runs_go_to_a_file_of_their_own(result, tmp_path):
    one, two = (result.save(tmp_path / name) for name in ("one", "two"))
    done = commands.run("report", one, two)
    assert done.returncode == 2 and "--out FILE" in done.stderr and len(done.stderr.splitlines()) == 1
    done = commands.run("report", one, two, "--out", tmp_path / "both.html")
    assert done.returncode == 0 and done.stdout.strip().endswith("both.html")
    found = Everything((tmp_path / "both.html").read_text())
    assert len(found.data["queries"]) == 2 and "2 pools" in found.text


def test_a_figure_for_a_paper(result, tmp_path):
    folder, path = result.save(tmp_path / "run"), tmp_path / "x.pdf"
    for name in ("coverage", "accuracy_best", "difference", "efficiency", "allocation"):
        path.unlink(missing_ok=True)
        done = commands.run("report", folder, "--figure", path, "--of", name)
        assert done.returncode == 0 and path.read_bytes().startswith(b"%PDF")
    assert not (folder / "report.html").exists()
    done = commands.run("report", folder, "--figure", path, "--of", "efficency")
    assert done.returncode == 2 and "did you mean 'efficiency'" in done.stderr and len(done.stderr.splitlines()) == 1
    assert commands.run("report", folder, folder, "--figure", path).returncode == 2
