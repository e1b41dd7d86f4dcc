"""What a guarantee, a policy or a selector is, in words: its statement, why it is so, and where it comes from.

Statements are the first lines of the files here, proofs are sections of ``theory/theory.md``, policies and selectors
speak by their docstrings: each text has one place, and this one finds it.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module, resources
from typing import Any, NamedTuple

from ttcsim.engine.selectors import SELECTORS, selector
from ttcsim.errors import InputError, among
from ttcsim.guarantees import FILES
from ttcsim.policies import ALL, policy

_HEADING = re.compile(r"## (G\d+(?:, G\d+)*)\. ")
_PARAGRAPH = re.compile(r"(G\d+)\. ")
_SOURCE = re.compile(r"\s*\bSource: (?P<source>.*?)(?=\n\n|\s*\Z)", re.DOTALL)
_DOCSTRING = re.compile(r'^    (?P<quotes>"""|\'\'\').*?(?P=quotes)\n+', re.DOTALL | re.MULTILINE)


class Explanation(NamedTuple):
    """A guarantee, a policy or a selector in words."""

    name: str
    statement: str
    text: str  # Markdown
    source: str
    file: str  # the code that checks or is it, in the package


def guarantees() -> list[Explanation]:
    """Every guarantee, in order."""
    return [_guarantee(number) for number in FILES.values()]


def explain(name: str) -> Explanation:
    """The guarantee of a number such as G7, or the policy, else the selector, of a string such as ``ucb``.

    Raises
    ------
    InputError
        When there is neither.
    """
    number = name.strip().upper()
    if number in FILES.values():
        return _guarantee(number)
    if re.fullmatch(r"G\d+", number):
        raise InputError(f"explain: there is no guarantee {number}; {among(number, FILES.values())}")
    word = name.partition("(")[0].strip()
    if word not in (*ALL, *SELECTORS) and re.fullmatch(r"[\w-]+", name.strip()):
        raise InputError(
            f"explain: '{name}' is no guarantee, policy or selector; {among(word, (*FILES.values(), *ALL, *SELECTORS))}"
        )
    kind: type[Any] = type(policy(name) if word in ALL or word not in SELECTORS else selector(name))
    statement, _, rest = inspect.cleandoc(kind.__doc__ or "").partition("\n")
    try:
        code = _DOCSTRING.sub("", inspect.getsource(kind), count=1)
        text, file = f"{rest.strip()}\n\n```python\n{code}```".strip(), str(inspect.getsourcefile(kind))
    except (OSError, TypeError):  # of a notebook or a shell, where nobody kept the text
        text, file = rest.strip(), ""
    if kind.__module__.startswith("ttcsim."):
        file = kind.__module__.replace(".", "/") + ".py"
    return Explanation(name.strip(), statement, text, kind.source, file)


def _guarantee(number: str) -> Explanation:
    (file,) = (file for file, own in FILES.items() if own == number)
    first = (import_module(f"ttcsim.guarantees.{file}").__doc__ or "").splitlines()[0]
    text = _sections()[number]
    found = _SOURCE.search(text)
    assert found is not None
    proof = (text[: found.start()] + text[found.end() :]).removeprefix(f"{number}. ")
    source = " ".join(found["source"].split())
    return Explanation(number, first.removeprefix(f"{number}: "), proof, source, f"ttcsim/guarantees/{file}.py")


def _sections() -> dict[str, str]:
    """The part of the theory on each guarantee: a section under its heading, or the paragraphs that begin with it."""
    text = (resources.files("ttcsim.theory") / "theory.md").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for block in text.split("\n\n"):
        heading, paragraph = _HEADING.match(block), _PARAGRAPH.match(block)
        if block.startswith("## "):
            current = heading[1].split(", ") if heading else []
        elif paragraph:
            current = [paragraph[1]]
        for number in current:
            found.setdefault(number, []).append(block)
    return {number: "\n\n".join(blocks) for number, blocks in found.items()}
