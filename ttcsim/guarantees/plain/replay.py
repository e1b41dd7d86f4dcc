"""The replay in plain Python: slow, obvious, and the judge of every kernel.

Read top to bottom: the random order of a query, one policy loop, the oracle that knows outcomes, the selectors.
The rules themselves are in ``rules.py``. Nothing here is imported from what it judges except two routines of
``compiled.special``, the Beta law's random numbers and its fit, which have guarantees of their own (G6).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from ttcsim.compiled import special
from ttcsim.guarantees.plain import rng
from ttcsim.guarantees.plain.rules import (
    differ_by_draws_alone,
    first_stage,
    index_of,
    largest_posterior_draw,
    wants_to_leave,
)

INF = math.inf

Sample = Mapping[str, Any]
"""correct, signal, reward, confidence, tokens, logprob, answer."""
PlainPool = Mapping[str, Sequence[Sample]]
"""Samples by query id."""


def random_order(seed: int, replication: int, query_id: str, size: int, replay: str) -> Iterator[int]:
    """Indices of samples in the order shown; endless under bootstrap."""
    key = rng.stream(seed, replication, query_id)
    deck = list(range(size))
    draw = 0
    while True:
        if replay == "bootstrap":
            yield rng.bounded(key, draw, size)
        else:
            if draw == size:
                return
            pick = draw + rng.bounded(key, draw, size - draw)
            deck[draw], deck[pick] = deck[pick], deck[draw]
            yield deck[draw]
        draw += 1


def price_of(sample: Sample, cost: str) -> int:
    """What a sample costs."""
    return int(sample["tokens"]) if cost == "tokens" else 1


@dataclass
class Query:
    """One query in one replication, and what has been seen of it."""

    index: int
    key: int
    samples: Sequence[Sample]
    order: Iterator[int]
    stream: int
    priority: int
    limit: float  # draws at which it has to leave
    drawn: list[Sample] = field(default_factory=list)
    stopped: bool = False
    decided: int = 0  # draws of this wave that show nothing yet

    @property
    def n(self) -> int:
        """Draws, those that are decided among them."""
        return len(self.drawn) + self.decided

    def signals(self) -> list[float]:
        """Signals of what was drawn."""
        return [s["signal"] for s in self.drawn]

    def entropy(self) -> float:
        """Empirical entropy of the answers drawn, nats."""
        counts: dict[Any, int] = {}
        for s in self.drawn:
            counts[s["answer"]] = counts.get(s["answer"], 0) + 1
        # Summed in units of 2**-36, as the engine does, so that equal counts give equal floats.
        total = sum(math.floor(c * math.log(c) * 2.0**36 + 0.5) for c in counts.values() if c > 1)
        return math.log(len(self.drawn)) - total / 2.0**36 / len(self.drawn)


def queries_of(pool: PlainPool, seed: int, replication: int, replay: str, cap: float) -> list[Query]:
    """The queries at the start of a replication."""
    return [
        Query(
            index=i,
            key=rng.query_key(query_id),
            samples=samples,
            order=random_order(seed, replication, query_id, len(samples), replay),
            stream=rng.stream(seed, replication, query_id),
            priority=rng.priority(rng.stream(seed, replication, query_id)),
            limit=min(cap, len(samples)) if replay == "permute" else cap,
        )
        for i, (query_id, samples) in enumerate(pool.items())
    ]


def replay_policy(
    pool: PlainPool,
    policy: Mapping[str, Any],
    total: int,
    seed: int,
    replication: int,
    *,
    replay: str = "permute",
    cost: str = "samples",
    predictions: tuple[Sequence[float], Sequence[float]] | None = None,
    wave: int = 1,
    waves: list[list[Sample]] | None = None,
) -> tuple[list[Query], int]:
    """One replication at one total budget: (list of Query, amount spent).

    With a `wave` of more than one, so many draws are decided as if each showed nothing, and then they are made; `waves`
    gets the samples of each.
    """
    queries = queries_of(pool, seed, replication, replay, policy.get("cap", INF))
    waves = [] if waves is None else waves
    if policy.get("stream"):
        return replay_stream(queries, policy, total, cost, wave, waves)
    batch: dict[str, Any] = {
        "rates": [sum(s["correct"] for s in samples) / len(samples) for samples in pool.values()],
        "first_stage": first_stage(policy, total, len(queries)),
        "predictions": predictions,
        "prior": (1.0, 1.0),
        "stream": rng.batch_stream(seed, replication),
    }
    explore = math.floor(total * policy["share"] + 1e-9) if policy["name"] == "two-stage" else 0
    spent = t = next_fit = 0
    while True:
        exploring = spent < explore
        if policy["name"] == "bayes" and t >= max(next_fit, len(queries)):
            batch["prior"] = fitted_prior(batch["prior"], policy.get("signal", "correct"), queries)
            next_fit = max(t + 1, int(t * 1.25))
        planned = decide(queries, policy, t, batch, exploring, wave)
        if not planned or (wave > 1 and spent == total):
            return queries, spent
        waves.append([])
        for query in planned:
            sample = query.samples[next(query.order)]
            waves[-1].append(sample)
            price = price_of(sample, cost)
            if spent + price > total:
                return queries, total  # cut off: what is left is spent and nothing is shown
            spent += price
            t += 1
            query.drawn.append(sample)
        for query in planned:
            query.stopped = query.stopped or wants_to_leave(policy, query)


def decide(
    queries: Sequence[Query], policy: Mapping[str, Any], t: int, batch: Mapping[str, Any], exploring: bool, wave: int
) -> list[Query]:
    """The queries that are drawn next, in order: a block of one, or a whole wave."""
    planned: list[Query] = []
    while not planned or (1 < wave > len(planned)):
        now = t + len(planned)
        active = [q for q in queries if q.n < q.limit and (exploring or not q.stopped)]
        # Those for whom what they begin with is decided, and waited for, take no part.
        asked = [q for q in active if not q.n >= batch["first_stage"] > len(q.drawn)]
        scored = []
        for q in asked:
            base, bonus = index_of(policy, q, now, batch)
            scored.append((base + bonus * math.sqrt(math.log(now + 1)) if base != -INF else -INF, -q.n, -q.priority, q))
        scored = [s for s in scored if s[0] != -INF]
        if not scored:
            break
        query = max(scored, key=lambda s: s[:3])[3]
        if differ_by_draws_alone(policy) and query.n >= batch["first_stage"]:
            query = largest_posterior_draw(policy, asked, now, batch)
        block = int(min(policy.get("k", 1), query.limit - query.n))
        block = min(block, wave - len(planned)) if wave > 1 else block
        query.decided += block
        planned += [query] * block
    for query in planned:
        query.decided = 0
    return planned


def fitted_prior(before: tuple[float, float], signal: str, queries: Sequence[Query]) -> tuple[float, float]:
    """Beta(a, b) of maximum likelihood for outcomes, of linear credibility (Buehlmann and Straub) for rewards."""
    if signal == "correct":
        hits = np.array([float(sum(q.signals())) for q in queries])
        return tuple(special.fit_beta(*before, hits, np.array([q.n for q in queries]) - hits, 20))
    total = of_squares = grand = within = 0.0
    for q in queries:
        own = squares = 0.0
        for s in q.signals():
            own += float(s)
            squares += float(s) * float(s)
        total, of_squares, grand = total + q.n, of_squares + q.n * q.n, grand + own
        within += squares - own * own / q.n
    mean = grand / total
    if total == len(queries):
        return mean * 2.0, (1.0 - mean) * 2.0
    within = max(within, 0.0) / (total - len(queries))
    between = 0.0
    for q in queries:
        own = 0.0
        for s in q.signals():
            own += float(s)
        between += q.n * (own / q.n - mean) ** 2
    between -= (len(queries) - 1.0) * within
    effective = total - of_squares / total
    worth = 1e3 if between * 1e3 <= within * effective else max(within * effective / between, 1e-3)
    return mean * worth, (1.0 - mean) * worth


def tokens_lasted(waves: Sequence[Sequence[Sample]], streams: float = INF) -> int:
    """Tokens that waves last, one after the other: each sample in turn goes to the stream that is free first."""
    lasted = 0
    for samples in waves:
        free = [0] * int(min(streams, len(samples)))
        for sample in samples:
            first = free.index(min(free))
            free[first] += sample["tokens"]
        lasted += max(free)
    return lasted


def replay_stream(
    queries: list[Query], policy: Mapping[str, Any], total: int, cost: str, wave: int, waves: list[list[Sample]]
) -> tuple[list[Query], int]:
    """Queries come one at a time; each may spend what has accrued by then and was not spent.

    A wave is draws of one query, as many as it may have.
    """
    spent = 0
    for arrived, query in enumerate(sorted(queries, key=lambda q: q.priority), start=1):
        accrued = total * arrived // len(queries)
        while not query.stopped and query.n < query.limit and spent < accrued:
            block = min(wave if wave > 1 else policy.get("k", 1), query.limit - query.n)
            waves.append([])
            for _ in range(int(block if cost == "tokens" else min(block, accrued - spent))):
                sample = query.samples[next(query.order)]
                waves[-1].append(sample)
                price = price_of(sample, cost)
                if spent + price > total:
                    return queries, total
                spent += price
                query.drawn.append(sample)
            query.stopped = wants_to_leave(policy, query)
    return queries, spent


def replay_prophet(
    pool: PlainPool,
    total: int,
    seed: int,
    replication: int,
    *,
    replay: str = "permute",
    cost: str = "samples",
    horizon: int = 10_000,
) -> tuple[list[Query], int]:
    """Covers queries in order of the cost of their first correct sample."""
    queries = queries_of(pool, seed, replication, replay, INF)
    offers = []
    for q in queries:
        if not any(s["correct"] for s in q.samples):
            continue
        path = []
        for index in q.order:
            path.append(q.samples[index])
            if path[-1]["correct"] or len(path) > horizon:
                break
        offers.append((sum(price_of(s, cost) for s in path), q.priority, q, path))
    return queries, buy(offers, total)


def buy(offers: Iterable[tuple[int, int, Any, list[Sample]]], total: int) -> int:
    """Draw what is offered, (price, priority, of whom, samples), cheapest first; the amount spent."""
    spent = 0
    for price, _, owner, path in sorted(offers, key=lambda o: o[:2]):
        if spent + price > total:
            break
        spent += price
        owner.drawn = path
    return spent


def covered(query: Query) -> bool:
    """Whether a correct sample was drawn."""
    return any(bool(s["correct"]) for s in query.drawn)


def selected_accuracy(query: Query, selector: Mapping[str, Any]) -> Fraction:
    """Expected correctness of the selected answer, exactly, as a Fraction: DESIGN's one meaning of best-of-N.

    A sample without an answer takes no part while any drawn has one; where none has, each is an answer of its own. Ties
    by expectation; an answer is worth the share of its own drawn samples that are correct; voted by reward, of those
    among them with the largest.
    """
    name, drawn = selector["name"], query.drawn
    if not drawn:
        return Fraction(0)
    if name == "first":
        return Fraction(int(drawn[0]["correct"]))
    scores = [0.0 if name == "majority" else float(s[selector.get("by", "reward")]) for s in drawn]
    if name == "best":
        ties = [s for s, score in zip(drawn, scores, strict=True) if score == max(scores)]
        return Fraction(sum(s["correct"] for s in ties), len(ties))
    named = any(s["answer"] is not None for s in drawn)
    voters = [i for i, s in enumerate(drawn) if s["answer"] is not None or not named]
    weights = weights_of(selector, scores, voters)
    votes: dict[Any, float] = {}
    ballots: dict[Any, list[int]] = {}
    for i, weight in weights.items():
        answer = drawn[i]["answer"] if named else i  # where none has one, each is one of its own
        votes[answer] = votes.get(answer, 0.0) + weight
        ballots.setdefault(answer, []).append(i)
    winners = [a for a, v in votes.items() if v == max(votes.values())]
    if name == "weighted":
        ballots = {a: [i for i in own if scores[i] == max(scores[j] for j in own)] for a, own in ballots.items()}
    shares = [Fraction(sum(drawn[i]["correct"] for i in ballots[a]), len(ballots[a])) for a in winners]
    return sum(shares, Fraction(0)) / len(winners)


def weights_of(selector: Mapping[str, Any], scores: Sequence[float], voters: Sequence[int]) -> dict[int, float]:
    """What the vote of each sample weighs, of those that vote.

    Where weights are computed they are told to 2^-36 of the largest that there can be, so that sums of equal votes are
    equal in whatever order.
    """
    match selector["name"]:
        case "majority":
            return dict.fromkeys(voters, 1.0)
        case "weighted":
            return {i: scores[i] for i in voters}
        case "deepconf":
            least = np.percentile([scores[i] for i in voters], 100 - selector["keep"], method="higher")
            return {i: scores[i] for i in voters if scores[i] >= least}
        case "cisc":
            top = max(scores[i] for i in voters)
            return {i: rounded(math.exp((scores[i] - top) / selector["temperature"])) for i in voters}
        case "borda":
            n = len(scores)
            falling = sorted(scores, reverse=True)
            found = {}
            for i in voters:
                ranks = [r for r in range(n) if falling[r] == scores[i]]
                shared = 0.0
                for r in ranks:  # not `sum`, which rounds otherwise from Python 3.12 on
                    shared += ((n - r) / n) ** selector["p"]
                found[i] = rounded(shared / len(ranks))
            return found
    raise ValueError(selector["name"])


def rounded(weight: float) -> float:
    """To a multiple of 2^-36, halves up."""
    return math.floor(weight * 2.0**36 + 0.5) / 2.0**36
