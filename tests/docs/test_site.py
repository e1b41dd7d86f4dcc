"""The site: everything public is in it, it asks nothing of a network, and notebooks say what their numbers do."""

import importlib.util
import re
import shutil
import tomllib
from html.parser import HTMLParser

import polars as pl
import pytest
from test_pages import ROOT

import ttcsim
from docs.assemble import documents
from docs.build import build
from docs.notebook import run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LOADS = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src", "object": "data"}
"""What a browser fetches without being asked."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built in a folder of its own."""
    project = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "zensical.toml", project)
    for package in ("ttcsim", "harvest"):
        (project / package).symlink_to(ROOT / package)
    return build(project)


def test_every_document_is_in_the_contents_and_nothing_else():
    config = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]
    listed = [page for section in config["nav"] for pages in section.values() for one in pages for page in one.values()]
    assert len(set(listed)) == len(listed)
    assert set(listed) == set(documents().values()), "zensical.toml: nav has other pages than there are documents"


def test_everything_public_is_in_the_reference():
    told = re.findall(r"^::: (\S+)$", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
    assert len(set(told)) == len(told)
    own = {name.removeprefix("ttcsim.") for name in told if name.count(".") == 1}
    assert own == set(ttcsim.__all__), "docs/api.md has other names than ttcsim.__all__"


class Page(HTMLParser):
    """What a page loads, the anchors it has, and its text."""

    def __init__(self, path):
        super().__init__()
        self.loads, self.anchors, self.text = [], set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self.anchors.add(told.get("id"))
        if LOADS.get(tag) in told:
            self.loads.append(told[LOADS[tag]])

    def handle_data(self, data):
        self.text.append(data)


def pages_load_nothing_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > len(documents())
    for path in pages:
        for address in Page(path).loads:
            assert not re.match(r"[a-z]+:(?!image/)|//", address.removeprefix("data:")), f"{path.name} loads {address}"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?(https?:)?//|@import", style.read_text()), style


def the_reference_has_every_name_with_its_parameters(site):
    page = Page(site / "api.html")
    assert {f"ttcsim.{name}" for name in ttcsim.__all__} <= page.anchors
    assert {"ttcsim.Session.ask", "ttcsim.Result.per_query", "ttcsim.Pool.rates"} <= page.anchors
    text = " ".join(" ".join(page.text).split())
    assert "Average budget per query, in units of" in text and ">>>" in text
    # Sections of a docstring that were not read as such stand there as they were typed.
    assert not re.search(r"-{4,}|:(func|class|meth):|``", text)


def the_first_study_concludes_what_its_numbers_say(site):
    names = run(ROOT / "docs" / "notebooks" / "first_study.py").names
    at_8, levels = names["at_8"], names["levels"]
    # The exact values: pass@8, and elimination's coverage at a fixed budget.
    pool = names["pool"]
    exact = ttcsim.theory.elimination_coverage(pool.sizes, pool.successes, 8 * pool.n_queries).value
    uniform = ttcsim.theory.uniform_coverage(pool.sizes, pool.successes, 8 * pool.n_queries)
    assert at_8["difference"] == pytest.approx(exact - uniform, abs=5 * at_8["se"])
    assert at_8["lo_queries"] > 0 and at_8["queries_holm"] < 0.05
    assert set(names["result"].served.values()) == {16.0}
    assert levels["group"].n_unique() == pool.queries["level"].n_unique() + 2
    shown = Page(site / "notebooks" / "first_study.html")
    assert f"{100 * at_8['difference']:.1f} points" in "".join(shown.text)
    assert sum(address.startswith("data:image/svg") for address in shown.loads) == 5


def the_second_notebook_tells_a_better_policy_from_a_lucky_one():
    names = run(ROOT / "docs" / "notebooks" / "my_policy.py").names
    judged, bounds = names["judged"], names["bounds"]
    hopeful = judged.row(0, named=True)
    assert hopeful["policy"] == "hopeful" and hopeful["lo_queries"] > 0.05 and hopeful["queries_holm"] < 0.001
    meant = judged.filter(pl.col("policy").str.contains(r"\+"))
    assert meant.height == 3 and meant["difference"].max() < 0
    assert names["tuned"]["difference"] > names["held_out"]["difference"] and names["held_out"]["lo_queries"] < 0
    left = {row["policy"]: row for row in bounds.iter_rows(named=True)}
    assert left["hopeful"]["regret_optimal"] < -0.05 < abs(left["elimination"]["regret_optimal"]) < 0.005
    assert 0 < left["hopeful"]["regret"] < left["elimination"]["regret"]
    over = names["over_models"].filter(policy="uniform", statistic="mean").row(0, named=True)
    assert over["pools"] == 7 and over["biased"] == 0 and over["hi_pools"] < 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:policy")
def test_the_site_is_whole(site):
    """One test, for a site is built once by each process that has one."""
    pages_load_nothing_from_elsewhere(site)
    the_reference_has_every_name_with_its_parameters(site)
    the_first_study_concludes_what_its_numbers_say(site)
    the_second_notebook_tells_a_better_policy_from_a_lucky_one()


@pytest.mark.slow
@pytest.mark.skipif(
    CHROMIUM is None or importlib.util.find_spec("playwright") is None,
    reason="there is no Chromium, or no playwright; make test-extras installs them",
)
def test_pages_fit_a_phone_and_are_searched_from_a_folder(site):
    from playwright import sync_api as playwright

    faults = []
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_context(viewport={"width": 360, "height": 740}).new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or faults.append(asked.url))
        for place in ("index.html", "policies.html", "guarantees.html", "api.html", "notebooks/first_study.html"):
            page.goto((site / place).as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, place
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto((site / "notebooks" / "first_study.html").as_uri())
        page.keyboard.press("Control+k")
        box = page.get_by_role("textbox").or_(page.get_by_role("searchbox")).or_(page.get_by_role("combobox")).first
        box.wait_for()
        box.fill("exists already and is not overwritten")
        page.get_by_text("exists already and is not overwritten").first.wait_for()
        chromium.close()
    assert faults == []
