"""The one exception for what the user can mend."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input, in one line: what is wrong, where, and how to mend it. The command line exits 2 with that line."""


def closest(name: str, known: Iterable[str]) -> str:
    """The question for a name that one of `known` is close to, with a blank behind it."""
    folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"did you mean '{folded[close[0]]}'? " if close else ""


def among(name: str, known: Iterable[str], there: str = "there are") -> str:
    """What to choose from instead of a name that is none of them: the closest one, and after `there` all."""
    known = list(known)
    return f"{closest(name, known)}{there} {', '.join(known) or 'none'}"


def line_of(message: object) -> str:
    """A message as one line that any terminal shows as it is: no line breaks, control characters escaped."""
    text = " ".join(str(message).split())
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
