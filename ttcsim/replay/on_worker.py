"""What a worker of a cluster runs. It is sent as it is, and uses this package only where that is the same there."""

from __future__ import annotations

from typing import Any


def replay_part(versions: dict[str, str], source: str, first: int, last: int, *crates: Any) -> Any:
    """Replications ``first .. last-1`` of the replay in some crates (`shipment.Crate`), as `parts.Timed`.

    Parameters
    ----------
    versions, source : dict and str
        What has to be the same here for the same bits: `pins.versions` and `pins.own_code`.

    Raises
    ------
    ImportError
        That names this machine and what is another here.
    """
    unlike = _unlike(versions, source)
    if unlike:
        raise ImportError(
            f"machine {_address()} has {', '.join(unlike)}, so numbers could differ; install the same there as here"
        )
    from ttcsim.replay.parts import timed
    from ttcsim.replay.shipment import unpack

    try:
        replay = unpack(*crates)
    except ImportError as error:
        raise ImportError(
            f"machine {_address()} lacks code of a policy ({error}); install it there, or put the policy into one file "
            "(mine.py:Mine), which is sent along"
        ) from error
    return timed(replay, first, last)


def _unlike(versions: dict[str, str], source: str) -> list[str]:
    """What is another here, in words."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name, wanted in versions.items():
        try:
            have = platform.python_version() if name == "python" else version(name)
        except PackageNotFoundError:
            have = "of no version"
        if have != wanted:
            found.append(f"{name} {have} (here {wanted})")
    if not found:
        try:
            from ttcsim.replay.pins import own_code

            same = own_code() == source
        except ImportError:
            same = False
        if not same:
            found.append(f"another source of ttcsim {versions['ttcsim']}")
    return found


def _address() -> str:
    import ray

    return str(ray.util.get_node_ip_address())
