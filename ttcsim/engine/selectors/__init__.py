"""Selectors: how one answer is chosen among the samples drawn of a query, and what it is worth.

Best-of-N has one meaning, whoever asks. A sample without an answer takes no part in a vote while any sample drawn has
one; where none of those drawn has, as on pools of programs, each is an answer of its own: `majority` is then the
expectation over all drawn, `weighted` that over those of the highest reward. Ties are settled by expectation, never by
order: of three answers tied for the vote, one of them correct, the value is 1/3. The value of an answer is the share of
its own drawn samples that are correct, which is 0 or 1 unless the verifier contradicts itself; for `weighted` only
those of the largest reward count, as the best-scored response of the winning answer is what is returned. A query of
which nothing was drawn counts as wrong. On a pool without any answer votes are refused.

A new selector is a file beside these, with a value function and a `SELECTOR`, and its name in `_FILES`. `oracle`,
which is right where any sample drawn is, is coverage and needs none.
"""

from __future__ import annotations

from collections.abc import Sequence

from ttcsim.engine.selectors.selector import Selector as Selector
from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.registry import collect

_FILES = (
    "first",
    "best",
    "majority",
    "weighted",
)

SELECTORS: tuple[Selector, ...] = collect(__name__, "SELECTOR", _FILES)
ORACLE = "oracle"
BY_NAME = {selector.name: selector for selector in SELECTORS}


def needed(names: Sequence[str]) -> set[str]:
    """Columns that these selectors read: of "reward" and "answer"."""
    return {column for name in names if name != ORACLE for column in BY_NAME[name].needs}


def check_selectors(names: Sequence[str], pool: Pool, reward: str | None = None) -> tuple[tuple[str, ...], str | None]:
    """Names without repetition and without `oracle`, and the reward column that they choose by on this pool.

    Raises
    ------
    InputError
        When a name is unknown or the pool lacks a column that a selector reads.
    """
    for name in names:
        if name != ORACLE and name not in BY_NAME:
            raise InputError(f"selectors: '{name}' is unknown; use {ORACLE}, {', '.join(BY_NAME)}")
        if "answer" in needed([name]) and not pool.answered:
            lack = "lacks" if pool.answers is None else "has only nulls in"
            raise InputError(
                f"selectors: '{name}' needs the column 'answer', which pool {pool.name} {lack}; extract answers, or "
                "select best, first or oracle"
            )
    chosen = tuple(name for name in dict.fromkeys(names) if name != ORACLE)
    if "reward" not in needed(chosen):
        return chosen, None
    found = pool.reward_name(reward or "reward")
    if found is None:
        have = ", ".join(sorted(pool.rewards)) or "no reward, and no logprob with tokens to derive one from"
        if reward is None:
            using = " and ".join(name for name in chosen if "reward" in BY_NAME[name].needs)
            raise InputError(f"selectors: {using} need a reward column; pool {pool.name} has {have}: name one")
        raise InputError(f"reward: pool {pool.name} has no column '{reward}'; it has {have}")
    return chosen, found
