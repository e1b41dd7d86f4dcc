"""Selectors: how one answer is chosen among the samples drawn of a query, and what it is worth.

Best-of-N has one meaning, whoever asks. A sample without an answer takes no part in a vote while any sample drawn has
one; where none of those drawn has, as on pools of programs, each is an answer of its own: `majority` is then the
expectation over all drawn, a weighted vote that over those of the largest weight. Ties are settled by expectation,
never by order: of three answers tied for the vote, one of them correct, the value is 1/3. The value of an answer is the
share of its own drawn samples that are correct (those that vote), which is 0 or 1 unless the verifier contradicts
itself; for `weighted` only those of the largest reward count, as the best-scored response of the winning answer is what
is returned. A query of which nothing was drawn counts as wrong. On a pool without any answer votes are refused.

A new selector is a file beside these, with a value function and a frozen dataclass of its parameters, and its name in
`_FILES`. `oracle`, which is right where any sample drawn is, is coverage and needs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from importlib import import_module

import numpy as np

from ttcsim import grammar
from ttcsim.engine.selectors.selector import Selector as Selector
from ttcsim.errors import InputError, among, closest
from ttcsim.pool import Pool
from ttcsim.pool.format import is_confidence

_FILES = (
    "first",
    "best",
    "majority",
    "weighted",
    "deepconf",
    "cisc",
    "borda",
)


def _selector_in(file: str) -> type[Selector]:
    module = import_module(f"{__name__}.{file}")
    return next(
        kind for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Selector) and kind.__module__ == module.__name__
    )  # fmt: skip


SELECTORS: dict[str, type[Selector]] = {kind.name: kind for kind in map(_selector_in, _FILES)}
"""Every selector by its name, in the order of the documentation."""

ORACLE = "oracle"


def selector(text: str) -> Selector:
    """Build a selector from its string form, such as ``"cisc(temperature=0.5)"``.

    Raises
    ------
    InputError
        When the form, the name, a parameter or a value is wrong; the message says what would be right.
    """
    call = grammar.parse(text, "selector")
    if call.name not in SELECTORS:
        raise InputError(f"selectors: '{call.name}' is unknown; {among(call.name, (ORACLE, *SELECTORS), 'use')}")
    kind = SELECTORS[call.name]
    return kind(**call.parameters([f.name for f in fields(kind)]))


def check_selectors(names: Sequence[str], pool: Pool, reward: str | None = None) -> tuple[tuple[str, ...], str | None]:
    """String forms without repetition and without `oracle`, and the reward column that they choose by on this pool.

    Raises
    ------
    InputError
        When a name is unknown, the pool lacks a column that a selector reads, or its values are no weights.
    """
    every = [selector(name) for name in names if name != ORACLE]
    found = None
    for one in every:
        if one.votes and not pool.answered:
            lack = "lacks" if pool.answers is None else "has only nulls in"
            raise InputError(
                f"selectors: '{one}' needs the column 'answer', which pool {pool.name} {lack}; extract answers, or "
                "select best, first or oracle"
            )
        column = one.column(reward)
        if column is None:
            continue
        if pool.score_name(column) is None:
            raise InputError(_lacking(one, column, pool, reward))
        if getattr(one, "by", None) == "reward":
            found = pool.score_name(column)
        if one.weighs and (score := pool.score(column)).min() < 0:
            query = pool.query_ids[int(np.searchsorted(pool.offsets, score.argmin(), side="right")) - 1]
            raise InputError(
                f"selectors: '{one}' weighs votes by the column '{pool.score_name(column)}', which is {score.min():g} "
                f"for a sample of query '{query}'; use cisc or borda, which take any numbers"
            )
    return tuple(dict.fromkeys(map(str, every))), found


def _lacking(one: Selector, column: str, pool: Pool, reward: str | None) -> str:
    kind, own = ("confidence", pool.confidences) if is_confidence(column) else ("reward", pool.rewards)
    have = ", ".join(sorted(own)) or f"no {kind}, and no logprob with tokens to derive one from"
    if column == reward:
        return f"reward: pool {pool.name} has no column '{reward}'; {closest(reward, own)}it has {have}"
    if column == kind:
        return f"selectors: '{one}' needs a {kind} column; pool {pool.name} has {have}: name one"
    return f"selectors: '{one}': pool {pool.name} has no column '{column}'; {closest(column, own)}it has {have}"
