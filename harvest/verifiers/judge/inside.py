"""What a jailed process does: defines a program and answers calls, runs it as a script, or holds HumanEval's tests.

Nothing here is trusted once a program runs: it shares the process, so whatever this module says then, the program may
have said. The judge therefore believes only that *a* process that knew its inputs, and nothing else, gave these values.
"""

from __future__ import annotations

import atexit
import os
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NoReturn

from harvest.verifiers.judge.encoding import EncodingError, decode, encode
from harvest.verifiers.judge.protocol import CALL, DONE, EXCEPTIONS, MISSING, RAISED, TICKET, UNPLAIN, VALUE

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
from builtins import *
from typing import *
import string
import re
import datetime
import collections
import heapq
import bisect
import copy
import math
import random
import statistics
import itertools
import functools
import operator
import io
import sys
import json
sys.setrecursionlimit(50000)
"""
"""LiveCodeBench's own, word for word (`import_string` of lcb_runner/evaluation/testing_util.py)."""

PRELUDE = compile(_PRELUDE, "prelude.py", "exec", dont_inherit=True)

MODULE = "tmp_sol"  # LiveCodeBench's name for a program that is called, so that no guard of `__main__` runs


class Channel:
    """Messages over two pipes, each with its length before it."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd, self._write_fd = read_fd, write_fd

    def receive(self) -> bytes:
        """The next message; ends the process where the judge is gone."""
        return self._exactly(struct.unpack("!I", self._exactly(4))[0])

    def _exactly(self, size: int) -> bytes:
        parts = []
        while size:
            part = os.read(self._read_fd, min(size, 1 << 20))
            if not part:
                os._exit(0)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def send(self, message: bytes) -> None:
        """One message."""
        left = memoryview(struct.pack("!I", len(message)) + message)
        while left:
            left = left[os.write(self._write_fd, left) :]


def main(read_fd: int, write_fd: int) -> NoReturn:
    """Do the job that the first message names, and end the process."""
    channel = Channel(read_fd, write_fd)
    message = channel.receive()
    ticket = message[:TICKET]
    role, sources, *names = decode(message[TICKET:])
    del message
    try:
        match role:
            case "script":
                os._exit(_script(channel, ticket, sources))
            case "tests":
                _tests(channel, ticket, sources, *names)
            case _:
                _answer_calls(channel, ticket, role, sources, *names)
    finally:
        os._exit(1)


def _answer_calls(channel: Channel, ticket: bytes, role: str, sources: Sequence[str], name: str) -> None:
    module = _module(MODULE)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads what it prints, so it may print without bound
    try:
        if role == "methods":
            exec(PRELUDE, module.__dict__)
        _define(sources, module)
        holder = module.Solution() if role == "methods" and hasattr(module, "Solution") else module
        called = getattr(holder, name, None)
    except BaseException as error:
        channel.send(ticket + RAISED + _name(error))
        return
    if called is None:
        channel.send(ticket + MISSING)
        return
    channel.send(ticket + DONE)
    while True:
        question = channel.receive()
        arguments, named = decode(question[TICKET:])
        channel.send(question[:TICKET] + _outcome(called, arguments, named))


def _outcome(called: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> bytes:
    try:
        return VALUE + encode(called(*arguments, **named))
    except EncodingError:
        return UNPLAIN
    except BaseException as error:
        return RAISED + _name(error)


def _module(name: str) -> ModuleType:
    # dataclasses and typing look their module up by name.
    module = sys.modules[name] = ModuleType(name)
    module.__file__ = "program.py"
    return module


def _define(sources: Sequence[str], module: ModuleType) -> None:
    for source in sources:  # one after the other, so that each may begin with a __future__ import
        try:
            compiled = compile(source, "program.py", "exec", dont_inherit=True)
        except Exception:  # NUL or a lone surrogate in it, too deep for the parser
            raise SyntaxError from None
        exec(compiled, module.__dict__)


def _name(error: BaseException) -> bytes:
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in EXCEPTIONS).encode()


def _script(channel: Channel, ticket: bytes, sources: Sequence[str]) -> int:
    module = _module("__main__")
    sys.argv = ["program.py"]
    raised = b""
    try:
        exec(PRELUDE, module.__dict__)
        _define(sources, module)
    except SystemExit:
        pass
    except BaseException as error:
        raised = _name(error)
    _end(module)
    if raised:
        channel.send(ticket + RAISED + raised)
    return 1 if raised else 0


def _end(module: ModuleType) -> None:
    """What an interpreter does at its end, as far as it can be seen from outside."""
    steps: tuple[Callable[[], object], ...] = (
        threading._shutdown,  # type: ignore[attr-defined]
        atexit._run_exitfuncs,
        lambda: sys.stdout.flush(),
        module.__dict__.clear,  # closes files that nobody else closes
        lambda: sys.__stdout__.flush(),  # type: ignore[union-attr]
    )
    for step in steps:
        try:
            step()
        except BaseException:  # it would be printed, and the next step be taken
            continue


def _tests(channel: Channel, ticket: bytes, sources: Sequence[str], name: str) -> None:
    """Tests hold only what the benchmark says: of the program they get plain data, through the judge."""

    def candidate(*arguments: Any, **named: Any) -> Any:
        channel.send(CALL + encode((arguments, named)))
        answer = channel.receive()
        if answer.startswith(VALUE):
            return decode(answer[1:])
        kind = EXCEPTIONS[answer[1:].decode()]
        # A generator or a map that the tests run would take it for its own end.
        raise (RuntimeError if issubclass(kind, StopIteration | StopAsyncIteration) else kind)

    prompt, test = sources
    module = _module("tests")
    try:
        _define([prompt], module)
        setattr(module, name, candidate)
        _define([test], module)
    except BaseException as error:
        channel.send(ticket + RAISED + _name(error))
        return
    channel.send(ticket + DONE)
    channel.receive()  # GO
    try:
        module.check(candidate)
    except BaseException as error:
        channel.send(RAISED + _name(error))
    else:
        channel.send(DONE)
    channel.receive()  # the judge ends this process
