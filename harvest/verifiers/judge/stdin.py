"""LiveCodeBench's problems that are read from standard input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harvest.config import VerifierConfig
from harvest.verifiers.judge.comparison import same_output
from harvest.verifiers.judge.exchange import Wrong, run_script
from harvest.verifiers.sandbox import Ended, Sandbox

TOO_LONG = "output too long"


def judge_stdin(program: str, check: Mapping[str, Any], limits: VerifierConfig, sandbox: Sandbox) -> None:
    """Raise `Wrong` unless every input is answered by the output that its test expects.

    One process a test, which is given that test's input and nothing else. As in LiveCodeBench's own harness
    (grade_stdio of lcb_runner/evaluation/testing_util.py) its prelude goes before the program, outputs are compared by
    `same_output`, and a program may leave by `sys.exit` with any status. Unlike there, a program is a script, so that
    its globals, threads, `atexit` and every guard of `__main__` work as they do elsewhere and not as within a function;
    what is written to descriptor 1 counts like what is printed; and `os._exit(0)` leaves what was written right.
    """
    for test in check["tests"]:
        with sandbox.start(limits, stdin=test["input"].encode("utf-8", "surrogatepass")) as jailed:
            try:
                run_script(jailed, program, limits.timeout)
            except (Wrong, Ended):
                if len(jailed.output()) >= limits.file_mb << 20:
                    raise Wrong(TOO_LONG) from None
                raise
            output = jailed.output()
        if not same_output(output.decode("utf-8", "replace"), test["output"]):
            raise Wrong
