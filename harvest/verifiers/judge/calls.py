"""LiveCodeBench's problems with a function to call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harvest.config import VerifierConfig
from harvest.verifiers.judge.comparison import same_value
from harvest.verifiers.judge.encoding import EncodingError, encode
from harvest.verifiers.judge.exchange import OUT_OF_TURN, Wrong, call, define, refusal, wait_for
from harvest.verifiers.judge.protocol import VALUE
from harvest.verifiers.sandbox import Sandbox


def judge_calls(program: str, check: Mapping[str, Any], limits: VerifierConfig, sandbox: Sandbox) -> None:
    """Raise `Wrong` unless every call gives what its test expects.

    As in LiveCodeBench's own harness (grade_call_based of lcb_runner/evaluation/testing_util.py) the program is a
    module `tmp_sol` after its prelude, one process answers all tests, one Solution all calls, values are compared by
    ``==``, and a tuple at the top counts as a list. Unlike there, each test and the definition have the whole time
    limit, an empty line between arguments is passed over, a program may begin with a __future__ import, and what is no
    plain data is wrong even where its own ``__eq__`` would have it right.
    """
    with sandbox.start(limits) as jailed:
        wait_for(define(jailed, "methods", (program,), check["name"]), limits.timeout)
        for test in check["tests"]:
            arguments = tuple(json.loads(line) for line in test["input"].split("\n") if line.strip())
            answer = call(jailed, encode((arguments, {})), limits.timeout)
            if not answer.startswith(VALUE):
                raise Wrong(refusal(answer))
            try:
                right = same_value(answer[1:], json.loads(test["output"]))
            except EncodingError:
                raise Wrong(OUT_OF_TURN) from None
            if not right:
                raise Wrong
