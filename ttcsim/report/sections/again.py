"""The commands that run the same again."""

from __future__ import annotations

import shlex
from typing import Any

from ttcsim.report.run import Run


def again(run: Run) -> list[str]:
    """What to type: `ttcsim rerun` where there is a folder, and the sweep itself where options say it all."""
    found = []
    if run.folder:
        trust = ["--trust"] if run.config.get("code") else []
        found.append(shlex.join(["ttcsim", "rerun", run.folder, *trust]))
    source = run.config.get("source")
    if source and not run.config["prices"]:
        found.append(shlex.join(["ttcsim", "sweep", str(source), *_options(run.config)]))
    return found


def _options(config: dict[str, Any]) -> list[str]:
    """The options of a sweep, without those that are as by default."""
    words = [word for text in config["policies"] for word in ("-p", text)]
    words += ["-b", ",".join(repr(budget).removesuffix(".0") for budget in config["budgets"])]
    words += ["--reps", str(config["reps"]), "--seed", str(config["seed"])]
    options = {
        "--cost": (config["cost"], "samples"), "--replay": (config["replay"], "permute"),
        "--select": (",".join(config["selectors"]), ""), "--reward": (config["reward"], None),
        "--source": (config["from_source"], None), "--wave": (config["wave"], 1), "--speed": (config["speed"], None),
        "--streams": (config["streams"], None),
    }  # fmt: skip
    words += [word for name, (value, usual) in options.items() if value != usual for word in (name, str(value))]
    return words + [word for column in config.get("by", ()) for word in ("--by", column)]
