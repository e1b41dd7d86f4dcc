"""What a verifying process does: whatever a response makes of it becomes a verdict."""

from __future__ import annotations

import contextlib
import gc
import importlib
import resource
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from harvest.config import VerifierConfig
from harvest.tasks.problem import Problem
from harvest.verifiers import Verdict, Verifier, find_verifier
from harvest.verifiers.answers import short
from harvest.verifiers.fork_server import be_silent, die_with_parent
from ttcsim.errors import InputError

LEAST_MB = 1024
"""A verifying process may always grow by this: computer algebra needs some room."""


class Fault(NamedTuple):
    """A response that could not be judged."""

    reason: str
    detail: str = ""  # for people, where it turns out to be no response's fault


Outcomes = list[Verdict | Fault]


def serve(pipe: Connection, modules: Sequence[str]) -> None:
    """Answer calls until nobody asks any more: what a verifying process does."""
    begin(modules)
    pipe.send(None)
    with contextlib.suppress(EOFError):
        while True:
            call = pipe.recv()
            try:
                pipe.send(judge(*call))
            except InputError as error:
                pipe.send(error)


def begin(modules: Sequence[str]) -> None:
    """Start a verifying process: it ends with the harvest, says nothing, and has loaded what it needs."""
    die_with_parent()
    be_silent()
    for module in modules:
        with contextlib.suppress(Exception):  # said by the first verdict that needs it
            importlib.import_module(module)


def judge(name: str, problem: Problem, texts: Sequence[str], config: VerifierConfig) -> Outcomes:
    """Verdicts of responses to one query."""
    verifier = find_verifier(name)
    with _room(max(config.memory_mb, LEAST_MB)):
        return [_verdict(verifier, text, problem, config) for text in texts]


def _verdict(verifier: Verifier, text: str, problem: Problem, config: VerifierConfig) -> Verdict | Fault:
    try:
        right, answer, reason = verifier(text, problem, config)
        return Verdict(right, None if answer is None else short(answer), reason)
    except InputError:
        raise
    except MemoryError:
        gc.collect()
        return Fault("memory")
    except BaseException as error:  # whatever libraries make of what nobody foresaw, RecursionError and SystemExit too
        said = f": {error}" if isinstance(error, ImportError | OSError) else ""
        return Fault("failed", f"{type(error).__name__}{said}")


@contextlib.contextmanager
def _room(megabytes: int) -> Iterator[None]:
    """No more memory than that beyond what the process has; raised again at the end, since messages need some too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = taken + (megabytes << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
