"""Verifiers that fail as a response tells them to, for processes that load this module."""

import ctypes
import os
import re
import signal
import sys
import time

from harvest.verifiers import VERIFIERS, Verdict
from ttcsim.errors import InputError

DEEDS = {
    "sleeps": lambda: time.sleep(60),
    "computes": lambda: pow(3, 10**9),  # in C, deaf to signals
    "searches": lambda: re.match("(a+)+$", "a" * 60 + "b"),
    "swallows": lambda: swallow(),
    "takes memory": lambda: bytearray(1 << 33),
    "takes memory bit by bit": lambda: [bytes(1 << 20) for _ in range(1 << 13)],
    "raises": lambda: [][0],
    "recurs": lambda: recur(),
    "counts": lambda: str(10**5000),
    "exits": lambda: sys.exit(0),
    "interrupts": lambda: interrupt(),
    "leaves": lambda: os._exit(0),
    "dies": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "crashes": lambda: ctypes.string_at(0),
    "prints": lambda: os.write(1, b"\x1b[2J" * 1000) and os.write(2, b"\x1b[2J" * 1000) and None,
    "closes": lambda: os.closerange(3, 100),
}


def swallow():
    while True:
        try:
            time.sleep(60)
        except BaseException:
            continue


def recur():
    return recur()


def interrupt():
    raise KeyboardInterrupt


def obeys(text, problem, config):
    """Right if the text is the gold answer; what it names is done first."""
    if text in DEEDS:
        DEEDS[text]()
    answer = {"surrogate": "\ud800", "long": "7" * 1_000_000, "empty": ""}.get(text, text)
    return Verdict(text == problem.gold, answer)


def broken(text, problem, config):
    """A machine on which a package is missing."""
    import no_such_package  # noqa: F401


def refuses(text, problem, config):
    """A machine that cannot do what is asked."""
    raise InputError("programs cannot be shut in here")


def stuck(text, problem, config):
    """A query whose gold answer nobody can compare with."""
    time.sleep(60)


VERIFIERS.update({verifier.__name__: (verifier, "for tests") for verifier in (obeys, broken, refuses, stuck)})
