"""Zuo & Zhu's findings, each computed on a pool: the statement, the numbers, and whether it holds there.

The findings are those of PAPERS 1.4 and 1.5, second-hand. Nothing below is a stored figure.
"""

from __future__ import annotations

import numpy as np

import ttcsim
from ttcsim.statistics.claim import Claim
from ttcsim.statistics.comparison import wins
from ttcsim.theory import stretch_law, stretched

ALPHA = 0.05


def findings(pool: ttcsim.Pool, budgets: tuple[float, ...], reps: int) -> list[Claim]:
    """All findings on `pool`."""
    shares = [f"two-stage(share={s})" for s in (0.25, 0.5, 0.75)]
    blocks = [f"elimination(k={k})" for k in (2, 4, 8)]
    policies = ["uniform", "elimination", *shares, *blocks, "elimination(stream=true)", "ucb", "gap"]
    result = ttcsim.sweep(pool, policies, budgets, reps=reps)
    asked = [_over_uniform(result), _law(pool, result), _between(result, shares), _blocks(result), _stream(result)]
    return [*asked, _exploration(result), _hard(pool, budgets, reps), _tokens(pool, reps)]


def _means(result: ttcsim.Result, policy: str) -> np.ndarray:
    return result.outcome(str(ttcsim.policy(policy))).per_rep["coverage"].mean(axis=0)


def _points(values: np.ndarray) -> str:
    return ", ".join(f"{100 * v:+.1f}" for v in values)


def _over_uniform(result: ttcsim.Result) -> Claim:
    gain = _means(result, "elimination") - _means(result, "uniform")
    table = wins(result).filter(winner="elimination", loser="uniform")
    sure = table.filter(table["queries_holm"] < ALPHA)["budget"].to_list()
    return Claim(
        "Elimination covers more than uniform at every budget.",
        f"points at {_grid(result)}: {_points(gain)}; beyond chance for new queries (Holm, 5 %) at "
        f"{', '.join(f'{b:g}' for b in sure) or 'none'}",
        bool((gain >= -1e-12).all() and gain.max() > 0),
    )


def _grid(result: ttcsim.Result) -> str:
    return ", ".join(f"{b:g}" for b in result.budgets)


def _law(pool: ttcsim.Pool, result: ttcsim.Result) -> Claim:
    budgets = np.array(result.budgets)
    most = int(min(pool.sizes.max(), 40 * budgets[-1]))
    coverage, efficiency = stretched(stretch_law(pool.sizes, pool.successes, most), budgets)
    table = ttcsim.compare(result).filter(policy="elimination", metric="coverage").sort("budget")
    inside = ~(table["at_least"].to_numpy() | np.isnan(efficiency))
    replayed = table["efficiency"].to_numpy()[inside]
    law = efficiency[inside]
    error = np.abs(_means(result, "elimination") - coverage)[~np.isnan(coverage)].max()
    unsolved = (pool.successes == 0).mean()
    limit = f"1 / unsolvable share = {1 / unsolved:.1f}" if unsolved else "no query is unsolvable"
    return Claim(
        "Elimination's efficiency follows the stretch law T / cost(T), whose limit is 1 / (unsolvable share).",
        f"replayed {', '.join(f'{v:.2f}' for v in replayed)}; law {', '.join(f'{v:.2f}' for v in law)}; {limit}; "
        f"largest error of the law's coverage {100 * error:.2f} points",
        bool(len(law) and np.abs(replayed / law - 1).max() < 0.05),
    )


def _between(result: ttcsim.Result, shares: list[str]) -> Claim:
    low, high = _means(result, "uniform"), _means(result, "elimination")
    worst = [min((_means(result, s) - low).min(), (high - _means(result, s)).min()) for s in shares]
    loss = [100 * (high - _means(result, s)).max() for s in shares]
    return Claim(
        "Two-stage lies between uniform and elimination at every budget and share.",
        "largest loss to elimination with shares 25, 50, 75 %: " + ", ".join(f"{v:.1f}" for v in loss) + " points",
        bool(min(worst) >= -1e-12),
    )


def _blocks(result: ttcsim.Result) -> Claim:
    budgets = np.array(result.budgets)
    base, one = _means(result, "uniform"), _means(result, "elimination")
    blocks = {k: _means(result, f"elimination(k={k})") for k in (2, 4, 8)}
    gains = {k: (block - base)[budgets >= k] for k, block in blocks.items()}
    told = "; ".join(f"k={k}: {_points(gain)}" for k, gain in gains.items())
    loss = max((one - block)[budgets < k].max() for k, block in blocks.items())
    return Claim(
        "Blocks of k draws still beat uniform (from k draws per query on), less so at tight budgets.",
        f"points over uniform at budgets >= k: {told}. Below k draws per query blocks leave queries "
        f"untouched and lose up to {100 * loss:.1f} points to k = 1",
        all(bool((gain >= -0.002).all()) for gain in gains.values()),
    )


def _stream(result: ttcsim.Result) -> Claim:
    base, batch = _means(result, "uniform"), _means(result, "elimination")
    stream = _means(result, "elimination(stream=true)")
    return Claim(
        "Streaming elimination is close to the batch form, and both beat uniform.",
        f"over uniform: {_points(stream - base)}; behind the batch by at most {100 * (batch - stream).max():.1f}",
        bool((stream >= base - 0.002).all() and (batch - stream).max() < 0.5 * (batch - base).max() + 0.002),
    )


def _exploration(result: ttcsim.Result) -> Claim:
    same = all((result.outcome(p).draws == result.outcome("elimination").draws).all() for p in ("ucb", "gap"))
    return Claim(
        "UCB and GAP exploration help beyond plain elimination.",
        "with a verifier as the only signal both equal elimination draw for draw: the signal of an unsolved query is 0",
        not same,
    )


def _hard(pool: ttcsim.Pool, budgets: tuple[float, ...], reps: int) -> Claim:
    statement = "On the queries that 16 draws leave unsolved, entropy exploration beats plain elimination."
    if pool.answers is None:
        return Claim(statement, "the pool has no answers", None)
    hard = pool.unsolved_after(16)
    inside = [b for b in budgets if b <= hard.sizes.min()]
    result = ttcsim.sweep(hard, ["uniform", "elimination", "entropy"], inside, reps=reps)
    gain = _means(result, "entropy") - _means(result, "elimination")
    share = ttcsim.allocation(result).filter(bin=0)
    spent = {p: share.filter(policy=p).sort("budget")["share"].to_list() for p in ("elimination", "entropy")}
    middle = len(inside) // 2
    unsolvable = ""
    if spent["entropy"]:
        unsolvable = (
            f"; share of draws on unsolvable queries at {inside[middle]:g}: entropy {spent['entropy'][middle]:.0%}, "
            f"elimination {spent['elimination'][middle]:.0%}"
        )
    return Claim(
        statement,
        f"{hard.n_queries} hard queries; entropy minus elimination at {_grid(result)}: {_points(gain)}{unsolvable}",
        bool(gain.max() > 0 and gain.mean() > 0),
    )


def _tokens(pool: ttcsim.Pool, reps: int) -> Claim:
    statement = "At matched tokens, elimination beats uniform."
    if pool.tokens is None:
        return Claim(statement, "the pool has no token counts", None)
    mean = float(pool.tokens.mean())
    budgets = [mean * b for b in (2, 4, 8, 16)]
    result = ttcsim.sweep(pool, ["uniform", "elimination"], budgets, reps=reps, cost="tokens")
    gain = _means(result, "elimination") - _means(result, "uniform")
    return Claim(
        statement,
        f"points at {', '.join(f'{b:.0f}' for b in budgets)} tokens per query: {_points(gain)}",
        bool((gain > 0).all()),
    )
