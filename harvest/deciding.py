"""A policy decides beside the engine, in a process of its own: rules are compiled, and engines bear no compiler."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, NamedTuple

from harvest.processes import Process, deaf
from harvest.verifiers.fork_server import die_with_parent
from ttcsim.errors import InputError, line_of

if TYPE_CHECKING:
    from ttcsim.replay.session import Session

COSTS = ("samples", "tokens")
_TURN = 0.1  # seconds: where polars is loaded, Ctrl-C does not end a wait but is seen after it


@dataclass(frozen=True)
class Asked:
    """What the command line says of who decides."""

    policy: str
    budget: float  # average per query, in units of the cost
    cost: str = "samples"
    wave: int = 64  # most draws decided before the first of them is seen


class Decider(NamedTuple):
    """Who decides, as it is known again."""

    policy: str  # what `ttcsim.policy` builds it from
    code: dict[str, str]  # hash of each file and module that it comes from, but for ttcsim's own
    versions: dict[str, str]
    in_waves: bool  # else one query after another is drawn from
    total: int  # the whole budget, in samples or tokens

    def pinned(self, asked: Asked, seed: int) -> dict[str, Any]:
        """All that its decisions follow from, beside the samples."""
        own = {"policy": self.policy, "code": self.code, "versions": self.versions}
        return {**asdict(asked), **own, "seed": seed}


class Wave(NamedTuple):
    """What is sampled next, and how it went so far."""

    queries: list[str]  # of each draw, in the order of the decisions; empty at the end
    seen: int  # draws seen by now: all, but at the end what the rest of the budget did not pay for
    spent: float  # average per query, in units of the cost


class Deciding:
    """The process in which the policy decides.

    Parameters
    ----------
    queries : sequence of str
        Ids of all queries.
    seed : int
        What ties are broken by, and what policies that draw at random go by.
    unknown : sequence of str
        Columns of samples that the harvest cannot tell, of those that rules read.

    Raises
    ------
    InputError
        When the policy is none, or cannot decide here.
    """

    def __init__(self, asked: Asked, queries: Sequence[str], seed: int, unknown: Sequence[str] = ()) -> None:
        # Neither forked from here, where the engine's threads are, nor from the server that verifies.
        with deaf():
            context = multiprocessing.get_context("spawn")
            self._process = Process(context, _decide, asked, list(queries), seed, list(unknown))
        try:
            self.decider: Decider = self._answer()
        except BaseException:
            self.stop()
            raise

    def next(self, samples: Sequence[Mapping[str, Any]]) -> Wave:
        """What to draw, now that the samples of the last wave are there, in the order in which they were asked for."""
        with contextlib.suppress(OSError):  # it has ended, as its answer says
            self._process.tell(list(samples))
        wave: Wave = self._answer()
        return wave

    def _answer(self) -> Any:
        while True:
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

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.end()

    def __enter__(self) -> Deciding:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _decide(pipe: Connection, asked: Asked, queries: list[str], seed: int, unknown: list[str]) -> None:
    """Answer samples with the next wave until nobody asks any more: what the process does."""
    die_with_parent()
    os.dup2(2, 1)  # results are the harvest's alone
    try:
        session, decider = _begin(asked, queries, seed, unknown)
        pipe.send(decider)
        wave: list[Any] = []
        while True:
            for draw, sample in zip(wave, pipe.recv(), strict=True):
                session.tell(draw.query, sample)
            wave = session.ask(asked.wave)
            pipe.send(Wave([str(draw.query) for draw in wave], sum(session.draws.values()), session.spent))
    except EOFError:
        return
    except InputError as error:
        pipe.send(error)
    except Exception as error:  # whatever a policy of the user's raises
        pipe.send(InputError(f"policy '{asked.policy}': {type(error).__name__}: {line_of(error)}"))


def _begin(asked: Asked, queries: list[str], seed: int, unknown: list[str]) -> tuple[Session, Decider]:
    from ttcsim.policies import policy
    from ttcsim.policies.user_code import sources
    from ttcsim.pool.pool import total_budget
    from ttcsim.replay.pins import versions
    from ttcsim.replay.session import Session

    chosen = policy(asked.policy)
    if chosen.signal != "correct":
        raise InputError(
            f"policy '{chosen}' goes by the column '{chosen.signal}': rewards are scored once all samples are there, "
            "so live it can only go by the verifier (signal=correct)"
        )
    if chosen.prior() is not None:
        raise InputError(f"policy '{chosen}' goes by priors fitted to a pool, and a live run has none; use another")
    if chosen.chooses_sources or chosen.on:
        raise InputError(f"policy '{chosen}' chooses sources, and a harvest has one, its model; use another")
    session = Session(chosen, queries, asked.budget, cost=asked.cost, seed=seed)
    for column in session.columns:
        if column in unknown:
            raise InputError(
                f"policy '{chosen}' needs the column '{column}', which no sample here would have a value in; use a "
                "policy that goes by the verifier"
            )
    code = {source.name: source.sha256 or "" for source in sources([chosen])}
    total = total_budget(asked.budget, len(queries))
    return session, Decider(chosen.written(), code, versions(), session.in_waves, total)
