"""A policy decides beside the engine, in a process of its own: rules are compiled, and engines bear no compiler."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, NamedTuple

from harvest.processes import Process, deaf
from harvest.verifiers.fork_server import die_with_parent
from ttcsim.errors import InputError, closest, line_of

if TYPE_CHECKING:
    from ttcsim.policies import Policy

COSTS = {"samples": "", "tokens": " (tokens)", "dollars": " (millionths of a dollar)"}
"""What a draw may cost, and what progress is counted in then."""
PATIENCE = 10.0
"""Seconds that a policy gets to be refused before a model is loaded; while that goes on, it may still be compiled."""

_TURN = 0.1  # seconds: where polars is loaded, Ctrl-C does not end a wait but is seen after it


@dataclass(frozen=True)
class Asked:
    """What the command line says of who decides."""

    policy: str
    budget: float  # average per query, in units of the cost
    cost: str = "samples"
    wave: int = 64  # most draws decided before the first of them is seen
    prices: str | Mapping[str, Any] | None = None  # for dollars: a file as `ttcsim sweep` takes it, or what is in it


class Decider(NamedTuple):
    """Who decides, as it is known again."""

    policy: str  # what `ttcsim.policy` builds it from
    code: dict[str, str]  # hash of each file and module that it comes from, but for ttcsim's own
    versions: dict[str, str]
    in_waves: bool  # else one query after another is drawn from
    total: int  # the whole budget, in samples, tokens or millionths of a dollar
    prices: dict[str, dict[str, float]] | None  # those of the model, where the cost is dollars

    def pinned(self, asked: Asked, seed: int) -> dict[str, Any]:
        """All that its decisions follow from, beside the samples."""
        own = {"policy": self.policy, "code": self.code, "versions": self.versions}
        named = {key: value for key, value in asdict(asked).items() if key != "prices"}
        return {**named, **own, **({"prices": self.prices} if self.prices else {}), "seed": seed}


class Wave(NamedTuple):
    """What is sampled next, and how it went so far."""

    queries: list[str]  # of each draw, in the order of the decisions; empty at the end
    seen: int  # draws seen by now: all, but at the end what the rest of the budget did not pay for
    spent: float  # average per query, in units of the cost
    paid: int  # of the decider's total


class Deciding:
    """The process in which the policy decides.

    Parameters
    ----------
    queries : sequence of str
        Ids of all queries.
    seed : int
        What ties are broken by, and what policies that draw at random go by.
    known : collection of str
        Columns that samples have.
    model : str
        Its name, by which there may be prices.

    Raises
    ------
    InputError
        When the policy is none, or cannot decide here.
    """

    def __init__(
        self, asked: Asked, queries: Sequence[str], seed: int, known: Collection[str], model: str = ""
    ) -> None:
        # Neither forked from here, where the engine's threads are, nor from the server that verifies.
        with deaf():
            context = multiprocessing.get_context("spawn")
            self._process = Process(context, _decide, asked, list(queries), seed, sorted(known), model)
        try:
            self._first = self._answer(PATIENCE)
        except BaseException:
            self.stop()
            raise

    @property
    def decider(self) -> Decider:
        """Who decides."""
        if self._first is None:
            self._first = self._answer()
        found: Decider = self._first
        return found

    def next(self, samples: Sequence[Mapping[str, Any]]) -> Wave:
        """What to draw, now that the samples of the last wave are there, in the order in which they were asked for."""
        assert self.decider
        with contextlib.suppress(OSError):  # it has ended, as its answer says
            self._process.tell(list(samples))
        wave: Wave = self._answer()
        return wave

    def _answer(self, seconds: float = math.inf) -> Any:
        """What it says next; None where it says nothing in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                said = self._process.answer(_TURN)
            except TimeoutError:
                continue
            except (EOFError, OSError) as error:
                raise InputError(
                    "the process in which the policy decides has ended (killed, or out of memory); go on with --resume"
                ) from error
            if isinstance(said, InputError):
                raise said
            return said
        return None

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.end()

    def __enter__(self) -> Deciding:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _decide(pipe: Connection, *what: Any) -> None:
    """Answer samples with the next wave until nobody asks any more: what the process does."""
    die_with_parent()
    os.dup2(2, 1)  # results are the harvest's alone
    try:
        decisions = Decisions(*what)
        pipe.send(decisions.decider)
        while True:
            pipe.send(decisions.next(pipe.recv()))
    except EOFError:
        return
    except InputError as error:
        pipe.send(error)
    except Exception as error:  # whatever a policy of the user's raises
        pipe.send(InputError(f"policy '{what[0].policy}': {type(error).__name__}: {line_of(error)}"))


class Decisions:
    """The policy and what it decides; arguments and errors are those of `Deciding`."""

    def __init__(
        self, asked: Asked, queries: Sequence[str], seed: int, known: Collection[str], model: str = ""
    ) -> None:
        # Here, in a process of its own: they load numba.
        from ttcsim.policies import policy
        from ttcsim.policies.user_code import sources
        from ttcsim.pool.pool import total_budget
        from ttcsim.replay.pins import versions
        from ttcsim.replay.prices import rates_of_one
        from ttcsim.replay.session import Session

        chosen = policy(asked.policy)
        _refuse(chosen)
        rates = None if asked.prices is None else rates_of_one(asked.prices, model)
        self._session = Session(chosen, queries, asked.budget, cost=asked.cost, prices=rates, seed=seed)
        self._each = 1_000_000 if asked.cost == "dollars" else 1
        self._queries = len(queries)
        self._size, self._wave = asked.wave, list[Any]()
        for column in (chosen.signal, *self._session.columns):
            if column not in known:
                raise InputError(
                    f"policy '{chosen}' needs the column '{column}'; {closest(column, known)}samples drawn live "
                    f"here have {', '.join(sorted(known))} ([confidence] in the config adds its own, rewards need all "
                    "samples, programs have no answers); use another"
                )
        self.decider = Decider(
            policy=chosen.written(),
            code={source.name: source.sha256 or "" for source in sources([chosen])},
            versions=versions(),
            in_waves=self._session.in_waves,
            total=total_budget(asked.budget * self._each, len(queries)),
            prices=None if rates is None else {name: own._asdict() for name, own in rates.items()},
        )

    def next(self, samples: Sequence[Mapping[str, Any]]) -> Wave:
        """What to draw, now that the samples of the last wave are there, in the order in which they were asked for."""
        session = self._session
        for draw, sample in zip(self._wave, samples, strict=True):
            session.tell(draw.query, sample)
        self._wave = session.ask(self._size)
        spent = session.spent
        paid = round(spent * self._queries * self._each)
        return Wave([str(draw.query) for draw in self._wave], sum(session.draws.values()), spent, paid)


def _refuse(policy: Policy) -> None:
    """Raise `InputError` for a policy that wants what a live run does not have."""
    if policy.oracle:
        return  # a session says so
    if policy.prior() is not None:
        raise InputError(f"policy '{policy}' goes by priors fitted to a pool, and a live run has none; use another")
    if policy.chooses_sources or policy.on:
        raise InputError(f"policy '{policy}' chooses sources, and a harvest has one, its model; use another")
