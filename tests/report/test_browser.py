"""The page in a real browser: it draws without an error, and does what readers ask of it.

`make test-extras` installs Chromium and runs these; without one they are skipped.
"""

import shutil

import hostile_runs
import pytest

import ttcsim
from ttcsim.pool.worlds import make_pool
from ttcsim.report.page.page import report_html, write_report
from ttcsim.report.run import run_of_result

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; make test-extras does")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium; make test-extras installs it")

MEGABYTES, SECONDS = 8, 2.0
"""What a report of 25 policies, 8 budgets and 500 queries may weigh, and take to open."""


@pytest.fixture(scope="module")
def result():
    policies = ["uniform", "elimination", "consensus", "clairvoyant", "prophet"]
    policies += [f"two-stage(share={share})" for share in (0.25, 0.5, 0.75)]
    return ttcsim.sweep(make_pool("beta(0.5,1)", 60, 30), policies, [1, 2, 4], reps=20)


@pytest.fixture(scope="module")
def report(result, tmp_path_factory):
    return write_report(tmp_path_factory.mktemp("report") / "report.html", report_html([run_of_result(result)]))


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])  # root has none
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """Opens a page and waits until it has drawn; the console has to stay empty, and no network be asked."""
    contexts, faults = [], []

    def open_page(path, **settings):
        contexts.append(browser.new_context(**settings))
        page = contexts[-1].new_page()
        page.on("console", lambda said: faults.append(said.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(dialog.message))
        page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or faults.append(asked.url))
        page.goto(path.as_uri())
        page.wait_for_selector("html.ready")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def lines(page, section="#run0-metric1"):
    """How many lines the visible chart of a section has."""
    return page.locator(f"{section} .panel:not([hidden]) .mark-line.role-mark path").count()


def test_policies_are_switched_on_and_off_in_every_figure(opened, report):
    page = opened(report)
    assert page.locator("#policies input:checked").count() == 8 - 1  # two-stage draws as elimination on this grid
    before = lines(page), lines(page, "#run0-draws")
    page.get_by_role("checkbox", name="uniform").uncheck()
    page.wait_for_function("document.querySelector('#said').textContent.startsWith('6 of 8')")
    page.wait_for_timeout(100)
    assert (lines(page), lines(page, "#run0-draws")) == (before[0] - 1, before[1] - 1)
    assert "uniform" not in page.locator("#run0-metric1 .legend").inner_text()
    page.get_by_role("button", name="none").press("Enter")
    page.wait_for_function("document.querySelectorAll('#run0-metric1 .legend li').length === 0")
    page.get_by_role("button", name="all").press("Enter")
    page.wait_for_function("document.querySelectorAll('#run0-metric1 .legend li').length === 8")


def test_a_point_says_its_values_to_pointers_and_to_keys(opened, report, result):
    page = opened(report)
    row = result.frame.filter(policy="elimination", metric="coverage", budget=4.0).row(0, named=True)
    limits = f"{100 * row['lo_queries']:.1f}–{100 * row['hi_queries']:.1f}"
    name = f"policy: elimination; budget: 4 samples; samples spent per query: 4; value: {100 * row['mean']:.1f} %; "
    point = page.locator(f'#run0-metric1 [aria-label^="{name}"]')
    point.hover(force=True)
    tip = page.locator("#vg-tooltip-element.visible").inner_text()
    assert "elimination" in tip and limits in tip and limits in point.get_attribute("aria-label")
    plot = page.locator("#run0-metric1 .panel:not([hidden]) .plot")
    plot.focus()
    page.keyboard.press("ArrowRight")
    first = page.locator("#said").inner_text()
    page.keyboard.press("ArrowRight")
    second = page.locator("#said").inner_text()
    assert first.startswith("policy: ") and second.startswith("policy: ") and first != second
    page.keyboard.press("ArrowLeft")
    assert page.locator("#said").inner_text() == first == page.locator("#run0-metric1 .here").inner_text()
    assert page.locator("#run0-metric1 .spot").count() == 1


def test_panels_change_what_is_shown(opened, report):
    page = opened(report)
    choice = page.locator("#run0-metric1 .choose")
    choice.select_option(label="points above uniform")
    page.wait_for_selector("#run0-metric1 .panel:not([hidden]) .plot.drawn svg")
    assert "points above the baseline" in page.locator("#run0-metric1 .panel:not([hidden]) svg").text_content()
    assert page.locator("#run0-metric1 .legend li").count() == 6  # of the 7 that are on, the baseline is not in it
    page.locator("#run0-wins .choose").select_option(label="1")
    assert "coverage at 1" in page.locator("#run0-wins .panel:not([hidden])").inner_text()


def test_which_queries_one_policy_solves_and_the_other_does_not(opened, report, result):
    page = opened(report)
    place = page.locator("#run0-queries")
    place.get_by_label("at budget").select_option(label="4 samples")
    place.get_by_label("policy A").select_option(label="elimination")
    place.get_by_label("policy B").select_option(label="uniform")
    place.get_by_label("show").select_option(label="A does better")
    one, other = (result.outcome(name).per_query["coverage"][:, 2] for name in ("elimination", "uniform"))
    better = {q for q, a, b in zip(result.pool.query_ids, one, other, strict=True) if round(a - b, 3) > 0}
    rows = place.locator("tbody tr")
    assert len(better) <= 50 and set(rows.locator("td:first-child").all_inner_texts()) == better
    gaps = [float(text) for text in rows.locator("td:nth-child(5)").all_inner_texts()]
    assert gaps == sorted(gaps, reverse=True)
    head = place.get_by_role("columnheader", name="success rate in the pool")
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    rates = [float(text.removesuffix(" %")) for text in rows.locator("td:nth-child(2)").all_inner_texts()]
    assert rates == sorted(rates)
    place.get_by_label("show").select_option(label="all queries")
    assert rows.count() == 50
    place.get_by_role("button", name="more rows").click()
    assert rows.count() == 60 and not place.get_by_role("button", name="more rows").is_visible()
    place.get_by_label("find").fill(result.pool.query_ids[7])
    assert result.pool.query_ids[7] in rows.locator("td:first-child").all_inner_texts() and rows.count() < 60


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_passes_the_rules_of_axe(opened, report, scheme):
    """Names, roles, labels, the order of headings, contrast: those of WCAG 2 A and AA that a program can decide."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(opened(report, color_scheme=scheme))
    assert found.violations_count == 0, found.generate_report()


def test_nothing_is_wider_than_a_phone(opened, report):
    page = opened(report, viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert not page.locator("#policies").is_visible()
    page.get_by_text("Policies and contents").click()
    assert page.locator("#policies").is_visible()


def test_in_print_it_is_on_white_paper_with_its_legends(opened, report):
    page = opened(report, color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("#run0-metric1 .legend").is_visible() and not page.locator("aside").is_visible()
    assert page.pdf().startswith(b"%PDF")


def test_without_scripts_the_tables_are_there(opened, report, browser):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(report.as_uri())
    assert page.locator("table.grid").count() >= 4
    assert "Figures and the table of queries need scripts" in page.locator("main").inner_text()


def test_names_from_outside_stay_text(opened, result, tmp_path):
    runs = [hostile_runs.run_named(result, name) for name in hostile_runs.HOSTILE]
    page = opened(write_report(tmp_path / "hostile.html", report_html(runs)))
    assert page.locator("main img, main script, main b, main [onload], main [onerror]").count() == 0
    page.locator("#run0-metric1 .plot").first.focus()
    page.keyboard.press("ArrowRight")
    assert "alert" in page.locator("#said").inner_text()


def test_a_large_report_is_light_and_opens_at_once(opened, tmp_path, browser):
    pool = make_pool("beta(0.5,1)", 500, 64)
    policies = ["uniform", *(f"two-stage(share={i / 25})" for i in range(1, 25))]
    large = ttcsim.sweep(pool, policies, [1, 1.5, 2, 3, 4, 6, 8, 12], reps=4)
    path = write_report(tmp_path / "large.html", report_html([run_of_result(large)]))
    assert path.stat().st_size < MEGABYTES * 1e6
    page = browser.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # of this page alone, however busy the machine
    page.goto(path.as_uri())
    page.wait_for_selector("#run0-metric1 .plot.drawn")
    spent = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}["TaskDuration"]
    page.close()
    assert spent < SECONDS
