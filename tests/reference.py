"""The replay in plain Python: slow, obvious, and the judge of every kernel.

Read top to bottom: the random order of a query, one policy loop, the oracle that knows outcomes, the selectors.
The rules themselves are in ``reference_rules.py``. Nothing here is imported from the engine except the hash functions
of ``compiled.rng`` that define the streams, and two routines of ``compiled.special`` that have tests of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from reference_rules import first_stage, index_of, wants_to_leave

from ttcsim.compiled import rng, special

INF = math.inf


def random_order(seed, replication, query_id, size, replay):
    """Endless under bootstrap: yields indices of samples in the order shown."""
    key = stream(seed, replication, query_id)
    deck = list(range(size))
    draw = 0
    while True:
        if replay == "bootstrap":
            yield int(rng.bounded(key, draw, size))
        else:
            if draw == size:
                return
            pick = draw + int(rng.bounded(key, draw, size - draw))
            deck[draw], deck[pick] = deck[pick], deck[draw]
            yield deck[draw]
        draw += 1


def stream(seed, replication, query_id):
    return np.uint64(rng.stream(np.uint64(seed), replication, np.uint64(rng.query_key(query_id))))


def tie_breaker(seed, replication, query_id):
    return int(rng.priority(stream(seed, replication, query_id)))


@dataclass
class Query:
    """One query in one replication, and what has been seen of it."""

    index: int
    samples: list  # of dicts: correct, signal, tokens, answer
    order: object
    stream: int
    priority: int
    limit: float  # draws at which it has to leave
    drawn: list = field(default_factory=list)
    stopped: bool = False

    @property
    def n(self):
        return len(self.drawn)

    def signals(self):
        return [s["signal"] for s in self.drawn]

    def entropy(self):
        counts = {}
        for s in self.drawn:
            counts[s["answer"]] = counts.get(s["answer"], 0) + 1
        # Summed in units of 2**-36, as the engine does, so that equal counts give equal floats.
        total = sum(math.floor(c * math.log(c) * 2.0**36 + 0.5) for c in counts.values() if c > 1)
        return math.log(self.n) - total / 2.0**36 / self.n


def queries_of(pool, seed, replication, replay, cap):
    return [
        Query(
            index=i,
            samples=samples,
            order=random_order(seed, replication, query_id, len(samples), replay),
            stream=stream(seed, replication, query_id),
            priority=tie_breaker(seed, replication, query_id),
            limit=min(cap, len(samples)) if replay == "permute" else cap,
        )
        for i, (query_id, samples) in enumerate(pool.items())
    ]


def replay_policy(pool, policy, total, seed, replication, *, replay="permute", cost="samples", predictions=None):
    """One replication at one total budget: (list of Query, amount spent)."""
    queries = queries_of(pool, seed, replication, replay, policy.get("cap", INF))
    if policy.get("stream"):
        return replay_stream(queries, policy, total, cost)
    batch = {
        "rates": [sum(s["correct"] for s in samples) / len(samples) for samples in pool.values()],
        "first_stage": first_stage(policy, total, len(queries)),
        "predictions": predictions,
        "prior": (1.0, 1.0),
    }
    explore = math.floor(total * policy["share"] + 1e-9) if policy["name"] == "two-stage" else 0
    spent = t = next_fit = 0
    while True:
        exploring = spent < explore
        if policy["name"] == "bayes" and t >= max(next_fit, len(queries)):
            hits = np.array([float(sum(q.signals())) for q in queries])
            misses = np.array([q.n - float(sum(q.signals())) for q in queries])
            batch["prior"] = special.fit_beta(*batch["prior"], hits, misses, 20)
            next_fit = max(t + 1, int(t * 1.25))
        active = [q for q in queries if q.n < q.limit and (exploring or not q.stopped)]
        scored = []
        for q in active:
            base, bonus = index_of(policy, q, t, batch)
            scored.append((base + bonus * math.sqrt(math.log(t + 1)) if base != -INF else -INF, -q.n, -q.priority, q))
        scored = [s for s in scored if s[0] != -INF]
        if not scored:
            return queries, spent
        query = max(scored, key=lambda s: s[:3])[3]
        for _ in range(int(min(policy.get("k", 1), query.limit - query.n))):
            sample = query.samples[next(query.order)]
            price = sample["tokens"] if cost == "tokens" else 1
            if spent + price > total:
                return queries, total  # cut off: what is left is spent and nothing is shown
            spent += price
            t += 1
            query.drawn.append(sample)
        query.stopped = query.stopped or wants_to_leave(policy, query)


def replay_stream(queries, policy, total, cost):
    """Queries come one at a time; each may spend what has accrued by then and was not spent."""
    spent = 0
    for arrived, query in enumerate(sorted(queries, key=lambda q: q.priority), start=1):
        accrued = total * arrived // len(queries)
        while not query.stopped and query.n < query.limit and spent < accrued:
            block = min(policy.get("k", 1), query.limit - query.n)
            for _ in range(int(block if cost == "tokens" else min(block, accrued - spent))):
                sample = query.samples[next(query.order)]
                price = sample["tokens"] if cost == "tokens" else 1
                if spent + price > total:
                    return queries, total
                spent += price
                query.drawn.append(sample)
            query.stopped = wants_to_leave(policy, query)
    return queries, spent


def replay_prophet(pool, total, seed, replication, *, replay="permute", cost="samples", horizon=10_000):
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
        offers.append((sum(s["tokens"] if cost == "tokens" else 1 for s in path), q.priority, q, path))
    spent = 0
    for price, _, q, path in sorted(offers, key=lambda o: o[:2]):
        if spent + price > total:
            break
        spent += price
        q.drawn = path
    return queries, spent


def covered(query):
    return any(s["correct"] for s in query.drawn)


def selected_accuracy(query, selector):
    """Expected correctness of the selected answer, exactly, as a Fraction: DESIGN's one meaning of best-of-N.

    A sample without an answer takes no part while any drawn has one; where none has, each is an answer of its own. Ties
    by expectation; an answer is worth the share of its own drawn samples that are correct; voted by reward, of those
    among them with the largest.
    """
    drawn = query.drawn
    if not drawn:
        return Fraction(0)
    if selector == "first":
        return Fraction(int(drawn[0]["correct"]))
    if selector == "best":
        top = max(s["reward"] for s in drawn)
        ties = [s for s in drawn if s["reward"] == top]
        return Fraction(sum(s["correct"] for s in ties), len(ties))
    if all(s["answer"] is None for s in drawn):
        # None has an answer: each is one of its own, with a vote of its own weight.
        votes = {i: 1.0 if selector == "majority" else s["reward"] for i, s in enumerate(drawn)}
        ballots = {i: [s] for i, s in enumerate(drawn)}
    else:
        votes, ballots = {}, {}
        for s in drawn:
            if s["answer"] is not None:
                weight = 1.0 if selector == "majority" else float(s["reward"])
                votes[s["answer"]] = votes.get(s["answer"], 0.0) + weight
                ballots.setdefault(s["answer"], []).append(s)
    winners = [a for a, v in votes.items() if v == max(votes.values())]
    if selector == "weighted":
        ballots = {a: [s for s in own if s["reward"] == max(t["reward"] for t in own)] for a, own in ballots.items()}
    shares = [Fraction(sum(s["correct"] for s in ballots[a]), len(ballots[a])) for a in winners]
    return sum(shares, Fraction(0)) / len(winners)
