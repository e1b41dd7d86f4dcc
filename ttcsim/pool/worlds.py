"""Worlds: laws of success rates that make synthetic pools."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ttcsim import grammar
from ttcsim.errors import InputError, closest
from ttcsim.pool import Pool
from ttcsim.room import demand

_PER_SAMPLE = 64  # bytes while a pool is made
Rates = NDArray[np.float64]


def _levels(n: int, generator: np.random.Generator, law: str, a: float, b: float) -> Rates:
    """One level in each of n equal cells instead of n free draws: less luck in which queries one gets."""
    if not (a > 0 and b > 0):
        raise InputError(f"world {law}({a:g},{b:g}): both parameters must be positive")
    return (np.arange(n) + generator.random(n)) / n


def _beta(n: int, generator: np.random.Generator, a: float, b: float) -> Rates:
    from scipy import stats  # here, because only this law needs it, and it is slow to load

    return np.asarray(stats.beta.ppf(_levels(n, generator, "beta", a, b), a, b))


def _kumaraswamy(n: int, generator: np.random.Generator, a: float, b: float) -> Rates:
    u = _levels(n, generator, "kumaraswamy", a, b)
    return np.asarray((-np.expm1(np.log1p(-u) / b)) ** (1 / a))


def _scaled_beta(n: int, generator: np.random.Generator, a: float, b: float, c: float) -> Rates:
    if not 0 < c <= 1:
        raise InputError(f"world scaled-beta({a:g},{b:g},{c:g}): the largest rate c must lie in (0, 1]")
    return c * _beta(n, generator, a, b)


def _linear(n: int, generator: np.random.Generator) -> Rates:
    return np.arange(1, n + 1) / n


def _constant(n: int, generator: np.random.Generator, p: float) -> Rates:
    if not 0 <= p <= 1:
        raise InputError(f"world constant({p:g}): the success rate must lie in [0, 1]")
    return np.full(n, p)


WORLDS: dict[str, tuple[Callable[..., Rates], int]] = {
    "beta": (_beta, 2),
    "kumaraswamy": (_kumaraswamy, 2),
    "scaled-beta": (_scaled_beta, 3),
    "linear": (_linear, 0),
    "constant": (_constant, 1),
}
"""Law of the success rates, and how many parameters it takes."""


def world_rates(text: str, n: int, seed: int = 0) -> Rates:
    """Success rates of n queries of the world `text`, f8[n], in random order.

    Parameters
    ----------
    text : str
        ``beta(a,b)``, ``kumaraswamy(a,b)``, ``scaled-beta(a,b,c)`` (stratified quantiles of these laws, the last one on
        (0, c)), ``linear`` (i/n for i = 1..n), ``constant(p)``; with
        ``unsolvable=u`` as last parameter a share u of the queries gets rate 0.
    """
    call = grammar.parse(text, "world")
    law, arity = call.choose(WORLDS)
    values = [float(v) for v in call.values if not isinstance(v, str | bool)]
    unsolvable = call.named.get("unsolvable", 0.0)
    if len(values) < len(call.values) or isinstance(unsolvable, str | bool):
        raise InputError(f"{call.where}: cannot read its parameters as numbers; the form is beta(0.4,1.2)")
    for name in call.named.keys() - {"unsolvable"}:
        meant = closest(name, ("unsolvable",))
        raise InputError(f"{call.where}: no parameter '{name}'; {meant}only unsolvable= has a name")
    if len(values) != arity or not all(map(math.isfinite, values)):
        raise InputError(f"{call.where}: takes {arity} finite numbers")
    if not 0 <= unsolvable < 1:
        raise InputError(f"{call.where}: unsolvable={unsolvable:g} must lie in [0, 1)")
    if n < 1:
        raise InputError(f"{call.where}: {n} queries are too few; give 1 or more")
    if seed < 0:
        raise InputError(f"seed: {seed} must be a whole number from 0 on")
    demand(64 * n, f"{call.where}: {n:,} queries", "ask for fewer")
    generator = np.random.default_rng([seed, 0x776F726C64])
    dead = round(unsolvable * n)
    rates = np.concatenate([law(n - dead, generator, *values), np.zeros(dead)])
    return generator.permutation(rates)


def make_pool(text: str, n: int, samples: int, *, seed: int = 0) -> Pool:
    """A synthetic pool: n queries of the world `text`, `samples` samples each.

    Correct samples share one answer; wrong ones are spread over 2 to 9 answers with weights 1, 1/2, 1/3 ..., and 5 % of
    them have none. The reward is right on average and noisy: Beta(4, 2) for correct samples, Beta(2, 4) for wrong
    ones. Tokens are log-normal around 200 and a little more for hard queries.
    """
    if samples < 1:
        raise InputError(f"samples: {samples} is too few; give 1 or more")
    demand(_PER_SAMPLE * n * samples, f"world {text!r}: {n:,} queries of {samples:,} samples", "ask for fewer")
    rates = world_rates(text, n, seed)
    generator = np.random.default_rng([seed, 0x706F6F6C])
    correct = generator.random((n, samples)) < rates[:, None]
    kinds = generator.integers(2, 10, size=n)
    answers = np.zeros((n, samples), np.int32)
    for q in range(n):
        weights = 1 / np.arange(1, kinds[q] + 1)
        answers[q] = generator.choice(kinds[q], size=samples, p=weights / weights.sum()) + 1
    answers[generator.random((n, samples)) < 0.05] = -1
    answers[correct] = 0
    noise = np.where(correct, generator.beta(4, 2, (n, samples)), generator.beta(2, 4, (n, samples)))
    tokens = np.exp(generator.normal(math.log(200), 0.5, (n, samples)) + 0.5 * (1 - rates[:, None]))
    width = len(str(n - 1))
    return Pool(
        name=text,
        query_ids=tuple(f"q{i:0{width}d}" for i in range(n)),
        offsets=np.arange(n + 1, dtype=np.int64) * samples,
        correct=correct.ravel().astype(np.uint8),
        rewards={"reward": noise.ravel().astype(np.float32)},
        tokens=np.maximum(1, tokens).ravel().astype(np.int32),
        answers=answers.ravel(),
        answer_labels=tuple("abcdefghij"),
    )
