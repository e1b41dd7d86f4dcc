"""The program in a response."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = "```"
_LANGUAGE = re.compile(r"[ \t]*([\w+-]*)")
_PYTHON = ("python", "python3", "py", "")
# A base model goes on after the function's end; what follows is not part of it.
_AFTER = re.compile(r"\n(?=(?:class |def |#|if |print|assert |@|from |import |```))")


def extract_program(text: str) -> str | None:
    """The last block of Python in a response; all of it where there are no blocks."""
    program = text if text.strip() else None
    for language, body in _blocks(text):
        if language.lower() in _PYTHON:
            program = body
    return program


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Language and body of each block; the last may be cut off. Passes over the text once, whatever is in it."""
    end = 0
    while (start := text.find(_FENCE, end)) >= 0:
        start += len(_FENCE)
        line = text.find("\n", start)
        if line < 0:
            return
        close = text.find(_FENCE, line + 1)
        found = _LANGUAGE.match(text, start, line)
        yield found[1] if found else "", text[line + 1 : close if close >= 0 else len(text)]
        if close < 0:
            return
        end = close + len(_FENCE)


def complete(program: str, prompt: str, name: str) -> tuple[str, ...]:
    """The sources that define a function of HumanEval, to be run one after the other.

    A response that defines it still needs the imports and helpers before the signature; any other one goes on where
    the prompt ends.
    """
    definition = re.compile(rf"^[ \t]*def\s+{re.escape(name)}\b", re.MULTILINE)
    if definition.search(program):
        return definition.split(prompt, maxsplit=1)[0], program
    return (prompt + _AFTER.split(program, maxsplit=1)[0],)
