"""Elimination with a perfect verifier: exact cost, and exact coverage at any budget."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.theory.first_success import unsolved


class Moments(NamedTuple):
    """Mean and variance of a random cost."""

    mean: float
    variance: float


def elimination_cost(sizes: NDArray[np.int64], successes: NDArray[np.int64], *, replay: str = "permute") -> Moments:
    """Total draws until every query is solved, which is the sum of the first-success positions T_q (guarantee G2).

    With replacement T_q is geometric: mean 1/p, variance (1-p)/p^2. Without, T_q is the least of c positions drawn
    from M: mean (M+1)/(c+1), variance c (M+1) (M-c) / ((c+1)^2 (c+2)). Every query needs a success.
    """
    m = np.asarray(sizes, np.float64)
    c = np.asarray(successes, np.float64)
    if np.any(c < 1):
        raise ValueError("a query without a correct sample is never solved: its cost is infinite; leave it out")
    if replay == "bootstrap":
        p = c / m
        return Moments(float(np.sum(1 / p)), float(np.sum((1 - p) / p**2)))
    return Moments(
        float(np.sum((m + 1) / (c + 1))),
        float(np.sum(c * (m + 1) * (m - c) / ((c + 1) ** 2 * (c + 2)))),
    )


class Exact(NamedTuple):
    """An expected value, and a bound on its numerical error."""

    value: float
    error: float


_NODES = 48
_NEGLIGIBLE = 1e-13


def elimination_coverage(
    sizes: NDArray[np.int64], successes: NDArray[np.int64], total: int, *, replay: str = "permute"
) -> Exact:
    """Expected coverage of elimination (k = 1) with `total` draws over all queries, by convolution.

    Query q is solved by its draw t + 1, number ``t + 1 + sum_{j != q} min(T_j, t) + #{j: T_j > t, j before q}``
    of all draws: within a round the order is random, so given a uniform rank u each other active query comes before q
    with probability u, independently. The generating function of that number is a product over the queries; summed
    over q it follows from one pass that carries the product and its derivative, and the probability that the draw is
    within the budget from the discrete Fourier inversion, which is exact on a grid finer than the largest sum. The
    integral over u is by Gauss-Legendre: exact for up to 96 queries, since the integrand is a polynomial of degree
    n - 1; beyond, the error counts the difference between two rules. Frequencies whose terms are bounded by 1e-18, and
    rounds that lie within or beyond the budget but for a probability of 1e-13 (Chernoff), are left out and counted.

    Returns
    -------
    Exact
        Coverage as a share of the queries, and a bound on its numerical error.
    """
    n = len(sizes)
    kinds, members = np.unique(np.stack([sizes, successes]), axis=1, return_counts=True)
    ends = kinds[0].astype(np.int64) if replay == "permute" else np.full(len(members), total + 1)
    solved = error = 0.0
    first, rounds, failing, length = _rounds(kinds, members, ends, total, replay)
    if first > 0:
        solved = float(members @ (1.0 - failing[:, first]))
        error = first * _NEGLIGIBLE * n
    if rounds > first:
        active = members @ (failing[:, first:rounds] * (ends[:, None] > np.arange(first, rounds)))
        rules = [_rules(float(a), n) for a in active]
        ranks = np.zeros((rounds - first, max(len(x) for x, *_ in rules)))
        for row, (x, *_) in zip(ranks, rules, strict=True):
            row[: len(x)] = x
        counts = np.array([len(x) for x, *_ in rules])
        values, left_out = _invert(
            failing, ends, members.astype(np.float64), first, rounds, total, length, ranks, counts
        )
        error += left_out + 2 * rounds * _NEGLIGIBLE * n
        for row, (_, fine, rough) in zip(values, rules, strict=True):
            value = float(row[: len(fine)] @ fine)
            solved += value
            if len(rough):
                error += abs(value - float(row[len(fine) : len(fine) + len(rough)] @ rough))
    return Exact(solved / n, error / n + 1e-12)


def _rules(active: float, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Points in (0, 1), and the weights of a fine and of a rough rule for the integral over the rank.

    The integrand is a polynomial of degree "other active queries", which is at most n - 1 and, but for a negligible
    probability, at most ``active + 8 sqrt(active) + 20``; a rule that is exact for that degree needs no rough one.
    """
    degree = min(n - 1, int(active + 8 * math.sqrt(active) + 20))
    needed = degree // 2 + 1
    x, w = np.polynomial.legendre.leggauss(min(needed, _NODES))
    if needed <= _NODES:
        return 0.5 * (1 + x), w / 2, np.zeros(0)
    rough_x, rough_w = np.polynomial.legendre.leggauss(2 * _NODES // 3)
    return 0.5 * (1 + np.concatenate([x, rough_x])), w / 2, rough_w / 2


def _rounds(
    kinds: NDArray[np.int64], members: NDArray[np.int64], ends: NDArray[np.int64], total: int, replay: str
) -> tuple[int, int, NDArray[np.float64], int]:
    """Which rounds matter: ``0 .. first-1`` lie within the budget, those from `rounds` on beyond it or without a gain.

    Also P(unsolved) of each kind, and a number of draws that `rounds` rounds do not exceed.
    """
    limit = max(1, int(min(ends.max(), total)))
    depth = min(limit, 64)
    while True:
        failing = unsolved(kinds[0], kinds[1], depth, replay=replay)
        t = np.arange(depth)
        drawing = failing[:, :depth] * (ends[:, None] > t)  # P(draw t + 1 happens)
        cost = np.concatenate([[0.0], np.cumsum(members @ drawing)])
        # E[min(T, t)^2] = sum over s < t of (2 s + 1) P(draw s + 1 happens)
        second = np.cumsum((2 * t + 1) * drawing, axis=1)
        spread = np.sqrt(max(1.0, float((members @ (second - np.cumsum(drawing, axis=1) ** 2)).max())))
        over = np.full(depth + 1, np.inf)  # log of a bound on P(S_t > total), S_t the cost of t rounds
        later = np.full(depth + 1, np.inf)  # a bound on the queries solved in round t or later within the budget
        for tilt in np.geomspace(0.1, 50.0, 12) / spread:
            if tilt * depth < 500:
                over = np.minimum(over, members @ _log_moments(tilt, drawing) - tilt * (total + 1))
            # A query that is unsolved after t rounds has cost t itself, and the others have cost theirs.
            each = _log_moments(-tilt, drawing)
            others = members @ each - each + tilt * (total - np.arange(depth + 1))
            later = np.minimum(later, members @ (failing * np.exp(np.minimum(others, 0.0))))
        certain = np.log(_NEGLIGIBLE)
        beyond = np.flatnonzero(later < _NEGLIGIBLE)
        done = members @ drawing[:, -1] == 0
        if len(beyond) or done or depth == limit:
            rounds = int(beyond[0]) if len(beyond) else depth
            most = members @ np.minimum(ends[:, None], np.arange(depth + 1))
            within = np.flatnonzero(((over < certain) & (cost < total)) | (most <= total))
            can = kinds[1] > 0
            idle = np.flatnonzero(members[can] @ failing[can] < _NEGLIGIBLE)
            rounds = min(rounds, int(idle[0])) if len(idle) else rounds
            length = float(most[rounds])
            for tilt in np.geomspace(0.1, 50.0, 12) / spread:
                if tilt * rounds < 500:
                    moment = float(members @ _log_moments(tilt, drawing[:, : max(rounds, 1)])[:, -1])
                    length = min(length, (moment - certain) / tilt)
            longest = max(math.ceil(length), total) + 2
            return min(int(within[-1]) if len(within) else 0, rounds), rounds, failing, longest
        depth = min(limit, 2 * depth)


def _log_moments(tilt: float, drawing: NDArray[np.float64]) -> NDArray[np.float64]:
    """``ln E exp(tilt * min(T, t))`` for t = 0 .. depth, f8[kinds, depth+1]: Chernoff's bounds on sums of these."""
    t = np.arange(drawing.shape[1])
    moments = 1.0 + np.cumsum(drawing * np.exp(tilt * t), axis=1) * np.expm1(tilt)
    logs = np.log(np.maximum(moments, 0.0) + 1e-12)  # above what cancellation may have taken: it must stay a bound
    return np.concatenate([np.zeros((len(drawing), 1)), logs], axis=1)


@njit
def _invert(failing, ends, members, first, rounds, total, length, ranks, counts):  # type: ignore[no-untyped-def]
    """Expected queries solved in rounds ``first .. rounds-1`` within the budget, f8[round, rank]; what is left out."""
    kinds = len(members)
    values = np.zeros(ranks.shape)
    left_out = 0.0
    stopped = np.empty(kinds, np.complex128)  # sum over k <= min(t, M) of P(T = k) z^k, and those used up
    at_first = np.empty(kinds, np.complex128)
    at_last = np.empty(kinds, np.complex128)
    gain = np.empty(kinds)
    moving = np.empty(kinds, np.int64)
    for k in range(length // 2 + 1):
        angle = 2.0 * np.pi * k / length
        z = complex(math.cos(angle), -math.sin(angle))
        # Sum over s = 0 .. total of exp(2 pi i k s / length): the coefficients up to the budget, added up.
        if k == 0:
            kernel = complex(total + 1.0, 0.0)
        else:
            inverse = complex(math.cos(angle), math.sin(angle))
            ahead = angle * ((total + 1) % length)
            kernel = (complex(math.cos(ahead), math.sin(ahead)) - 1.0) / (inverse - 1.0)
        weight = (1.0 if k == 0 or 2 * k == length else 2.0) / length
        kernel = kernel * weight
        power = complex(1.0, 0.0)  # z^t
        stopped[:] = 0.0
        for t in range(rounds):
            if t >= first:
                # The sum over q is at most (sum of gains) * (product of sizes) / (smallest size); sizes are squared.
                gains, product_bound, smallest = 0.0, 1.0, 1.0
                for j in range(kinds):
                    last = failing[j, t] if ends[j] > t else 0.0
                    at_first[j] = stopped[j] + last * power
                    at_last[j] = at_first[j] + last * power * (z - 1.0)
                    gain[j] = failing[j, t] - failing[j, t + 1] if ends[j] > t else 0.0
                    gains += members[j] * gain[j]
                for j in range(kinds):
                    one, other = at_first[j], at_last[j]
                    size = max(one.real**2 + one.imag**2, other.real**2 + other.imag**2)
                    smallest = min(smallest, size)
                    product_bound *= size if members[j] == 1.0 else size ** members[j]
                    if product_bound < 1e-50 * smallest:
                        break
                limit = gains * abs(kernel) * math.sqrt(product_bound / smallest) if smallest > 0.0 else np.inf
                if limit < 1e-18:
                    left_out += limit
                else:
                    # Queries that are done by now do not depend on the rank: their product is taken once.
                    done, lasting = complex(1.0, 0.0), 0
                    for j in range(kinds):
                        if ends[j] > t and failing[j, t] > 1e-20:
                            moving[lasting] = j
                            lasting += 1
                        else:
                            done = done * (stopped[j] if members[j] == 1.0 else stopped[j] ** members[j])
                    for r in range(counts[t - first]):
                        product, derivative = done, complex(0.0, 0.0)
                        rank = ranks[t - first, r]
                        for i in range(lasting):
                            j = moving[i]
                            f = at_first[j] + rank * (at_last[j] - at_first[j])
                            g = members[j] * gain[j] * power * z
                            if members[j] > 1.0:
                                before_f = f ** (members[j] - 1.0)
                                derivative = (derivative * f + product * g) * before_f
                                product = product * before_f * f
                            else:
                                derivative = derivative * f + product * g
                                product = product * f
                        values[t - first, r] += (derivative * kernel).real
            power = power * z
            for j in range(kinds):
                if t < ends[j]:
                    stopped[j] += (failing[j, t] - failing[j, t + 1]) * power
                    if t + 1 == ends[j]:
                        stopped[j] += failing[j, t + 1] * power
    return values, left_out
