"""``ttcsim policies``."""

from __future__ import annotations

import dataclasses
from typing import Any

import ttcsim
from ttcsim.cli import options as opt
from ttcsim.cli.tables import Formats, Row, print_json, say, show


def policies(as_json: opt.Json = False) -> None:
    """List every policy and selector: parameters, what it needs, where it comes from.

    Examples
    --------
    ttcsim policies
    ttcsim policies --json
    """
    from ttcsim.engine.selectors import SELECTORS

    rows = [
        {
            "policy": name,
            "parameters": _defaults(kind),
            "needs": list(kind().columns()),
            "anytime": kind.anytime,
            "source": kind.source,
            "summary": (kind.__doc__ or "").splitlines()[0],
        }
        for name, kind in ttcsim.ALL.items()
    ]
    shared = _defaults(ttcsim.Policy)
    selectors = [
        {
            "selector": name,
            "parameters": _defaults(kind),
            "needs": ["answer"] * kind.votes,
            "source": kind.source,
            "summary": (kind.__doc__ or "").splitlines()[0],
        }
        for name, kind in SELECTORS.items()
    ]
    if as_json:
        print_json(rows, {}, selectors=selectors)
        return

    def called(row: Row) -> str:
        changed = {k: v for k, v in row["parameters"].items() if k not in shared or shared[k] != v}
        own = (f"  {k}={str(v).lower() if isinstance(v, bool) else v}" for k, v in changed.items())
        return "\n".join([row.get("policy") or row["selector"], *own])

    def told(row: Row) -> str:
        facts = [
            row["source"],
            *(f"needs {column}" for column in row["needs"]),
            *["not anytime"] * (not row.get("anytime", True)),
        ]
        return f"{row['summary'].replace('``', '')}\n{'; '.join(filter(None, facts))}"

    formats: Formats = {"policy": called, "what it does, by whom, what it needs": told}
    show(rows, formats, left=formats)
    say(
        "All take k (draws at a time), gamma and signal (what counts as a success: correct, or a reward or confidence "
        "column), and cap (most draws of a query). Anytime: one replay serves every budget."
    )
    show(selectors, {"selector": called, **{title: told for title in [*formats][1:]}}, left=["selector", *formats])


def _defaults(kind: type[Any]) -> dict[str, Any]:
    own = [f for f in dataclasses.fields(kind) if f.name != "label"]  # strings have it in front
    return {f.name: f.default for f in own if f.default is not dataclasses.MISSING}
