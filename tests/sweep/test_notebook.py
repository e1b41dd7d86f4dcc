"""A result and a pool in a session: short, and tables in which names are text; a result compares and saves itself."""

from html.parser import HTMLParser
from pathlib import Path

import commands
import polars as pl
import pytest

import ttcsim
from ttcsim.errors import InputError
from ttcsim.pool.worlds import make_pool

POOL = "builtin:smollm2-arithmetic"
RULE = """from dataclasses import dataclass
import ttcsim

@dataclass(frozen=True)
class Lazy(ttcsim.Policy):
    @ttcsim.score
    def score(s, p, key):
        return -s.draws
"""


@pytest.fixture(scope="module")
def result():
    return ttcsim.sweep(
        POOL, {"uniform": "uniform", "a <b> & co": "elimination", "prophet": "prophet"}, [1, 2, 8], reps=20,
        selectors=["best"],
    )  # fmt: skip


class Cells(HTMLParser):
    """Tags, and the text of each cell."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.cells, self.text, self.inside = set(), [], "", False
        self.feed(text.replace("\n", ""))

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag in ("td", "th"):
            self.cells.append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        self.text += data
        if self.inside:
            self.cells[-1] += f" {data}" if self.cells[-1] else data


def test_a_result_says_in_three_lines_what_it_is_and_who_was_best(result):
    lines = repr(result).splitlines()
    assert len(lines) == 3 and max(map(len, lines)) < 120
    assert "uniform, a <b> & co, prophet" in lines[0] and "3 budgets from 1 to 8 samples" in lines[0]
    assert "smollm2-arithmetic: 324 queries, 82,944 samples" in lines[1]
    best = result.frame.filter(policy="a <b> & co", metric="coverage", budget=8.0).row(0, named=True)
    limits = f"{100 * best['lo_queries']:.1f} to {100 * best['hi_queries']:.1f}"
    assert lines[2].endswith(f"best at 8: a <b> & co, coverage {best['mean']:.1%} ({limits} for new queries)")
    assert repr(result.outcomes) == "[Outcome(uniform), Outcome(a <b> & co), Outcome(prophet)]"


def test_what_has_no_limits_or_leans_on_the_pool_s_end_says_so():
    with pytest.warns(UserWarning, match="ran out"):
        short = ttcsim.sweep(make_pool("beta(0.5,1)", 20, 4), ["elimination"], [4.0], reps=2)
    assert repr(short).endswith("not that of fresh samples")
    assert "* some queries ran out" in Cells(short._repr_html_()).text
    oracle = ttcsim.sweep(make_pool("beta(0.5,1)", 1, 4), ["prophet"], [1.0], reps=1)
    assert len(repr(oracle).splitlines()) == 2
    ttcsim.sweep(make_pool("beta(0.5,1)", 1, 4), ["uniform"], [1.0], reps=1)._repr_html_()


def test_the_table_of_a_notebook_has_every_value_with_its_limits_for_new_queries(result):
    found = Cells(result._repr_html_())
    assert found.tags == {"div", "strong", "table", "thead", "tbody", "tr", "th", "td", "small", "br"}
    for row in result.frame.iter_rows(named=True):
        cell = f"{100 * row['mean']:.1f} {100 * row['lo_queries']:.1f} to {100 * row['hi_queries']:.1f}"
        assert cell in found.cells
    names = [cell for cell in found.cells if cell.startswith(("uniform", "a <b>", "prophet"))]
    assert names == ["uniform", "a <b> & co", "prophet oracle"] * 2  # once for each metric


def test_a_pool_is_a_line_and_a_table():
    pool = ttcsim.load(POOL)
    assert repr(pool) == ("Pool smollm2-arithmetic: 324 queries, 82,944 samples (256 each), mean success rate 17.9%")
    found = Cells(pool._repr_html_())
    assert {"324", "82,944 (256 of each query)", "14.8% of the queries"} <= set(found.cells)
    assert Cells(make_pool("beta(0.5,1)", 3, 5)._repr_html_()).cells[1] == "3"


def test_the_values_behind_the_means(result):
    keys = ["policy", "metric", "budget"]
    means = result.frame.sort(keys)["mean"].to_list()
    single = result.per_replication().group_by(keys).agg(pl.col("value").mean()).sort(keys)
    assert single["value"].to_list() == pytest.approx(means, abs=1e-12)
    queries = result.per_query()
    found = queries.group_by(keys).agg(pl.col("value", "influence", "spent").mean()).sort(keys)
    assert found["value"].to_list() == pytest.approx(means, abs=1e-12)
    assert found["influence"].to_list() == pytest.approx(means, abs=1e-12)
    assert found["spent"].to_list() == pytest.approx(result.frame.sort(keys)["spent"].to_list(), abs=1e-12)
    own = queries.filter(policy="uniform", metric="coverage", budget=8.0)
    assert own["query_id"].to_list() == list(result.pool.query_ids) and own["draws"].unique().to_list() == [8.0]


def test_a_result_compares_with_uniform_or_else_the_first(result):
    assert result.compare().equals(ttcsim.compare(result, "uniform"))
    assert result.compare("prophet").equals(ttcsim.compare(result, "prophet"))
    assert result.wins("accuracy_best").equals(ttcsim.wins(result, "accuracy_best"))
    other = ttcsim.sweep(result.pool, ["elimination", "prophet"], [1], reps=2)
    assert other.compare()["baseline"].unique().to_list() == ["elimination"]


def test_a_saved_result_is_the_folder_of_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("lazy.py").write_text(RULE)
    policies = {"uniform": "uniform", "mine": "lazy.py:Lazy"}
    result = ttcsim.sweep(POOL, policies, [1, 2], reps=3)
    folder = result.save("saved")
    done = commands.run(
        "sweep", POOL, "-p", "uniform", "-p", "mine=lazy.py:Lazy", "-b", "1,2", "--reps", 3, "--out", "told"
    )
    assert done.returncode == 0, done.stderr
    files = [sorted(str(p.relative_to(root)) for p in Path(root).rglob("*")) for root in ("saved", "told")]
    assert files[0] == files[1] and (folder / "code" / "0-lazy.py").read_text() == RULE
    assert (folder / "config.json").read_text() == Path("told/config.json").read_text()
    assert pl.read_parquet("saved/frame.parquet").equals(pl.read_parquet("told/frame.parquet"))
    config, frame = ttcsim.read_run(folder)
    assert config["policies"] == ["uniform", "mine=lazy.py:Lazy"] and frame.equals(result.frame)
    assert ttcsim.rerun(folder, trust=True)[1]
    with pytest.raises(InputError, match="saved: exists already"):
        result.save("saved")


def test_a_result_knows_where_its_pool_was_loaded_from(tmp_path, monkeypatch):
    """By a name, a relative path or, of several sources, one of them; wherever it is run again."""
    monkeypatch.chdir(tmp_path)
    own = ttcsim.write(make_pool("beta(0.5,1)", 10, 8), "own")
    (tmp_path / "elsewhere").mkdir()
    for place, policies, options in (
        (POOL, ["uniform"], {}), (own, ["uniform"], {}), ("builtin:aime2025", ["elimination"], {"source": "Qwen3-4B"}),
    ):  # fmt: skip
        for i, pool in enumerate((place, ttcsim.load(place))):
            folder = ttcsim.sweep(pool, policies, [1], reps=2, **options).save(f"run-{Path(place).name}-{i}")
            with monkeypatch.context() as moved:
                moved.chdir(tmp_path / "elsewhere")
                assert ttcsim.rerun(tmp_path / folder)[1]
    assert ttcsim.sweep(own, ["uniform"], [1], reps=2).save("named", source=POOL).exists()
    assert ttcsim.read_run("named")[0]["source"] == POOL


def test_a_result_of_a_pool_made_in_memory_asks_for_the_pool(result, tmp_path):
    """As one of a part of a pool does, which lies nowhere, although the whole does."""
    part = result.pool.subset(result.pool.query_ids[:5])
    folder = ttcsim.sweep(part, ["uniform"], [1], reps=2).save(tmp_path / "run", replications=True)
    assert (folder / "replications.parquet").is_file()
    done = commands.run("rerun", folder)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "its pool was made in memory and lies nowhere; give it with --pool" in done.stderr
    assert ttcsim.rerun(folder, part)[1]
