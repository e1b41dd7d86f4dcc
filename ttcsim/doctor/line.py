"""One thing that was looked at."""

from typing import NamedTuple

OK, WARNING, PROBLEM = "ok", "warning", "problem"


class Line(NamedTuple):
    """What was looked at, how it is, and what to do about it."""

    subject: str
    verdict: str  # OK, WARNING (works, and yet) or PROBLEM (something does not work)
    says: str
    mend: str = ""


def size(bytes_: int) -> str:
    """Bytes in words."""
    return f"{bytes_ / 2**30:.1f} GiB" if bytes_ >= 2**30 else f"{bytes_ / 2**20:.1f} MiB"
