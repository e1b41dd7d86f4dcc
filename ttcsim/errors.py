"""The one exception for what the user can mend."""


class InputError(ValueError):
    """Bad input, in one line: what is wrong, where, and how to mend it. The command line exits 2 with that line."""


def line_of(message: object) -> str:
    """A message as one line that any terminal shows as it is: no line breaks, control characters escaped."""
    text = " ".join(str(message).split())
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
