"""Verifiers that compare an extracted answer with the gold answer."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from harvest.config import VerifierConfig
from harvest.tasks.arithmetic import extract_answer
from harvest.tasks.problem import Problem
from harvest.verifiers.answers import as_number, boxed, canonical, cued, extract, numbers
from harvest.verifiers.verdict import Verdict


def exact(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """The same text, but for case and blanks."""
    answer = extract(text, config.extract or "line")
    return Verdict(answer is not None and _folded(answer) == _folded(problem.gold), answer)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def number(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """The same number: boxed, after a cue such as "####", or the last one."""
    value = as_number(_number_in(text, config) or "")
    gold = as_number(problem.gold)
    return Verdict(value is not None and value == gold, None if value is None else canonical(value))


def integer(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """The same integer (AIME: 0 to 999); any other number is an answer, and wrong."""
    right, answer, _ = number(text, problem, config)
    return Verdict(right and "." not in str(answer), answer)  # an integer's canonical text has no point


def _number_in(text: str, config: VerifierConfig) -> str | None:
    if config.extract is not None:
        return extract(text, config.extract)
    for part in (boxed(text), cued(text), text):
        if part is not None:
            found = numbers(re.sub(r"\\[!,]", "", part))
            if found:
                return found[-1]
    return None


def arithmetic(text: str, problem: Problem, _: VerifierConfig) -> Verdict:
    """The first number, letter or list of the task `arithmetic`."""
    answer = extract_answer(text, str(problem.check["family"]))
    return Verdict(answer is not None and answer == problem.gold, answer)


def math(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """Mathematically equal, as `math-verify` judges."""
    from math_verify import parse, verify

    gold = _gold(problem.gold)
    if not gold:
        return Verdict(boxed(text) == problem.gold, boxed(text))
    part = extract(text, config.extract) if config.extract is not None else text
    # Its own time limits are signals, which much of sympy catches: that of the verifying process holds.
    parsed = parse(part or "", parsing_timeout=None)
    if not parsed:
        return Verdict(False)
    right = bool(verify(list(gold), parsed, timeout_seconds=None))
    return Verdict(right, problem.gold if right else str(parsed[0]))


@lru_cache(maxsize=4096)
def _gold(gold: str) -> tuple[Any, ...]:
    from math_verify import parse

    return tuple(parse(f"${gold}$", parsing_timeout=None) or parse(gold, parsing_timeout=None))


def gym(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """As the scorer of reasoning-gym's dataset judges: right at the full score of 1."""
    _scorer(str(problem.check["name"]))  # where it cannot be loaded, that is no response's fault
    answer = extract(text, config.extract or "line")
    if answer is None:
        return Verdict(False)
    try:
        return Verdict(gym_score(answer, problem) >= 1.0, answer)
    except MemoryError:
        raise
    except Exception:  # some scorers choke on answers that no one expected
        return Verdict(False, answer, "failed")


def gym_score(answer: str, problem: Problem) -> float:
    """The dataset's own score of an answer, in [0, 1]."""
    score = _scorer(str(problem.check["name"]))
    return float(score(answer, json.loads(problem.check["entry"])))


@lru_cache(maxsize=256)
def _scorer(name: str) -> Any:
    import reasoning_gym

    return reasoning_gym.get_score_answer_fn(name)
