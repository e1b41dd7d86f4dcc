"""The one exception for what the user can mend."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input, in one line: what is wrong, where, and how to mend it. The command line exits 2 with that line."""


def closest(name: str, known: Iterable[str]) -> str:
    """The question for a name that one of `known` is close to, with a blank behind it."""
    name, folded = name.casefold(), {k.casefold(): k for k in known}
    close = (k for k in difflib.get_close_matches(name, folded) if not _of_one_kind(name, k) or _alike(name, k) > _SLIP)
    found = next(close, None)
    return "" if found is None else f"did you mean '{folded[found]}'? "


_SLIP = 0.85


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _of_one_kind(one: str, other: str) -> bool:
    """Whether two names begin with the same word: reward_other is alike reward_judge, and yet no slip of it."""
    return "_" in one and one.partition("_")[0] == other.partition("_")[0]


def among(name: str, known: Iterable[str], there: str = "there are") -> str:
    """What to choose from instead of a name that is none of them: the closest one, and after `there` all."""
    known = list(known)
    return f"{closest(name, known)}{there} {', '.join(known) or 'none'}"


def line_of(message: object) -> str:
    """A message as one line that any terminal shows as it is: no line breaks, control characters escaped."""
    text = " ".join(str(message).split())
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
