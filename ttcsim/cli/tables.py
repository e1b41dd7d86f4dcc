"""What the command line writes to stdout: tables for people, one JSON object for programs."""

from __future__ import annotations

import json
import math
import sys
from importlib.metadata import version
from typing import Any

from rich.console import Console

OUT = Console(width=None if sys.stdout.isatty() else 140)


def json_ready(value: Any) -> Any:
    """Without NaN and infinities, which JSON does not have: null stands for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: json_ready(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(v) for v in value]
    return value


def print_json(rows: list[dict[str, Any]], config: dict[str, Any], **more: Any) -> None:
    """The one object of ``--json``: rows, config and version."""
    print(json.dumps(json_ready({"rows": rows, "config": config, "version": version("ttcsim"), **more})))
