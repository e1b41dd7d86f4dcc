"""A policy that runs: it says which query is sampled next, and is told what came (ask and tell)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.rng import query_keys, unit_keys
from ttcsim.engine.arrays import Samples, example_samples, make_tally, read_only
from ttcsim.engine.live import BEGIN, BY_INDEX, OVER, SCORED, STREAMED, addresses, go_on
from ttcsim.engine.loops import enter_scores
from ttcsim.engine.work import Work, make_work
from ttcsim.errors import InputError, among
from ttcsim.policies import ALL as POLICIES
from ttcsim.policies import Policy
from ttcsim.policies import policy as policy_of
from ttcsim.policies.base import is_plain
from ttcsim.policies.rules import opaque
from ttcsim.policies.sources import Sources
from ttcsim.pool.folders import write_whole
from ttcsim.pool.pool import total_budget
from ttcsim.pool.reading import decoding, read_bytes
from ttcsim.replay import snapshot
from ttcsim.replay.asked import cap_of, compiled, params_of, plan_of, sums_by_answer
from ttcsim.replay.prices import PRICES, read_rates
from ttcsim.replay.told import Told

_WIDEST = 1_000_000


class Draw(NamedTuple):
    """A sample to be drawn."""

    query: Any  # the id as it was given
    source: str  # "" where there is one


class Session:
    """Which query gets the next sample, decided as samples come in.

    The decisions are those of a replay: a session that is told the samples in the order of replication r of a pool asks
    for the draws that ``ttcsim.sweep`` makes there, one by one or, with ``ask(n)``, in waves of n.

    Parameters
    ----------
    policy : str or Policy
        Any but the oracles.
    queries : sequence of str or int
        Their ids.
    budget : float
        Average budget per query, in units of `cost`; the total is ``floor(budget * queries)``.
    cost : {"samples", "tokens", "dollars"}
        What a draw costs. A sample's price is known once it is told: one that costs more than what is left spends what
        is left and is not seen.
    sources : sequence of str, optional
        Models to choose from, for policies that choose sources.
    prices : str, Path or mapping, optional
        With ``cost="dollars"``, the rates of every source, see `ttcsim.sweep`.
    priors : mapping, optional
        For policies with a `Prior`: of each query, its expected success rate and how many draws that is worth.
    seed, replication : int
        What ties are broken by, and what policies that draw at random go by.

    Raises
    ------
    InputError
        When an argument is wrong, or the policy is one that knows outcomes or rates.

    Examples
    --------
    >>> import ttcsim
    >>> session = ttcsim.Session("elimination", ["easy", "hard"], budget=2)
    >>> while not session.finished:
    ...     for query, source in session.ask():
    ...         session.tell(query, {"correct": query == "easy"})
    >>> session.draws
    {'easy': 1, 'hard': 3}
    """

    def __init__(
        self,
        policy: str | Policy,
        queries: Sequence[Any],
        budget: float,
        *,
        cost: str = "samples",
        sources: Sequence[str] = (),
        prices: str | Path | Mapping[str, Any] | None = None,
        priors: Mapping[Any, tuple[float, float]] | None = None,
        seed: int = 0,
        replication: int = 0,
    ) -> None:
        chosen = policy_of(policy)
        self._policy = chosen
        self._ids = _ids(queries)
        self._queries = tuple(self._ids.values())
        n = len(self._ids)
        self._sources = _sources(chosen, sources)
        self._choosing = self._sources if chosen.chooses_sources and len(self._sources) > 1 else (chosen.on,)
        self._several = len(self._choosing) > 1
        if not isinstance(cost, str) or cost not in PRICES:
            raise InputError(f"cost: '{cost}' is unknown; {among(str(cost), PRICES, 'use')}")
        if (prices is None) == PRICES[cost].rated:
            raise InputError(f"cost '{cost}' {'needs prices by source' if prices is None else 'takes no prices'}")
        self._units = PRICES[cost].units
        if not (0 < budget < math.inf) or total_budget(budget * self._units, n) < 1:
            raise InputError(f"budget: {budget!r} per query buys no draw at all; give a positive number")
        self._total = total_budget(budget * self._units, n)
        rates = {} if prices is None else read_rates(prices)
        self._told = Told(chosen, cost, rates, n, self._sources)
        mean, worth = _expected(chosen, self._ids, priors)
        self._x = self._samples(list(self._ids), mean, worth)
        setup = chosen.setup(self._total, n)
        nothing = np.full((n, len(self._choosing)), np.nan)
        params = params_of(chosen, setup, Sources(self._choosing, nothing, nothing, mean), self._total)
        self._rules = compiled(setup, params)
        self._addresses, self._advance = addresses(self._rules), go_on()
        self._plan = plan_of(
            chosen, setup, several=self._several, wave=1, permute=False, seed=seed, first=replication,
            last=replication + 1,
        )  # fmt: skip
        self._how = STREAMED if chosen.streamed() else SCORED if is_plain(chosen) else BY_INDEX
        limits = np.full(len(self._x.keys), cap_of(chosen), np.int64)
        self._work = make_work(
            self._x,
            np.array([self._total]),
            limits,
            0,
            opaque(params),
            setup.memory,
            wave=self._plan.k,
            alike=setup.alike,
            weigh=sums_by_answer(chosen),
        )
        self._tally = make_tally(1, 1, n, 0, units=len(self._x.keys))
        self._asked: list[Draw] = []  # the wave that is decided
        self._open: dict[str, list[int]] = {}  # by query, places in it that are not told yet
        self._over = False
        self._header = {
            "policy": chosen.written(), "queries": list(self._queries), "budget": budget, "cost": cost,
            "sources": list(self._sources), "prices": {name: own._asdict() for name, own in rates.items()} or None,
            "seed": seed, "replication": replication,
        }  # fmt: skip
        self._go(BEGIN, 0)

    def _samples(self, names: list[str], mean: Any, worth: Any) -> Samples:
        """What kernels know of the units; the samples are those of `Told`."""
        n, each = len(names), len(self._choosing)
        if self._several:
            keys = unit_keys((name for name in names for _ in range(each)), self._choosing * n)
        elif self._policy.on:
            keys = unit_keys(names, [self._policy.on] * n)
        else:
            keys = query_keys(tuple(names))
        units = np.arange(n * each)
        nan = np.full(n * each, np.nan)
        arrays = {
            "offsets": np.zeros(n * each + 1, np.int64), "keys": keys,
            "query": units // each if self._several else units[:0],
            "members": np.arange(n + 1) * each if self._several else units[:0],
            "source": units % each if self._several else units[:0],
            "rate": nan, "mean_price": nan, "prior_mean": np.repeat(mean, each), "prior_draws": np.repeat(worth, each),
        }  # fmt: skip
        nothing = Samples._make(array[:0] for array in example_samples())
        return self._told.into(nothing._replace(**{name: read_only(array) for name, array in arrays.items()}))

    def _go(self, made: int, most: int) -> int:
        """See so many draws, and decide up to `most` more."""
        found = self._advance(self._addresses, self._x, self._plan, self._work, self._tally, self._how, made, most)
        self._over = self._over or found == OVER
        return int(found)

    def ask(self, n: int = 1) -> list[Draw]:
        """The next draws, decided before any of them is seen.

        Parameters
        ----------
        n : int
            How many at most. With one, they are what the policy draws before it looks: one sample, or the k of a
            policy that draws blocks; so it is always for one in plain Python. Of a stream only the current query is
            drawn.

        Returns
        -------
        list of Draw
            Pairs (query, source); a query may occur several times. Empty once the session is finished.

        Raises
        ------
        InputError
            When draws that were asked for are not all told yet (`asked` lists them).
        """
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n <= _WIDEST:
            raise InputError(f"ask: {n!r} draws; give a whole number from 1 to {_WIDEST:,}")
        if self._open:
            raise InputError(f"ask: {len(self._places())} draws are asked for and not told yet; tell them first")
        self._see()
        if self._over:
            return []
        blocks = n == 1 or self._how == SCORED
        left = self._total - int(self._work.now["spent"][0])  # a sample costs one unit at least
        most = min(int(self._plan.k) if blocks else int(n), left)
        if most > len(self._work.wave):
            self._work = self._work._replace(wave=np.zeros(most, np.int64))
        if self._told.hold(most):
            self._x = self._told.into(self._x)
        self._plan = self._plan._replace(wave=1 if blocks else int(n))
        if self._how == SCORED:
            enter_scores(self._policy.scores, self._plan, self._work)  # type: ignore[attr-defined]
        decided = self._go(0, most)
        self._over = self._over or decided == 0
        each = len(self._choosing)
        for at, unit in enumerate(self._work.wave[: max(decided, 0)].tolist()):
            draw = Draw(self._queries[unit // each], self._choosing[unit % each])
            self._asked.append(draw)
            self._open.setdefault(str(draw.query), []).append(at)
        return list(self._asked)

    def tell(self, query: Any, sample: Mapping[str, Any], source: str | None = None) -> None:
        """Hand over a sample that was asked for; in whatever order, what follows is decided in the order of the asking.

        Parameters
        ----------
        query : str or int
            As it was asked for.
        sample : mapping
            By the names of the pool's columns: `correct`, and what the policy and the price read (`columns`), such as
            ``{"correct": True, "tokens": 210, "answer": "42"}``. What else there is in it does not matter.
        source : str, optional
            Where there are several.

        Raises
        ------
        InputError
            For a query that was not asked for, and for a sample that lacks something or has a value that no pool could
            have; the session stays as it was.
        """
        where = f"tell: query '{query}'" + (f" of source '{source}'" if source else "")
        places = self._open.get(str(query), [])
        waiting = {self._asked[at].source for at in places}
        if source is None and len(waiting) > 1:
            raise InputError(f"{where} was asked of {', '.join(sorted(waiting))}; say of which this is")
        place = next((i for i, at in enumerate(places) if source in (None, self._asked[at].source)), None)
        if place is None:
            raise InputError(f"{where} was not asked for, or is told already; see `asked`")
        at = places[place]
        own = self._asked[at].source
        number = self._sources.index(own) if own in self._sources else 0
        self._told.enter(at, int(self._work.wave[at]) // len(self._choosing), number, sample, where)
        del places[place]
        if not places:
            del self._open[str(query)]

    def _see(self) -> None:
        """Let the policy see the wave, once it is told whole."""
        if not self._asked or self._open:
            return
        room = len(self._x.answer_offsets) and int(self._x.answer_offsets[1])
        if self._told.room != room:
            self._work = _widened(self._work, len(self._ids), self._told.room)
            self._x = self._told.into(self._x)
        made, self._asked = len(self._asked), []
        self._go(made, 0)

    @property
    def columns(self) -> tuple[str, ...]:
        """What a sample has to have, beside its verdict and what it costs."""
        return self._told.columns

    @property
    def in_waves(self) -> bool:
        """Whether ``ask(n)`` gives draws of several queries; of a stream, and in plain Python, they are of one."""
        return self._how == BY_INDEX

    @property
    def asked(self) -> list[Draw]:
        """Draws that were asked for and are not told yet, in their order."""
        return [self._asked[at] for at in self._places()]

    def _places(self) -> list[int]:
        """Places of the wave that are not told yet."""
        return sorted(at for places in self._open.values() for at in places)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to draw: the budget is spent, or every query has left."""
        self._see()
        return not self._open and (self._over or int(self._work.now["active"][0]) == 0)

    @property
    def spent(self) -> float:
        """Spending so far, average per query, in units of the cost."""
        self._see()
        spent = self._total if int(self._work.now["budget"][0]) else int(self._work.now["spent"][0])
        return spent / len(self._ids) / self._units

    @property
    def draws(self) -> dict[Any, int]:
        """Samples seen of every query."""
        self._see()
        drawn = self._work.rows["query_draws"][:: len(self._choosing), 0]
        return dict(zip(self._queries, drawn.tolist(), strict=True))

    @property
    def state(self) -> bytes:
        """All that the session knows, to go on from later: see `resume`."""
        arrays = snapshot.kept(self._work)
        arrays |= {f"told.{name}": array for name, array in self._told.arrays().items()}
        each = len(self._choosing)
        arrays |= {"mean": self._x.prior_mean[::each], "worth": self._x.prior_draws[::each]}
        more = {
            "codes": self._told.codes, "room": self._told.room, "over": self._over, "wave": int(self._plan.wave),
            "asked": [list(draw) for draw in self._asked], "open": self._places(),
        }  # fmt: skip
        return snapshot.pack({**self._header, **more, **snapshot.made_by(self._policy)}, arrays)

    def save(self, path: str | Path) -> None:
        """Write `state` to a file, whole or not at all."""
        write_whole(Path(path), self.state)

    @classmethod
    def load(cls, path: str | Path, policy: str | Policy | None = None) -> Self:
        """The session in a file, see `resume`."""
        with decoding(f"{path}: no state", "name a file that `save` wrote"):
            state = read_bytes(Path(path))
        return cls.resume(state, policy, where=str(path))

    @classmethod
    def resume(cls, state: bytes, policy: str | Policy | None = None, *, where: str = "state") -> Self:
        """The session whose `state` this is; it goes on as that would have.

        Parameters
        ----------
        policy : str or Policy, optional
            The policy, for one that no string leads to; it has to be the same.

        Raises
        ------
        InputError
            When it is no such state, is damaged, or is that of another policy or version.
        """
        header, arrays = snapshot.unpack(state, where)
        chosen = policy_of(header["policy"] if policy is None else policy)
        snapshot.refuse_other(header, chosen, where)
        given = ("queries", "budget", "cost", "sources", "prices", "seed", "replication")
        expected = zip(header["queries"], arrays["mean"].tolist(), arrays["worth"].tolist(), strict=True)
        priors = {q: (mean, worth) for q, mean, worth in expected}
        session = cls(chosen, **{name: header[name] for name in given}, priors=priors)
        session._told.restore(header["codes"], header["room"], arrays)
        session._x = session._told.into(session._x)
        work = _widened(session._work, len(session._ids), header["room"])
        session._work = work._replace(wave=np.zeros(len(arrays["work.wave"]), np.int64))
        for name, array in snapshot.kept(session._work).items():
            snapshot.copy_into(array, arrays[name])
        session._plan = session._plan._replace(wave=header["wave"])
        session._over = header["over"]
        session._asked = [Draw(*draw) for draw in header["asked"]]
        for at in header["open"]:
            session._open.setdefault(str(session._asked[at].query), []).append(at)
        return session


def _ids(queries: Sequence[Any]) -> dict[str, Any]:
    """The ids as they were given by their text, in the order of pools."""
    for q in queries:
        if isinstance(q, bool) or not isinstance(q, str | int | np.integer):
            raise InputError(f"queries: {q!r} is no id; give strings or whole numbers")
    plain = [q if isinstance(q, str) else int(q) for q in queries]
    found = {str(q): q for q in plain}
    if not plain or len(found) < len(plain):
        raise InputError(f"queries: {len(plain)} ids, of which {len(found)} are different; give each once")
    return {name: found[name] for name in sorted(found)}


def _sources(policy: Policy, sources: Sequence[str]) -> tuple[str, ...]:
    names = (sources,) if isinstance(sources, str) else tuple(sorted(sources))
    if policy.oracle:
        knows = "outcomes" if policy.oracle == "outcomes" else "success rates"
        raise InputError(
            f"policy '{policy}' knows {knows}, which nobody does before samples are drawn; use one of "
            f"{', '.join(name for name, kind in POLICIES.items() if not kind.oracle)}"
        )
    if len(set(names)) < len(names):
        raise InputError(f"sources: {', '.join(names)}: give each once")
    if policy.chooses_sources and not names:
        raise InputError(f"policy '{policy}' chooses sources; name them, as in sources=['small', 'large']")
    if policy.on and policy.on not in names:
        raise InputError(f"policy '{policy}': there is no source '{policy.on}'; {among(policy.on, names)}")
    if len(names) > 1 and not (policy.on or policy.chooses_sources):
        raise InputError(f"policy '{policy}' chooses queries only; name its source, as in on={names[0]}")
    return names


def _expected(policy: Policy, ids: Mapping[str, Any], priors: Mapping[Any, tuple[float, float]] | None) -> Any:
    """Expected success rates and their worth in draws, f8[Q] each; NaN for policies that declare no prior."""
    if policy.prior() is None:
        return np.full(len(ids), np.nan), np.full(len(ids), np.nan)
    if priors is None:
        raise InputError(
            f"policy '{policy}' goes by what is expected of each query; give priors={{query: (success rate, draws that "
            "this is worth)}"
        )
    by_name = {str(q): value for q, value in priors.items()}
    missing = next((q for q in ids if q not in by_name), None)
    if missing is not None:
        raise InputError(f"priors: none for query '{missing}'; give one for each")
    found = np.array([by_name[q] for q in ids], np.float64)
    return found[:, 0], found[:, 1]


def _widened(w: Work, queries: int, room: int) -> Work:
    """With room for so many answers of every query."""

    def wider(array: NDArray[Any]) -> NDArray[Any]:
        before = array.reshape(queries, -1)  # signals have no width where no rule reads their sums
        after = np.zeros((queries, room if before.shape[1] else 0), before.dtype)
        after[:, : before.shape[1]] = before
        return after.reshape(-1)

    return w._replace(votes=wider(w.votes), signals=wider(w.signals))
