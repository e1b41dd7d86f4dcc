"""Samples as a session is told them: checked, priced, and entered where kernels read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttcsim.engine.arrays import CORRECT, HIT, Samples, read_only
from ttcsim.errors import InputError
from ttcsim.policies import Policy
from ttcsim.policies.parameters import inside
from ttcsim.policies.rules import FIELDS, PRIOR, RATES, SUMS_BY_ANSWER
from ttcsim.pool import Pool
from ttcsim.replay.prices import PRICES, Rates

_SIGNAL = {"successes", "signal", "signal_sum", "signal_squares", "signal_max", "query_successes", *SUMS_BY_ANSWER}
_MOST = 2**31 - 1
_COUNTS = ("tokens", "prompt_tokens")
_DTYPES = {
    "flags": np.uint8, "price": np.int64, "signal": np.float32, "tokens": np.int32, "answer": np.int32,
    "logprob": np.float32,
}  # fmt: skip


class Told:
    """The samples of one wave, in the order in which they were decided.

    Parameters
    ----------
    queries : int
        How many there are; every query has room for as many answers as the one with the most.
    """

    def __init__(
        self, policy: Policy, cost: str, rates: Mapping[str, Rates], queries: int, sources: tuple[str, ...]
    ) -> None:
        reads, exact = policy.reads()
        self._gamma, self._signal, self._within = policy.gamma, policy.signal, policy.signal_within
        self._price, self._rates, self._sources = PRICES[cost], rates, sources
        needs = {FIELDS[name].needs for name in reads} - {"", PRIOR, RATES}
        if not exact:  # its code does not show what it reads: whatever a sample has
            needs |= {field.needs for field in FIELDS.values()} - {"", PRIOR, RATES}
        self.columns = tuple(sorted(needs & set(_DTYPES))) if exact else ()
        """What a sample has to have, beside what says whether it is right."""
        self._judged = not exact or bool(reads & _SIGNAL)
        used = {"flags"} | (needs & set(_DTYPES)) | ({"signal"} if self._signal != "correct" else set())
        if self._price.of(_one({"tokens": 1, "prompt_tokens": 1}, sources, 0), self._rates) is not None:
            used.add("price")
        self._arrays: dict[str, NDArray[Any]] = {name: np.zeros(0, dtype) for name, dtype in _DTYPES.items()}
        self._used = used
        self.codes: list[dict[str, int]] = [{} for _ in range(queries)]
        """Of every query, the code of each answer told."""
        self.room = 4
        """Codes that a query has room for."""

    def hold(self, draws: int) -> bool:
        """Have room for so many samples, where there are none; whether the arrays are others now."""
        if len(self._arrays["flags"]) >= draws:
            return False
        self._arrays |= {name: np.zeros(draws, _DTYPES[name]) for name in self._used}
        return True

    def into(self, x: Samples) -> Samples:
        """The arrays of `x` with these samples."""
        offsets = np.arange(len(self.codes) + 1) * self.room
        mine = {name: read_only(array) for name, array in self._arrays.items()}
        return x._replace(**mine, answer_offsets=read_only(offsets))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is entered, by name."""
        return {name: self._arrays[name] for name in sorted(self._used)}

    def restore(self, codes: list[dict[str, int]], room: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what `arrays` gave, under ``told.NAME``."""
        self.codes, self.room = codes, room
        for name in self._used:
            self._arrays[name] = arrays[f"told.{name}"].copy()

    def enter(self, at: int, query: int, source: int, sample: Mapping[str, Any], where: str) -> None:
        """Enter a sample of a query at place `at`; nothing is entered when something is wrong with it.

        Raises
        ------
        InputError
            With `where`, when it lacks what the policy reads, or has a value that no pool could have.
        """
        if not isinstance(sample, Mapping):
            raise InputError(f"{where}: {sample!r} is no sample; give a mapping such as {{'correct': True}}")
        values: dict[str, Any] = {"flags": self._flags(sample, where)}
        if "signal" in self._used:
            values["signal"] = _number(sample, self._signal, where)
            if not inside(values["signal"], self._within):
                raise InputError(f"{where}: {self._signal} = {values['signal']:g}; the policy takes {self._within}")
        if "tokens" in self._used:
            values["tokens"] = self._whole(sample, "tokens", 1, where)
        if "logprob" in self._used:
            values["logprob"] = _number(sample, "logprob", where) if self._asked(sample, "logprob") else 0.0
        if "price" in self._used:
            values["price"] = self._priced(sample, source, where)
        answer = self._answer(sample, where) if "answer" in self._used else None
        if "answer" in self._used:
            known = self.codes[query]
            values["answer"] = 0 if answer is None else known.setdefault(answer, len(known) + 1)
            while len(known) >= self.room:
                self.room *= 2
        for name, value in values.items():
            self._arrays[name][at] = value

    def _asked(self, sample: Mapping[str, Any], column: str) -> bool:
        return column in self.columns or column in sample

    def _flags(self, sample: Mapping[str, Any], where: str) -> int:
        correct = sample.get("correct")
        if correct is None and (not self._judged or self._signal != "correct"):
            correct = False  # no rule reads it
        if not isinstance(correct, bool | np.bool_) and not (_is_number(correct) and correct in (0, 1)):
            said = "lacks 'correct'" if correct is None else f"correct = {correct!r}"
            raise InputError(f"{where}: {said}; say True or False, the verifier's outcome")
        if self._signal == "correct":
            hit = float(correct) >= self._gamma
        else:
            hit = bool(np.float32(_number(sample, self._signal, where)) >= np.float32(self._gamma))
        return CORRECT * int(correct) + HIT * hit

    def _whole(self, sample: Mapping[str, Any], column: str, least: int, where: str) -> int:
        if not self._asked(sample, column):
            return 0
        value = _of(sample, column, where)
        if not _is_number(value) or value != int(value) or not least <= value <= _MOST:
            raise InputError(f"{where}: {column} = {value!r}; give a whole number, {least} or more")
        return int(value)

    def _answer(self, sample: Mapping[str, Any], where: str) -> str | None:
        value = _of(sample, "answer", where) if self._asked(sample, "answer") else None
        if value is not None and not isinstance(value, str):
            raise InputError(f"{where}: answer = {value!r}; give a string, or None where there is none")
        return value

    def _priced(self, sample: Mapping[str, Any], source: int, where: str) -> int:
        for column in self._price.needs:
            self._whole({column: _of(sample, column, where)}, column, 1, where)
        try:
            price = self._price.of(_one(sample, self._sources, source), self._rates)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
        assert price is not None  # it was tried
        return int(price[0])


def _of(sample: Mapping[str, Any], column: str, where: str) -> Any:
    if column not in sample:
        raise InputError(f"{where}: lacks '{column}', which the policy or the price reads; add it to the sample")
    return sample[column]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _number(sample: Mapping[str, Any], column: str, where: str) -> float:
    value = _of(sample, column, where)
    if not _is_number(value) or not np.isfinite(value) or (column.startswith("reward") and not 0 <= value <= 1):
        within = "a number from 0 to 1" if column.startswith("reward") else "a finite number"
        raise InputError(f"{where}: {column} = {value!r}; give {within}")
    return float(value)


def _one(sample: Mapping[str, Any], sources: tuple[str, ...], source: int) -> Pool:
    """A pool of one sample, which is what prices are of."""
    counts: dict[str, Any] = {name: np.array([sample[name]]) for name in _COUNTS if sample.get(name) is not None}
    return Pool(
        name="told", query_ids=("",), offsets=np.array([0, 1]), correct=np.zeros(1, np.uint8), sources=sources,
        source=np.array([source], np.int32) if len(sources) > 1 else None, **counts,
    )  # fmt: skip
