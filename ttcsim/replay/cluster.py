"""A Ray cluster as executor: the same replications, done by the CPUs of one machine or of many."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from ttcsim.errors import InputError
from ttcsim.replay import on_worker
from ttcsim.replay.parts import Done, Span, Timed, in_parts
from ttcsim.replay.pins import own_code, versions
from ttcsim.replay.replay import Replay
from ttcsim.replay.shipment import Sender

_PATIENCE = 10.0  # seconds in which an address has to answer
_RETRIES = 8  # times that a part whose worker was killed, or whose machine went away, is done again


class Cluster:
    """A Ray cluster: the one at an address, or one that `ray start` began here, or else one of its own until the end.

    A session of Ray that this process has already is used as it is, and goes on.

    Parameters
    ----------
    address : str, optional
        ``HOST:PORT`` of the cluster, by default that in ``RAY_ADDRESS``; "local" for one of its own.
    threads : int, optional
        The most CPUs that are used at once; all by default.
    tell : callable, optional
        Told in a line which cluster it is.

    Raises
    ------
    InputError
        Where Ray is not installed.
    """

    def __init__(
        self, address: str | None = None, *, threads: int | None = None, tell: Callable[[str], None] | None = None
    ) -> None:
        self._ray = _ray()
        self._address = address
        self._threads = threads
        self._tell = tell
        self._pending: set[Future[Timed]] = set()

    def __enter__(self) -> Self:
        ray = self._ray
        self._ours = not ray.is_initialized()
        if self._ours:
            with _signals_kept():
                self._connect()
        try:
            cpus = self._cpus()
            if cpus < 1:
                raise InputError("ray: the cluster has no CPU; add a machine (`ray start --address=...`)")
            if self._tell is not None:
                machines = sum(node["Alive"] for node in ray.nodes())
                self._tell(f"ray: {_counted(machines, 'machine')}, {_counted(cpus, 'CPU')}")
        except BaseException:
            self._leave()
            raise
        ray.cloudpickle.register_pickle_by_value(on_worker)
        self._run = ray.remote(num_cpus=1, max_retries=_RETRIES)(on_worker.replay_part)
        self._sender = Sender(ray.put)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self._ours:  # else all ends with the session
            for future in [*self._pending]:
                self._ray.cancel(future.object_ref)  # type: ignore[attr-defined]
        self._leave()

    def run(self, replays: Sequence[Replay], gaps: Sequence[Sequence[Span]]) -> Iterator[Done]:
        """See `executors.Executor`."""
        ray, same = self._ray, (versions(), own_code())
        crates: dict[int, list[Any]] = {}

        def submit(number: int, first: int, last: int) -> Future[Timed]:
            if number not in crates:
                crates[number] = self._sender.send(replays[number])
            future: Future[Timed] = self._run.remote(*same, first, last, *crates[number]).future()
            self._pending.add(future)
            future.add_done_callback(self._pending.discard)
            return future

        try:
            yield from in_parts(gaps, submit, self._room, measured_at_once=len(replays), is_loss=self._is_loss)
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, ImportError | InputError):
                raise InputError(f"ray: {error.cause}") from None
            raise
        except ray.exceptions.RayError as error:
            raise InputError(
                f"ray: parts are lost again and again ({type(error).__name__}); see whether the cluster runs"
            ) from error

    def _is_loss(self, error: BaseException) -> bool:
        """Whether an error is none of ours: Ray's own retries leave out results that were lost when they were there."""
        found = self._ray.exceptions
        return isinstance(error, found.RayError) and not isinstance(error, found.RayTaskError)

    def _room(self) -> int:
        return self._threads or 2 * self._cpus()

    def _cpus(self) -> int:
        return int(self._ray.cluster_resources().get("CPU", 0))

    def _connect(self) -> None:
        try:
            _reach(self._address or os.environ.get("RAY_ADDRESS") or "")
            self._ray.init(self._address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        except (OSError, RuntimeError, ValueError) as error:
            where = self._address or os.environ.get("RAY_ADDRESS") or "that `ray start` began here"
            raise InputError(
                f"ray: the cluster {where} does not answer ({str(error).strip().splitlines()[0]}); start it, or give "
                "another --ray-address"
            ) from error

    def _leave(self) -> None:
        if self._ours:
            self._ray.shutdown()


def _ray() -> Any:
    """Ray, which otherwise says on standard output whenever a worker is lost."""
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")  # of no effect where Ray is loaded already
    try:
        import ray
    except ImportError as error:
        raise InputError("executor 'ray': Ray is not installed; pip install 'ttcsim[ray]'") from error
    return ray


def _reach(address: str) -> None:
    """Raise `OSError` where nobody listens at HOST:PORT: Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        socket.create_connection((host, int(port)), _PATIENCE).close()


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Whatever is done within, signals mean afterwards what they meant before: Ray takes SIGTERM for itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _counted(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"
