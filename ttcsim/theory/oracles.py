"""Exact values of the two oracles."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from ttcsim.theory.first_success import first_success

TRACTABLE = 2e8
"""Operations that `prophet_coverage` may take; beyond it, replay."""


def clairvoyant_coverage(
    sizes: NDArray[np.int64],
    successes: NDArray[np.int64],
    totals: NDArray[np.int64],
    *,
    replay: str = "bootstrap",
) -> NDArray[np.float64]:
    """Expected coverage of the policy that knows the rates, at total budgets, f8[B].

    It draws the query with the highest rate until it is solved, then the next: k queries are solved when the sum of
    their first-success positions is within the budget. Among equal rates it goes round by round, which solves as many
    in expectation when rates are constant (bootstrap), since each draw then succeeds with the same probability.
    Without replacement the value is that of the policy that finishes one query before it begins the next.
    """
    totals = np.asarray(totals, np.int64)
    most = int(totals.max())
    rates = successes / sizes
    order = [q for q in np.argsort(-rates, kind="stable") if successes[q] > 0]
    spent = np.zeros(most + 1)
    spent[0] = 1.0  # law of the draws until the first k queries are solved
    value = np.zeros(len(totals))
    for q in order:
        if replay == "bootstrap":
            p = rates[q]
            # s_k(x) = (1 - p) s_k(x - 1) + p s_{k-1}(x - 1)
            spent = scipy.signal.lfilter([0.0, p], [1.0, -(1.0 - p)], spent)
        else:
            law = first_success(sizes[[q]], successes[[q]], int(min(sizes[q], most)), replay=replay)[0]
            spent = np.clip(scipy.signal.convolve(spent, np.concatenate([[0.0], law])), 0.0, 1.0)[: most + 1]
        within = np.cumsum(spent)
        value += within[totals]
        if within[-1] < 1e-15:
            break
    return value / len(sizes)


def prophet_coverage(
    sizes: NDArray[np.int64], successes: NDArray[np.int64], total: int, *, replay: str = "permute"
) -> float:
    """Expected coverage of the policy that knows the outcomes, exactly; for small pools and budgets only.

    It solves the queries with the smallest first-success positions T. With the cost below t, ``S = sum_{T_q < t} T_q``,
    and the number at t, ``m = #{T_q = t}``, position t adds ``min(m, floor((B - S) / t))`` queries: the joint law of
    (S, m) is a product over independent queries.

    Raises
    ------
    ValueError
        When it would take more than TRACTABLE operations: replay it instead.
    """
    n = len(sizes)
    limit = min(total, int(sizes.max()) if replay == "permute" else total)
    if float(n) * n * total * limit > TRACTABLE:
        raise ValueError("too large for the exact value of the prophet; replay it")
    law = first_success(sizes, successes, limit, replay=replay)
    value = 0.0
    for t in range(1, limit + 1):
        joint = np.zeros((total + 1, n + 1))  # P(S = s, m), with S beyond the budget left out
        joint[0, 0] = 1.0
        for q in range(n):
            now = joint * max(0.0, 1.0 - law[q, :t].sum())  # later, or never
            for k in range(1, t):
                now[k:] += law[q, k - 1] * joint[: total + 1 - k]
            now[:, 1:] += law[q, t - 1] * joint[:, :-1]
            joint = now
        room = (total - np.arange(total + 1)) // t
        value += float(np.sum(joint * np.minimum(np.arange(n + 1)[None, :], room[:, None])))
    return value / n
