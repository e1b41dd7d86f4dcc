"""A forecast in a terminal: what each policy takes, what all take here, and how many cores make it fast enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ttcsim.cli.tables import print_json, say, show

if TYPE_CHECKING:
    from ttcsim.replay.forecast import Forecast

_FORMATS = {
    "policy": "{policy}",
    "replications": "{replications:,}",
    "draws": "{draws:.4g}",
    "core seconds": "{seconds:.3g}",
    "95 %": "{lo:.3g} to {hi:.3g}",
}
_UNITS = (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0))


def show_forecast(found: Forecast, within: float | None, *, as_json: bool) -> None:
    """Print what a sweep takes; `within` is how many seconds it may take."""
    cores = None if within is None else found.cores(within)  # before anything is printed: it may refuse
    machines = None if cores is None else -(-cores // found.threads)
    rows = [effort._asdict() for effort in found.efforts]
    total = found.total._asdict()
    if as_json:
        here: dict[str, Any] = {"threads": found.threads, "seconds_here": found.here}
        here |= {"memory": found.memory, "arrays": found.arrays, "within": within, "cores": cores, "machines": machines}
        print_json(rows, found.config, total=[total | here])
        return
    show([*rows, total], _FORMATS, title=f"{found.config['reps']:,} replications: what they take", left=["policy"])
    say(
        f"{found.total.draws:.3g} draws. Here {_long(found.here)} on {_cores(found.threads)}, as busy as they are now, "
        f"{_size(found.memory)} of memory, of which a machine of a cluster needs {_size(found.arrays)} for the samples."
    )
    if within is not None and cores is not None and machines is not None:
        several = f", {machines:,} machines like this one" if machines > 1 else ""
        say(f"Within {_long(within)}: {_cores(cores)} like these{several}", style="bold")


def _long(seconds: float) -> str:
    name, unit = next(((name, unit) for name, unit in _UNITS if seconds >= 2 * unit), ("s", 1.0))
    return f"{seconds / unit:.3g} {name}"


def _cores(number: int) -> str:
    return f"{number:,} core{'' if number == 1 else 's'}"


def _size(bytes_: int) -> str:
    return f"{bytes_ / 2**30:.1f} GiB" if bytes_ >= 2**30 else f"{bytes_ / 2**20:.0f} MiB"
