"""Uniform allocation (best-of-N): exact coverage."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln


def pass_at_k(
    sizes: NDArray[np.int64], successes: NDArray[np.int64], k: int, *, replay: str = "permute"
) -> NDArray[np.float64]:
    """Probability that k draws of a query hold a correct sample, f8[Q].

    Without replacement ``1 - C(M - c, k) / C(M, k)`` (Chen et al., arXiv 2107.03374, equation 1), where k is at most M;
    with replacement ``1 - (1 - c/M)^k``.
    """
    m = np.asarray(sizes, np.float64)
    c = np.asarray(successes, np.float64)
    if replay == "bootstrap":
        with np.errstate(divide="ignore"):
            return -np.expm1(k * np.log1p(-c / m)) if k > 0 else np.zeros_like(m)
    draws = np.minimum(k, m)
    wrong = m - c
    with np.errstate(invalid="ignore"):
        log_fail = gammaln(wrong + 1) - gammaln(wrong - draws + 1) - gammaln(m + 1) + gammaln(m - draws + 1)
    return np.where(draws > wrong, 1.0, -np.expm1(np.where(draws > wrong, 0.0, log_fail)))


def pass_hat_k(
    sizes: NDArray[np.int64], successes: NDArray[np.int64], k: int, *, replay: str = "permute"
) -> NDArray[np.float64]:
    """Probability that all of k draws of a query are correct, pass^k, f8[Q].

    Without replacement ``C(c, k) / C(M, k)`` (Yao et al., tau-bench, arXiv 2406.12045), where k is at most M; with
    replacement ``(c/M)^k``. Not all are correct where one is wrong: it is one less the pass@k of the wrong samples.
    """
    return 1.0 - pass_at_k(sizes, np.asarray(sizes) - np.asarray(successes), k, replay=replay)


def _levels(sizes: NDArray[np.int64], total: int, replay: str) -> tuple[int, int, NDArray[np.bool_]]:
    """Whole draws of every query, the number of extra draws, and the queries that can get one."""
    if replay == "bootstrap":
        return total // len(sizes), total % len(sizes), np.ones(len(sizes), np.bool_)

    def cost(level: int) -> int:
        return int(np.minimum(level, sizes).sum())

    level = bisect_right(range(1, int(sizes.max()) + 1), total, key=cost)
    able = np.asarray(sizes > level)
    return level, min(total - cost(level), int(able.sum())), able


def _chances(sizes: NDArray[np.int64], successes: NDArray[np.int64], total: int, replay: str) -> NDArray[np.float64]:
    """P(solved) of every query, f8[Q]."""
    level, extra, able = _levels(sizes, total, replay)
    now = pass_at_k(sizes, successes, level, replay=replay)
    after = pass_at_k(sizes, successes, level + 1, replay=replay)
    share = extra / able.sum() if extra else 0.0
    return np.asarray(now + np.where(able, share * (after - now), 0.0))


def uniform_coverage(
    sizes: NDArray[np.int64], successes: NDArray[np.int64], total: int, *, replay: str = "permute"
) -> float:
    """Expected coverage of the policy `uniform` with `total` draws over all queries (guarantee G1).

    Every query gets the same number of draws, as far as its samples reach; what is left over goes to a uniformly
    random subset of the queries that still have samples, one draw each.
    """
    return float(np.mean(_chances(sizes, successes, total, replay)))


def uniform_coverage_variance(
    sizes: NDArray[np.int64], successes: NDArray[np.int64], total: int, *, replay: str = "permute"
) -> float:
    """Upper bound on the variance of the coverage of one replication, exact where no draw is left over.

    The queries are independent given who gets the extra draws, and those are a random subset, which is negatively
    associated: the variance is at most the sum over queries.
    """
    p = _chances(sizes, successes, total, replay)
    return float(np.sum(p * (1 - p))) / len(sizes) ** 2
