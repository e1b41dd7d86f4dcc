"""Verifiers by name: a response in, whether it is right and its answer out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from harvest.config import VerifierConfig
from harvest.tasks.problem import Problem
from harvest.verifiers import rules
from harvest.verifiers.judge import code
from harvest.verifiers.verdict import Verdict
from ttcsim.errors import InputError, among

Verifier = Callable[[str, Problem, VerifierConfig], Verdict]

VERIFIERS: dict[str, tuple[Verifier, str]] = {
    "math": (rules.math, "mathematically equal (math-verify)"),
    "integer": (rules.integer, "the same integer"),
    "number": (rules.number, "the same number"),
    "exact": (rules.exact, "the same text but for case and blanks"),
    "arithmetic": (rules.arithmetic, "the first number, letter or list is the gold answer"),
    "reasoning-gym": (rules.gym, "reasoning-gym's own scorer gives 1"),
    "code": (code, "passes all tests, in a sandbox"),
}
"""Name, function, description."""


class Library(NamedTuple):
    """What a verifier leaves the judging to."""

    module: str
    packages: tuple[str, ...]  # those whose versions decide a verdict


LIBRARIES = {
    "math": Library(
        "math_verify", ("math-verify", "latex2sympy2-extended", "antlr4-python3-runtime", "sympy", "mpmath")
    ),
    "reasoning-gym": Library("reasoning_gym", ("reasoning-gym", "sympy")),
}
"""By verifier; the others stand on Python alone."""

__all__ = ["LIBRARIES", "VERIFIERS", "Library", "Verdict", "Verifier", "find_verifier"]


def find_verifier(name: str) -> Verifier:
    """The verifier of that name."""
    if name not in VERIFIERS:
        raise InputError(f"verifier '{name}': no such verifier; {among(name, VERIFIERS)}")
    return VERIFIERS[name][0]
