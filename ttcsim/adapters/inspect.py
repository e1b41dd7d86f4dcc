"""Inspect (``inspect eval``): a policy decides which epochs of which samples are run, by its early-stopping protocol.

Inspect offers every epoch of every sample, in an order of its own. One that is offered waits here, before its sandbox
and its model are touched, until the policy asks for a draw of that query; where it never does, it is stopped.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from inspect_ai.util import EarlyStop

from ttcsim.errors import InputError
from ttcsim.policies import Policy
from ttcsim.policies import policy as policy_of
from ttcsim.pool.importers.inspect_logs import LIVE, row
from ttcsim.replay.prices import rates_of_one
from ttcsim.replay.session import Session

if TYPE_CHECKING:
    from inspect_ai.dataset import Sample
    from inspect_ai.log import EvalConfig, EvalSpec
    from inspect_ai.scorer import SampleScore


class PolicyStopping:
    """What ``Task(early_stopping=...)`` takes: the epochs that run are the draws of a `ttcsim.Session`.

    Draw k of a query is epoch k of that sample, whatever finishes first: what was decided follows from the log alone,
    and an evaluation that is retried decides again as it did. A query has no more draws than there are epochs, which is
    the policy's ``cap``. ``ttcsim pool import inspect`` makes a live run of the log, for ``ttcsim live-check``.

    Parameters
    ----------
    policy : str or Policy
        Any but the oracles, those that choose sources, and those that go by priors.
    budget : float
        Average budget per sample of the dataset, in units of `cost`.
    cost : {"samples", "tokens", "dollars"}
        What an epoch costs; its tokens are those of the last response, as the import counts them.
    prices : str, Path or mapping, optional
        With dollars: the rates of the model, by its name in Inspect or as "default", see `ttcsim.sweep`.
    wave : int
        Most epochs decided before the first of them is seen: about as many as the model serves at once
        (``max_connections``).
    mapping : mapping, optional
        Column to scorer, as ``--map`` of the import: ``{"correct": "match", "reward": "judge"}``.
    seed : int
        What ties are broken by, and what policies that draw at random go by.

    Raises
    ------
    InputError
        For a policy that is none; and within the evaluation, which ends with it, when it is set up so that Inspect
        would not offer every epoch or not tell of it, and for a score that is neither right nor wrong.
    """

    def __init__(
        self,
        policy: str | Policy,
        budget: float,
        *,
        cost: str = "samples",
        prices: str | Path | Mapping[str, Any] | None = None,
        wave: int = 64,
        mapping: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> None:
        chosen = self._policy = policy_of(policy)
        if chosen.chooses_sources or chosen.on:
            raise InputError(f"policy '{chosen}' chooses sources, and an evaluation has one, its model; use another")
        if chosen.prior() is not None:
            raise InputError(
                f"policy '{chosen}' goes by priors fitted to a pool, and an evaluation has none; use another"
            )
        self._prices, self._mapping = prices, dict(mapping or {})
        self._how: dict[str, Any] = {"budget": budget, "cost": cost, "seed": seed}
        self._wave = wave
        self._deciding = ""  # the id of the task; a retry of it has the same

    async def start_task(self, task: EvalSpec, samples: list[Sample], epochs: int) -> str:
        """Begin a session over the samples of a task."""
        if self._deciding not in ("", task.task_id):
            raise InputError(f"early_stopping: {self._policy} decides in a task already; give each one of its own")
        _refuse(task.config, len(samples) * epochs)
        policy = dataclasses.replace(self._policy, cap=min(self._policy.cap, epochs))
        rates = None if self._prices is None else rates_of_one(self._prices, task.model)
        self._session = Session(policy, [str(s.id) for s in samples], prices=rates, **self._how)
        self._over = False
        self._drawn, self._told = Counter[str](), Counter[str]()  # epochs asked for, and told, of each query
        self._came: dict[tuple[str, int], dict[str, Any]] = {}  # by query and epoch, what is not told yet
        self._right: set[tuple[str, int]] = set()
        self._waiting: dict[tuple[str, int], anyio.Event] = {}
        self._waves: list[list[str]] = []
        pinned = {"policy": policy.written(), **self._how, "wave": self._wave, "queries": len(samples)}
        if rates is not None:
            pinned["prices"] = {name: own._asdict() for name, own in rates.items()}
        task.metadata = {**(task.metadata or {}), LIVE: pinned}  # a log that is never finished says it too
        self._deciding = task.task_id
        self._decide()
        return f"ttcsim: {policy}"

    async def schedule_sample(self, id: str | int, epoch: int) -> EarlyStop | None:
        """Wait until the policy asks for this epoch, or for nothing any more."""
        query = str(id)
        if epoch > self._drawn[query] and not self._over:
            try:
                await self._waiting.setdefault((query, epoch), anyio.Event()).wait()
            except BaseException:  # the evaluation is over before its end
                self._deciding = ""
                raise
        if epoch <= self._drawn[query]:
            return None
        return EarlyStop(id=id, epoch=epoch, reason=f"the policy asked for {self._drawn[query]} epochs")

    async def complete_sample(self, id: str | int, epoch: int, scores: dict[str, SampleScore]) -> None:
        """See what came; what follows is decided once all that was asked for is there."""
        told = {name: own.score.model_dump(mode="json", include={"value", "answer"}) for name, own in scores.items()}
        sample = {"id": id, "epoch": epoch, "scores": told, "output": _output(str(id), epoch)}
        own = row(sample, self._mapping, "early_stopping: sample")
        self._came[str(id), epoch] = {column: value for column, value in own.items() if value is not None}
        self._see(str(id))
        self._decide()

    async def complete_task(self) -> dict[str, Any]:
        """What was decided and what came of it, for the log."""
        self._deciding = ""
        draws = self._session.draws
        solved = {query for query, epoch in self._right if epoch <= draws[query]}
        came = {"waves": len(self._waves), "spent": self._session.spent, "draws": sum(draws.values())}
        return {LIVE: {**came, "coverage": len(solved) / len(draws), "decided": self._waves}}

    def _see(self, query: str) -> None:
        """Tell the epochs of a query in their order, as far as they are there."""
        while (key := (query, self._told[query] + 1)) in self._came and key[1] <= self._drawn[query]:
            own = self._came.pop(key)
            self._session.tell(query, own)
            self._told[query] += 1
            if own["correct"]:
                self._right.add(key)

    def _decide(self) -> None:
        """Let the next wave run, where the last one is told whole; one that a retry took over is told at once."""
        while not self._over and not self._session.asked:
            wave = [str(draw.query) for draw in self._session.ask(self._wave)]
            self._over = not wave
            if wave:
                self._waves.append(wave)
            for query in wave:
                self._drawn[query] += 1
                if (waiting := self._waiting.pop((query, self._drawn[query]), None)) is not None:
                    waiting.set()
            for query in dict.fromkeys(wave):
                self._see(query)
        if self._over:
            for waiting in self._waiting.values():
                waiting.set()


def _refuse(config: EvalConfig, epochs: int) -> None:
    """Raise `InputError` for what would leave the policy waiting for ever."""
    if (config.max_samples or 0) < epochs:
        raise InputError(
            f"early_stopping: max_samples is {config.max_samples}, and epochs that the policy has not asked for wait "
            f"beside those that run; give max_samples={epochs} (max_connections limits what runs)"
        )
    if config.fail_on_error not in (None, True) or config.continue_on_fail:
        raise InputError(
            "early_stopping: a sample that ends in an error without a score leaves the policy waiting; leave "
            "fail_on_error and continue_on_fail out (retry_on_error=3 tries again, and a failed evaluation can be "
            "retried)"
        )
    if config.log_samples is False:
        raise InputError("early_stopping: Inspect skips nothing where samples are not logged; leave log_samples out")


def _output(query: str, epoch: int) -> dict[str, Any]:
    """The response of the sample that this is called in, as the log has it; none for one that a retry took over."""
    from inspect_ai.solver._task_state import sample_state  # nothing public tells it to the protocol

    state = sample_state()
    if state is None or (str(state.sample_id), state.epoch) != (query, epoch):
        return {}
    found: dict[str, Any] = state.output.model_dump(mode="json", include={"usage"})
    return found
