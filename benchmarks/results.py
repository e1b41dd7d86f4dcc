"""All benchmarks into one page, RESULTS.md: a summary, a figure (results.svg) and a section for each script.

Every script runs in a process of its own and hands over its numbers; results.json keeps them, and ``--redraw`` makes
the page and the figure of them again without measuring. How to run, and what the quotes mean, is in README.md.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from figure import draw
from tables import Compared, Found, Table, from_json, markdown_of, to_markdown

HERE = Path(__file__).parent
SCRIPTS = (
    "speed_of_c",
    "speed_of_choice",
    "speed_of_peers",
    "speed_by_queries",
    "speed_by_threads",
    "speed_of_rules",
    "speed_of_loading",
    "start_up",
    "speed_of_strategies",
    "speed_of_session",
    "forecast",
    "verification",
)
BUSY = 0.1
"""Share of the cores, taken by other work, from which a run is marked as one on a busy machine."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer rounds, some minutes in all")
    parser.add_argument("--redraw", action="store_true", help="measure nothing: page and figure from results.json")
    asked = parser.parse_args()
    kept = HERE / "results.json"
    if not asked.redraw:
        replace(kept, json.dumps(measured(asked.quick), indent=1) + "\n")
    told = json.loads(kept.read_text())
    sections = {name: from_json(json.dumps(one)) for name, one in told["sections"].items()}
    draw(sections, HERE / "results.svg")
    replace(HERE / "RESULTS.md", page(told["about"], sections))


def replace(path: Path, text: str) -> None:
    """A file is written whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.replace(path)


def measured(quick: bool) -> dict[str, Any]:
    """The numbers of all scripts, and on what they were measured."""
    about = {"quick": quick, "date": datetime.date.today().isoformat(), "others": others(), **machine()}
    sections, begun = {}, time.monotonic()
    for name in SCRIPTS:
        started = time.monotonic()
        command = [sys.executable, "-W", "ignore", str(HERE / f"{name}.py"), "--json", *(["--quick"] if quick else [])]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"benchmarks: {name} failed with exit status {done.returncode}; RESULTS.md is as it was")
        sections[name] = json.loads(done.stdout)
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    about["seconds"] = time.monotonic() - begun
    about["others"] = max(about["others"], others())
    return {"about": about, "sections": sections}


def others(seconds: float = 3.0) -> float:
    """Share of the cores that other work takes, while nothing runs here; where the system does not say, nothing."""
    place = Path("/proc/stat")
    if not place.exists():
        return 0.0

    def spent() -> tuple[int, int]:
        _, user, nice, system, idle, waiting, *_ = place.read_text().splitlines()[0].split()
        return int(user) + int(nice) + int(system), int(idle) + int(waiting)

    before = spent()
    time.sleep(seconds)
    busy, idle = (now - then for now, then in zip(spent(), before, strict=True))
    return busy / max(1, busy + idle)


def machine() -> dict[str, Any]:
    """What it ran on."""
    cpu = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    gcc = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
    return {
        "cpu": cpu[0].partition(":")[2].strip() if cpu else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "versions": {
            "Python": platform.python_version(),
            **{name: __import__(name).__version__ for name in ("numpy", "numba")},
            "gcc": gcc,
        },
    }


def page(about: dict[str, Any], sections: dict[str, Found]) -> str:
    """RESULTS.md."""
    compared = [one for found in sections.values() for one in found.compared]
    parts = [
        "# Benchmarks",
        head(about),
        "![Left: how many times as fast as C and as Python libraries every hot path is. Right: nanoseconds a draw "
        "against queries.](results.svg)",
        "## Summary",
        "Of one core unless a row says more; the ratio is ttcsim's speed over the other's, both timed in turns.",
        markdown_of(summary(compared)),
    ]
    for name, found in sections.items():
        parts += [f"## {name}", to_markdown(found)]
    return "\n\n".join(parts) + "\n"


def head(about: dict[str, Any]) -> str:
    """By what and on what the page was made."""
    command = "make bench-quick" if about["quick"] else "make bench"
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    words = (
        f"Generated by `{command}` on {about['date']} in {about['seconds'] / 60:.0f} minutes, on {about['cores']} "
        f"cores ({about['cpu']}), {versions}. [How to run it, and what the quotes mean](README.md)."
    )
    marks = []
    if about["quick"]:
        marks.append("A quick run: smaller sizes, fewer rounds.")
    if about["others"] > BUSY:
        marks.append(f"Other work took {about['others']:.0%} of the cores: ratios are rough, seconds too long.")
    return words + (f"\n\n**{' '.join(marks)}**" if marks else "")


def summary(compared: list[Compared]) -> Table:
    """Every hot path beside C and its peers."""
    rows = [
        (
            one.path,
            told(one.ours, one.unit),
            one.other,
            told(one.theirs, one.unit),
            f"{one.ratio:,.0f}" if one.ratio >= 100 else f"{one.ratio:.2g}",
            one.target,
            None if one.target is None else "yes" if one.ratio >= one.target else "**no**",
        )
        for one in compared
    ]
    heads = "hot path", "ttcsim", "beside", "its speed", "ratio", "target", "met?"
    return Table(heads, ("", "", "", "", "", "{:,g}", ""), rows)


def told(speed: float, unit: str) -> str:
    return f"{speed:.3g} {unit}" if 0.01 < speed < 1000 else f"{speed:.1e} {unit}"


if __name__ == "__main__":
    main()
