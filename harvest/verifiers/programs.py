"""The verifier of programs: HumanEval's tests, LiveCodeBench's calls and its stdin tests, all in the sandbox."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from harvest.config import VerifierConfig
from harvest.tasks.problem import Problem
from harvest.verifiers.sandbox import run
from harvest.verifiers.verdict import Verdict

_BLOCK = re.compile(r"```[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)
_PYTHON = ("python", "python3", "py", "")
# A base model goes on after the function's end; what follows is not part of it.
_AFTER = re.compile(r"\n(?=(?:class |def |#|if |print|assert |@|from |import |```))")
_PRELUDE = """
from string import *
from re import *
from datetime import *
from collections import *
from heapq import *
from bisect import *
from copy import *
from math import *
from random import *
from statistics import *
from itertools import *
from functools import *
from operator import *
from io import *
from sys import *
from json import *
from typing import *
import string, re, datetime, collections, heapq, bisect, copy, math, random, statistics, itertools, functools, operator
import io, sys, json, builtins
sys.setrecursionlimit(50000)
"""
"""LiveCodeBench's own prelude."""


def extract_program(text: str) -> str | None:
    """The last block of Python in a response; all of it where there are no blocks."""
    blocks = [body for language, body in _BLOCK.findall(text) if language.lower() in _PYTHON]
    if blocks:
        return str(blocks[-1])
    return text if text.strip() else None


def code(text: str, problem: Problem, config: VerifierConfig) -> Verdict:
    """Whether the program passes all tests. There is no answer to vote on."""
    program = extract_program(text)
    passes = {"function": _function, "calls": _calls, "stdin": _stdin}[problem.check["kind"]]
    return Verdict(program is not None and passes(program, problem.check, config))


def _function(program: str, check: Any, limits: VerifierConfig) -> bool:
    prompt, entry = check["prompt"], check["entry_point"]
    definition = re.compile(rf"^[ \t]*def\s+{re.escape(entry)}\b", re.MULTILINE)
    if definition.search(program):  # a whole program: it still needs the imports and helpers before the signature
        source = f"{definition.split(prompt, maxsplit=1)[0]}\n{program}"
    else:
        source = prompt + _AFTER.split(program, maxsplit=1)[0]
    return run(f"{source}\n\n{check['test']}\n\ncheck({entry})\n", limits=limits).finished


def _calls(program: str, check: Any, limits: VerifierConfig) -> bool:
    tests = check["tests"]
    harness = f"""
import json as _json, signal as _signal
_signal.signal(_signal.SIGALRM, _signal.SIG_DFL)
_call = getattr(Solution(), {check["name"]!r}) if "Solution" in globals() else globals()[{check["name"]!r}]
for _case in _json.loads({json.dumps(json.dumps(tests))}):
    _signal.setitimer(_signal.ITIMER_REAL, {limits.timeout})
    _got = _call(*[_json.loads(_line) for _line in _case["input"].split("\\n") if _line.strip()])
    _got = list(_got) if isinstance(_got, tuple) else _got
    assert _got == _json.loads(_case["output"])
"""
    everything = limits.model_copy(update={"timeout": limits.timeout * len(tests)})
    return run(f"{_PRELUDE}\n{program}\n{harness}", limits=everything).finished


def _stdin(program: str, check: Any, limits: VerifierConfig) -> bool:
    for case in check["tests"]:
        ended = run(f"{_PRELUDE}\n{program}", stdin=case["input"], limits=limits, needs_end=False)
        if not ended.finished or not same_output(ended.output, case["output"]):
            return False
    return True


def same_output(got: str, expected: str) -> bool:
    """Line by line: the same text, or the same numbers, as LiveCodeBench judges."""
    mine, gold = ([line.strip() for line in text.strip().split("\n")] for text in (got, expected))
    return len(mine) == len(gold) and all(a == b or _same_numbers(a, b) for a, b in zip(mine, gold, strict=True))


def _same_numbers(got: str, expected: str) -> bool:
    try:
        mine, gold = ([Decimal(word) for word in text.split()] for text in (got, expected))
    except InvalidOperation:
        return False
    return len(mine) == len(gold) > 0 and all(a == b for a, b in zip(mine, gold, strict=True))
