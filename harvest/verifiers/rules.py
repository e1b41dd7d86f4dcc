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

Verdict = tuple[bool, str | None]
"""Whether the response is right, and its answer (None: it gives none)."""


def exact(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """The same text, but for case and blanks."""
    answer = extract(text, config.extract or "line")
    return answer is not None and _folded(answer) == _folded(problem.gold), answer


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def number(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """The same number: boxed, after a cue such as "####", or the last one."""
    value = as_number(_number_in(text, config) or "")
    gold = as_number(problem.gold)
    return value is not None and value == gold, None if value is None else canonical(value)


def integer(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """The same integer (AIME: 0 to 999); any other number is an answer, and wrong."""
    right, answer = number(text, problem, config)
    return right and "." not in str(answer), answer  # an integer's canonical text has no point


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
    return answer is not None and answer == problem.gold, answer


def math(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """Mathematically equal, as `math-verify` judges."""
    from math_verify import parse, verify

    gold = _gold(problem.gold)
    if not gold:
        return boxed(text) == problem.gold, boxed(text)
    part = extract(text, config.extract) if config.extract is not None else text
    parsed = parse(part or "", parsing_timeout=max(1, int(config.timeout)))
    if not parsed:
        return False, None
    right = bool(verify(list(gold), parsed, timeout_seconds=max(1, int(config.timeout))))
    return right, problem.gold if right else str(parsed[0])[:200]


@lru_cache(maxsize=4096)
def _gold(gold: str) -> tuple[Any, ...]:
    from math_verify import parse

    return tuple(parse(f"${gold}$") or parse(gold))


def gym(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """As the scorer of reasoning-gym's dataset judges: right at the full score of 1."""
    answer = extract(text, config.extract or "line")
    if answer is None:
        return False, None
    return gym_score(answer, problem) >= 1.0, answer[:200]


def gym_score(answer: str, problem: Problem) -> float:
    """The dataset's own score of an answer, in [0, 1]."""
    entry = json.loads(problem.check["entry"])
    try:
        return float(_scorer(str(problem.check["name"]))(answer, entry))
    except Exception:  # some scorers choke on answers that no one expected; they are wrong
        return 0.0


@lru_cache(maxsize=256)
def _scorer(name: str) -> Any:
    import reasoning_gym

    return reasoning_gym.get_score_answer_fn(name)
