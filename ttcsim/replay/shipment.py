"""A replay on its way to other processes: every array once, whatever number of replays share it, and the user's code.

Arrays lie in a store that all processes of a machine map into their memory. Beside them travel the policy and the rules
of the game, a few kilobytes. Of policies in files the text is sent along; classes of a script or a notebook are sent as
they are.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.engine.arrays import read_only
from ttcsim.policies.user_code import load_text, sources
from ttcsim.replay.replay import Replay

Crate = tuple[list[tuple[str, bytes]], dict[str, str | None], bytes, list[NDArray[Any]]]
"""Files of policies by path, hashes of all their code, the replay without arrays, and the arrays not sent before.

Made of nothing but Python's and NumPy's types: it is opened before it is known whether the other side has this package.
"""
_PARENTS = ("__main__",)  # whose classes are sent as they are


class Sender:
    """Puts replays into a store.

    Parameters
    ----------
    put : callable
        Puts a `Crate` into the store and returns what it can be had for.
    """

    def __init__(self, put: Callable[[Crate], Any]) -> None:
        self._put = put
        self._places: dict[Any, tuple[int, int, NDArray[Any]]] = {}  # the array is kept: its address is its name
        self._stored: list[Any] = []

    def send(self, replay: Replay) -> list[Any]:
        """What the replay can be had for: its own crate, and those that it shares arrays of."""
        arrays: list[NDArray[Any]] = []
        used: dict[int, int] = {len(self._stored): 0}  # number of a crate -> its place in what is returned

        def place(array: Any) -> tuple[int, int] | None:
            if type(array) is not np.ndarray or array.flags.writeable:
                return None
            key = array.__array_interface__["data"][0], array.dtype.str, array.shape
            if key not in self._places:
                self._places[key] = len(self._stored), len(arrays), array
                arrays.append(array)
            crate, at, _ = self._places[key]
            return used.setdefault(crate, len(used)), at

        skeleton = _pickled(replay, place)
        code = sources([replay.policy])
        files = [(str(s.path), s.text) for s in code if s.name.endswith(".py") and s.text is not None]
        hashes = {s.name: s.sha256 for s in code if s.name not in _PARENTS}
        self._stored.append(self._put((files, hashes, skeleton, arrays)))
        return [self._stored[crate] for crate in used]


def unpack(own: Crate, *others: Crate) -> Replay:
    """The replay that was sent, ready to run; its arrays are those of the crates.

    Raises
    ------
    ImportError
        When its policy comes from a module that is not here, or is another here.
    """
    files, hashes, skeleton, _ = own
    for path, text in files:
        load_text(Path(path), text)
    crates = [crate[-1] for crate in (own, *others)]

    class Reader(pickle.Unpickler):  # Python 3.13.0 refuses this method as an attribute of an unpickler
        def persistent_load(self, place: tuple[int, int]) -> NDArray[Any]:
            return read_only(crates[place[0]][place[1]])

    replay = Reader(io.BytesIO(skeleton)).load()
    assert isinstance(replay, Replay)
    for source in sources([replay.policy]):
        if source.name in hashes and hashes[source.name] != source.sha256:
            raise ImportError(f"module {source.name} is another")
    return replay


def _pickled(replay: Replay, place: Callable[[Any], Any]) -> bytes:
    from ray import cloudpickle

    file = io.BytesIO()
    pickler = type("_Pickler", (cloudpickle.Pickler,), {"persistent_id": staticmethod(place)})
    pickler(file).dump(replay)
    return file.getvalue()
