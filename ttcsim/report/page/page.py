"""One self-contained HTML page of runs."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from ttcsim.plot.curves import MOST
from ttcsim.plot.style import Style, alike, run_styles
from ttcsim.policies.strings import split_label
from ttcsim.pool.folders import write_whole
from ttcsim.report import tables
from ttcsim.report.finding import finding
from ttcsim.report.looks import PAPER, Look, looks_of
from ttcsim.report.page.library import library
from ttcsim.report.run import Run
from ttcsim.report.sections.again import again
from ttcsim.report.sections.draws import draws
from ttcsim.report.sections.efficiency import efficiency
from ttcsim.report.sections.families import family_figures
from ttcsim.report.sections.groups import groups
from ttcsim.report.sections.guarantees import guarantees
from ttcsim.report.sections.pools import pools
from ttcsim.report.sections.profile import profile
from ttcsim.report.sections.queries import MOST_NUMBERS, queries
from ttcsim.report.sections.regret import regret
from ttcsim.report.sections.values import values
from ttcsim.report.sections.wins import wins


def report_html(runs: Sequence[Run], *, headline: str = "") -> str:
    """The page as text, with all that it needs inside.

    Parameters
    ----------
    runs : sequence of Run
        One, or several pools.
    headline : str
        What stands above all; by default the finding of the only run.
    """
    looks = _looks(runs)
    data: dict[str, Any] = {"specs": [], "queries": []}
    told = [_told(run, looks, data["queries"], MOST_NUMBERS // len(runs)) for run in runs]
    charts, script = library(), _text("page.js")
    return _PAGES.get_template("page.html").render(
        title=runs[0].name if len(runs) == 1 else f"{len(runs)} pools",
        headline=headline,
        pools=pools(runs, looks),
        runs=told,
        looks=list(looks.values()),
        shown=_shown(runs[0], looks),
        all_looks=_by_key([*looks.values(), *(look for one in told for f in one["families"] for look in f["looks"])]),
        paper=PAPER,
        oracles=tables.ORACLES,
        style=_text("page.css"),
        keep=lambda spec: data["specs"].append(spec) or len(data["specs"]) - 1,
        embedded=lambda: _json(data),
        library=charts,
        script=script,
        policy=_policy(charts, script),
    )


def write_report(path: Path, text: str) -> Path:
    """Write the page, whole or not at all."""
    # Names of files need not be text that UTF-8 has.
    write_whole(path, text.encode("utf-8", errors="backslashreplace"))
    return path


def _told(run: Run, looks: dict[str, Look], data: list[Any], most: int) -> dict[str, Any]:
    """What the page says of one run."""
    single = queries(run, looks, most)
    data.append(single)
    return {
        "name": run.name,
        "config": run.config,
        "headline": finding(run.frame, run.comparison, run.config),
        "labelled": [text for text in run.config["policies"] if split_label(text)[0]],
        "metrics": [values(run, name, looks) for name in run.frame["metric"].unique(maintain_order=True)],
        "efficiency": efficiency(run, looks),
        "families": family_figures(run),
        "wins": wins(run),
        "groups": groups(run),
        "draws": draws(run, looks),
        "queries": single,
        "regret": regret(run, looks),
        "profile": profile(run),
        "guarantees": guarantees(run),
        "again": again(run),
    }


def _looks(runs: Sequence[Run]) -> dict[str, Look]:
    """The policies of all runs, as they look in the figures of the first that has them."""
    styles: dict[str, Style] = {}
    for run in runs:
        styles |= {name: style for name, style in run_styles(run.frame).items() if name not in styles}
    return looks_of(styles.items())


def _shown(run: Run, looks: dict[str, Look]) -> set[str]:
    """Keys of the policies that are switched on at first: as many as figures name, of those alike one."""
    rows = run.frame.filter(metric=run.frame["metric"][0])
    groups = alike(rows, "spent", "mean")
    rank = {name: i for i, name in enumerate(looks)}
    first = sorted((names[0] for names in groups), key=lambda name: rank[name])[:MOST]
    return {looks[name].key for name in first}


def _by_key(looks: Iterable[Look]) -> list[Look]:
    """Each once."""
    return list({look.key: look for look in looks}.values())


def _json(data: Any) -> str:
    """JSON that cannot end the element it stands in, nor a line of a script."""
    text = json.dumps(_plain(data), separators=(",", ":"), allow_nan=False)  # ASCII: no U+2028
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plain(value: Any) -> Any:
    """Without NaN and infinities, which JSON does not have, and with halves of surrogate pairs written out."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_plain(key): _plain(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(own) for own in value]
    return value


def _policy(*scripts: str) -> str:
    """What the page may do: run these scripts and no other, and ask nothing of any network."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}"


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


_PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader(__package__, "."),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_PAGES.filters["cell"] = _cell
