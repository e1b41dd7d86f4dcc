"""The settings of every policy and selector for which the plain replay is asked: their names and parameters."""

from __future__ import annotations

from typing import Any

POLICIES: tuple[dict[str, Any], ...] = (
    {"name": "uniform"},
    {"name": "elimination"},
    {"name": "elimination", "k": 2, "cap": 5},
    {"name": "elimination", "k": 3},
    {"name": "elimination", "gamma": 0.75, "signal": "reward"},
    {"name": "elimination", "stream": True},
    {"name": "elimination", "stream": True, "k": 2, "cap": 4},
    {"name": "ucb", "weight": 1.0},
    {"name": "ucb", "weight": 0.5, "k": 2, "gamma": 1.0, "signal": "reward", "cap": 6},
    {"name": "gap", "weight": 0.1, "estimate": "max", "gamma": 0.75, "signal": "reward"},
    {"name": "gap", "weight": 0.0, "estimate": "mean", "gamma": 1.0, "signal": "reward"},
    {"name": "entropy", "weight": 1.0},
    {"name": "entropy", "weight": 0.0, "k": 2},
    {"name": "consensus", "share": 0.5, "min": 3},
    {"name": "consensus", "share": 0.5, "min": 2, "stream": True, "cap": 7},
    {"name": "two-stage", "share": 0.5},
    {"name": "two-stage", "share": 0.25},
    {"name": "thompson", "a": 1.0, "b": 1.0},
    {"name": "thompson", "a": 1.0, "b": 0.3, "k": 2, "cap": 6},
    {"name": "thompson", "a": 0.5, "b": 2.0, "signal": "reward"},
    {"name": "bayes"},
    {"name": "bayes", "signal": "reward", "gamma": 0.75},
    {"name": "adabon", "share": 0.75, "signal": "reward"},
    {"name": "adabon", "share": 0.5, "signal": "reward"},
    {"name": "uab", "base": 1, "tau": 1.0},
    {"name": "uab", "base": 2, "tau": 0.5},
    {"name": "damani", "column": "level"},
    {"name": "damani", "column": "level", "eliminate": True},
    {"name": "bayes-index", "column": "level"},
    {"name": "slg", "m": 2, "tail": 0.5, "horizon": 8, "signal": "reward"},
    {"name": "slg", "m": 3, "tail": 1.0, "horizon": 64, "signal": "reward", "gamma": 0.75, "cap": 7},
    {"name": "adaptive-consistency", "threshold": 0.8, "variant": "beta"},
    {"name": "adaptive-consistency", "threshold": 0.6, "variant": "dirichlet"},
    {"name": "esc", "k": 2, "cap": 8},
    {"name": "bayes-stop", "confidence": 0.7, "keep": 0, "law": "0.4/0.3/0.2/0.1"},
    {"name": "bayes-stop", "confidence": 0.7, "keep": 2, "law": "0.4/0.3/0.2/0.1"},
    {"name": "bayes-stop", "confidence": 0.7, "keep": 3, "law": "0.4/0.3/0.2/0.1"},
    {"name": "elimination", "gamma": 1.0, "signal": "confidence"},
    {"name": "ucb", "weight": 1.0, "gamma": 2.0, "signal": "confidence_signed"},
    {"name": "doubling", "share": 0.75},
    {"name": "doubling", "share": 0.6, "k": 2},
    {"name": "bayes-factor", "factor": 4.0, "unknown": 0.3, "cap": 100},
    {"name": "bayes-factor", "factor": 6.0, "unknown": 1.0, "cap": 120},
    {"name": "consol", "variant": "sprt", "alpha": 0.05},
    {"name": "consol", "variant": "msprt", "alpha": 0.05},
    {"name": "consol", "variant": "binomial", "alpha": 0.2, "cap": 40},
    {"name": "consol", "variant": "beta", "alpha": 0.2, "cap": 40},
    {"name": "deepconf", "share": 0.6, "min": 3, "signal": "confidence"},
    {"name": "deepconf", "share": 0.9, "min": 2, "signal": "reward", "cap": 6},
    {"name": "clairvoyant"},
    {"name": "prophet"},
)


SELECTORS: tuple[dict[str, Any], ...] = (
    {"name": "first"},
    {"name": "best"},
    {"name": "majority"},
    {"name": "weighted"},
    {"name": "best", "by": "confidence_signed"},
    {"name": "weighted", "by": "confidence"},
    {"name": "deepconf", "keep": 10.0, "by": "confidence"},
    {"name": "deepconf", "keep": 60.0, "by": "reward"},
    {"name": "cisc", "temperature": 1.0, "by": "confidence_signed"},
    {"name": "cisc", "temperature": 0.3, "by": "confidence"},
    {"name": "borda", "p": 0.5, "by": "confidence_signed"},
    {"name": "borda", "p": 2.0, "by": "confidence"},
)


def label(policy: dict[str, Any]) -> str:
    """The string form of a policy or selector."""
    inside = ",".join(f"{k}={v!r}" for k, v in policy.items() if k != "name")
    return f"{policy['name']}({inside})" if inside else str(policy["name"])
