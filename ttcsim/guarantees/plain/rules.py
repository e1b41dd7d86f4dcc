"""The rules of every policy in plain Python, written from their papers: what to draw next, when to leave.

A policy is a dict of its parameters with every default filled in.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy

from ttcsim.compiled import special
from ttcsim.guarantees.plain import rng

if TYPE_CHECKING:
    from ttcsim.guarantees.plain.replay import Query

Policy = Mapping[str, Any]
"""Its name and every parameter."""

INF = math.inf
BY_AGREEMENT = {
    "consensus",
    "adaptive-consistency",
    "esc",
    "bayes-stop",
    "doubling",
    "bayes-factor",
    "consol",
    "deepconf",
}
IN_ROUNDS = {"uniform", "elimination", "two-stage", *BY_AGREEMENT}
NEVER_LEAVE = {"uniform", "adabon", "uab", "damani"}


def first_stage(policy: Policy, total: int, queries: int) -> int:
    """Draws of every query before indices count."""
    match policy["name"]:
        case "uab":
            return int(policy["base"])
        case "slg":
            return int(policy["m"])
        case "adabon":
            return max(1, math.floor(float(policy["share"]) * total / queries + 1e-9))
        case "damani" | "bayes-index" | "clairvoyant":
            return 0
    return 0 if policy["name"] in IN_ROUNDS else 1


def index_of(policy: Policy, query: Query, t: int, batch: Mapping[str, Any]) -> tuple[float, float]:
    """(base, bonus): the index is base + bonus * sqrt(ln(t + 1))."""
    name = policy["name"]
    if name in IN_ROUNDS:
        return 0.0, 0.0
    if name == "clairvoyant":
        rate = batch["rates"][query.index]
        return (rate, 0.0) if rate > 0 else (-INF, 0.0)
    if query.n < batch["first_stage"]:
        return INF, 0.0
    signals = query.signals()
    match name:
        case "ucb":
            return sum(signals) / query.n, policy["weight"] * math.sqrt(2.0 / query.n)
        case "gap":
            estimate = sum(signals) / query.n if policy["estimate"] == "mean" else max(signals, default=0.0)
            return -abs(policy["gamma"] - estimate), policy["weight"] / math.sqrt(query.n)
        case "entropy":
            return query.entropy(), policy["weight"] / math.sqrt(query.n)
        case "thompson" if differ_by_draws_alone(policy):
            return 0.0, 0.0  # all are drawn together
        case "thompson":
            a, b = policy["a"] + sum(signals), policy["b"] + query.n - sum(signals)
            return special.beta_variate(np.uint64(rng.rule_key(query.stream, t)), a, b), 0.0
        case "bayes":
            a, b = batch["prior"]
            return (a + sum(signals)) / (a + b + query.n), 0.0
        case "uab":
            first = query.drawn[: policy["base"]]
            mean = sum(s["logprob"] for s in first) / sum(s["tokens"] for s in first)
            rate = math.exp(mean / policy["tau"])
            return rate * (1 - rate) ** query.n, 0.0
        case "damani":
            rate = batch["predictions"][0][query.index]
            return rate * (1 - rate) ** query.n, 0.0
        case "bayes-index":
            rate, weight = (values[query.index] for values in batch["predictions"])
            return rate * weight / (weight + query.n), 0.0
        case "adabon":
            return kernel_density_gain(signals[: batch["first_stage"]], query.n - batch["first_stage"]), 0.0
        case "slg":
            return extrapolated_maximum(signals[: policy["m"]], policy["tail"], policy["horizon"]), 0.0
    raise ValueError(name)


def differ_by_draws_alone(policy: Policy) -> bool:
    """Whether posterior draws of queries with equally many draws have one law: all that are left have only failed."""
    return bool(policy["name"] == "thompson" and policy.get("signal", "correct") == "correct" and policy["a"] == 1.0)


def largest_posterior_draw(policy: Policy, queries: Sequence[Query], t: int, batch: Mapping[str, Any]) -> Query:
    """The query with the largest of all draws from Beta(1, b + n), one draw for all queries with the same n.

    The largest of m independent draws exceeds x with probability ``1 - F(x)^m``, and any of the m may be the one.
    """
    key = rng.rule_key(batch["stream"], t)
    classes: dict[int, list[Query]] = {}
    for q in sorted(queries, key=lambda q: q.key):
        classes.setdefault(q.n, []).append(q)
    draws = []
    for n, members in classes.items():
        exceeded = -math.expm1(math.log(rng.uniform(key, 1 + n)) / len(members))
        draws.append((1.0 - exceeded ** (1.0 / (policy["b"] + n)), -n, members))
    members = max(draws, key=lambda d: d[:2])[2]
    return members[rng.bounded(key, 0, len(members))]


def kernel_density_gain(rewards: Sequence[float], more: int) -> float:
    """Gain in the expected maximum of draw ``more + 1``, by the same quadrature as the engine, in plain loops."""
    rewards = sorted(rewards, reverse=True)
    d = len(rewards)
    if d < 2 or rewards[0] == rewards[-1]:
        return 0.0
    mean = 0.0
    for r in rewards:
        mean += r / d
    squares = 0.0
    for r in rewards:
        squares += (r - mean) ** 2
    width = math.sqrt(squares / (d - 1)) * d**-0.2
    gain = 0.0
    for node, weight in zip(*np.polynomial.legendre.leggauss(24), strict=True):
        x = rewards[0] + 3.0 * width * (1.0 + node)
        below = 0.0
        for r in rewards:
            below += 0.5 * math.erfc(-((x - r) / width) / math.sqrt(2.0))
        below /= d
        power = 1.0
        for _ in range(more):
            power *= below
        gain += 3.0 * width * weight * (1.0 - below) * power
    return gain


def extrapolated_maximum(rewards: Sequence[float], tail: float, horizon: float) -> float:
    """Normal tail fitted to the largest rewards: mu + sigma * E(largest of `horizon` standard normals)."""
    rewards = sorted(rewards, reverse=True)
    top = rewards[: min(len(rewards), max(2, math.ceil(len(rewards) * tail - 1e-9)))]
    mean = 0.0
    for r in top:
        mean += r / len(top)
    squares = 0.0
    for r in top:
        squares += (r - mean) ** 2 / len(top)
    mills, variance = truncated_normal(tail)
    sigma = math.sqrt(squares / variance)
    return mean - sigma * mills + sigma * largest_of_normals(horizon)


@functools.cache
def truncated_normal(tail: float) -> tuple[float, float]:
    """Mean (inverse Mills ratio) and variance of a standard normal number, given that it is in its upper tail."""
    law = scipy.stats.truncnorm(scipy.stats.norm.isf(tail), INF)
    return float(law.mean()), float(law.var())


@functools.cache
def largest_of_normals(n: float) -> float:
    """E(N), from the tail formula: integral of P(max > x) - P(max < -x) over x > 0."""
    above = scipy.integrate.quad(lambda x: -math.expm1(n * scipy.stats.norm.logcdf(x)), 0, 40)[0]
    return float(above - scipy.integrate.quad(lambda x: math.exp(n * scipy.stats.norm.logcdf(-x)), 0, 40)[0])


def wants_to_leave(policy: Policy, query: Query) -> bool:
    """Asked after every block of k draws."""
    name = policy["name"]
    if name in NEVER_LEAVE and not policy.get("eliminate"):
        return False
    answers = [s["answer"] for s in query.drawn]
    votes = sorted((answers.count(a) for a in set(answers) - {None}), reverse=True)
    top, second = (*votes, 0, 0)[:2]
    match name:
        case "consensus":
            return bool(query.n >= policy["min"] and top > policy["share"] * query.n)
        case "adaptive-consistency":
            if top == 0:
                return False
            if policy["variant"] == "dirichlet" and len(votes) >= 3:
                return bool(leads_dirichlet(votes[:5]) >= policy["threshold"])
            return bool(scipy.stats.beta.sf(0.5, top + 1, second + 1) >= policy["threshold"])
        case "esc":
            window = answers[-policy["k"] :]
            return bool(query.n % policy["k"] == 0 and len(set(window)) == 1)  # None is an answer like any other
        case "bayes-stop":
            law = [float(x) for x in policy["law"].split("/")]
            return bool(top > second and mode_posterior(votes, law, policy["keep"]) >= policy["confidence"])
        case "doubling":
            return query.n in (2, 4, 8, 16, 32, 64) and top > 0 and top / sum(votes) >= policy["share"]
        case "bayes-factor":
            often = policy["cap"] <= 100 or query.n in (1, 2, 4, 8, 16, 24, 32, 40, 60, 80, 100)
            return bool(top > 0 and often and bayes_factor(tuple(votes), policy["unknown"]) >= policy["factor"])
        case "consol":
            return bool(top > 0 and tells_apart(policy["variant"], policy["alpha"], top, second))
        case "deepconf":
            shares: dict[Any, float] = {}
            whole = 0.0
            for s in query.drawn:
                if s["answer"] is not None:
                    shares[s["answer"]] = shares.get(s["answer"], 0.0) + float(s["signal"])
                    whole += float(s["signal"])
            return bool(query.n >= policy["min"] and whole > 0 and max(shares.values()) >= policy["share"] * whole)
    return any(bool(np.float32(s) >= np.float32(policy["gamma"])) for s in query.signals())


def leads_dirichlet(votes: Sequence[int]) -> float:
    """P(the first component of Dirichlet(votes + 1) is the largest), by adaptive integration over gamma laws."""

    def integrand(x: float) -> float:
        return float(
            scipy.stats.gamma.pdf(x, votes[0] + 1) * math.prod(scipy.stats.gamma.cdf(x, v + 1) for v in votes[1:])
        )

    return float(scipy.integrate.quad(integrand, 0, 60 + 4 * votes[0], limit=200)[0])


@functools.cache
def bayes_factor(votes: tuple[int, ...], unknown: float) -> float:
    """Answers * P / (1 - P) that the first component of Dirichlet(votes + 1, unknown + 1) is the largest."""
    others = [*votes[1:], unknown]

    def integrand(x: float) -> float:
        return float(
            scipy.stats.gamma.pdf(x, votes[0] + 1) * (1 - math.prod(scipy.stats.gamma.cdf(x, v + 1) for v in others))
        )

    behind = scipy.integrate.quad(integrand, 0, 60 + 4 * votes[0], limit=200)[0]
    return float((len(votes) + 1) * (1 - behind) / behind)


@functools.cache
def tells_apart(variant: str, alpha: float, top: int, second: int) -> bool:
    """ConSol's tests of the votes for the two leaders, by their definitions."""
    match variant:
        case "binomial":
            return bool(scipy.stats.binomtest(top, top + second, alternative="greater").pvalue <= alpha)
        case "beta":
            return bool(1 - scipy.stats.beta.cdf(0.5, top + 1, second + 1) >= 1 - alpha)
        case "sprt":
            beta = 1 - alpha - 0.000024
            ratio = float(top * np.log(0.5001 / 0.5) + second * np.log(0.4999 / 0.5))
        case _:
            beta = 1 - alpha - 0.00006
            law = scipy.stats.beta(1e6, 1e6)
            like = scipy.integrate.quad(
                lambda p: float(law.pdf(p) * (2 * p) ** top * (2 - 2 * p) ** second), 0.5, 0.5 + 1e-2, limit=200
            )[0]
            ratio = math.log(like / (1 - law.cdf(0.5)))
    return bool(ratio >= math.log((1 - beta) / alpha) or ratio <= math.log(beta / (1 - alpha)))


def mode_posterior(votes: Sequence[int], law: Sequence[float], keep: int) -> float:
    """P(the leader is the mode), by summing over every assignment of frequencies to answers."""
    if keep == 2:
        weights = [p ** votes[0] * (1 - p) ** sum(votes[1:]) for p in law]
        return float(weights[0] / sum(weights))
    if keep == 3:
        second = votes[1] if len(votes) > 1 else 0
        rest = sum(votes[2:])
        pairs = {
            (i, j): law[i] ** votes[0] * law[j] ** second * max(0.0, 1 - law[i] - law[j]) ** rest
            for i, j in itertools.permutations(range(len(law)), 2)
        }
        return sum(w for (i, _), w in pairs.items() if i == 0) / float(sum(pairs.values()))
    everything = as_mode = 0.0
    for frequencies in itertools.permutations(law):
        weight = math.prod(p**v for p, v in zip(frequencies, votes, strict=False))
        everything += weight
        as_mode += weight if frequencies[0] == law[0] else 0.0
    return as_mode / everything
