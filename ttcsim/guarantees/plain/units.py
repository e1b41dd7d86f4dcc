"""Policies that choose sources, in plain Python: one loop over units, the rules beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ttcsim.compiled import special
from ttcsim.guarantees.plain import rng
from ttcsim.guarantees.plain.priors import half_of
from ttcsim.guarantees.plain.replay import INF, Sample, buy, price_of, random_order
from ttcsim.guarantees.plain.world import level_of

SourcesPool = Mapping[str, Mapping[str, Sequence[Sample]]]
"""Samples by source by query id; both ascending."""

POLICIES: tuple[dict[str, Any], ...] = (
    {"name": "cascade"},
    {"name": "cascade", "order": "large>small", "patience": 2, "cap": 5},
    {"name": "cascade", "order": "small>large", "patience": 3, "low": 0.5, "signal": "reward", "gamma": 0.75},
    {"name": "cascade", "order": "large>small", "signal": "reward", "accept": "0.75>0.25"},
    {"name": "cascade", "signal": "confidence", "accept": "2.5", "patience": 2},
    {"name": "router", "weak": "small", "strong": "large", "share": 0.4},
    {"name": "router", "weak": "large", "strong": "small", "threshold": 0.3, "cap": 3},
    {"name": "mixture"},
    {"name": "mixture", "weights": "0.25*small+0.75*large", "verify": True, "k": 2},
    {"name": "explore-sources"},
    {"name": "explore-sources", "explore": 1, "cap": 4},
    {"name": "index"},
    {"name": "index", "k": 2},
    {"name": "thompson-sources"},
    {"name": "clairvoyant"},
    {"name": "prophet"},
)
"""What tests run against the engine; ``best-source`` is the twin of elimination on one source."""


@dataclass
class Unit:
    """A query with one source in one replication, and what has been seen of it."""

    query: str
    source: str
    samples: Sequence[Sample]
    order: Iterator[int]
    stream: int
    drawn: list[Sample] = field(default_factory=list)
    spent: int = 0
    decided: int = 0  # draws of this wave that show nothing yet

    @property
    def n(self) -> int:
        """Draws, those that are decided among them."""
        return len(self.drawn) + self.decided

    def hits(self, gamma: float) -> int:
        """Draws whose signal reaches gamma."""
        return sum(s["signal"] >= gamma for s in self.drawn)

    def accepted(self, policy: Mapping[str, Any], sources: Sequence[str]) -> bool:
        """Whether a draw was accepted, at a threshold of all sources or at one of its own."""
        if "accept" not in policy:
            return self.hits(policy.get("gamma", 1.0)) > 0
        place = order_of(policy, sources).index(self.source)
        wanted = [float(part) for part in policy["accept"].split(">")]
        return self.hits(wanted[place] if place < len(wanted) else -INF) > 0


def units_of(pool: SourcesPool, seed: int, replication: int, replay: str) -> list[Unit]:
    """The units at the start of a replication; where there is one source they are called as their queries."""
    several = len({source for sources in pool.values() for source in sources}) > 1
    found = []
    for query, sources in pool.items():
        for source, samples in sources.items():
            name = f"{query}\0{source}" if several else query
            order = random_order(seed, replication, name, len(samples), replay)
            found.append(Unit(query, source, samples, order, rng.stream(seed, replication, name)))
    return found


def replay_units(
    pool: SourcesPool,
    policy: Mapping[str, Any],
    total: int,
    seed: int,
    replication: int,
    *,
    replay: str = "permute",
    cost: str = "samples",
    wave: int = 1,
) -> tuple[list[Unit], int]:
    """One replication at one total budget: (list of Unit, amount spent)."""
    units = units_of(pool, seed, replication, replay)
    gamma = policy.get("gamma", 1.0)
    laws = Laws(sorted({unit.source for unit in units}))
    if policy["name"] == "router":
        laws.expected = win_rates(pool, policy["strong"], policy["weak"])
    spent = t = next_fit = 0
    while True:
        if policy["name"] in _LEARN and t >= next_fit:
            laws.learn(policy, units, gamma)
            next_fit = max(t + 1, int(t * _LEARN[policy["name"]]))
        planned = decide(units, policy, laws, t, replay, cost, wave)
        if not planned:
            return units, spent
        for unit in planned:
            sample = unit.samples[next(unit.order)]
            price = price_of(sample, cost)
            if spent + price > total:
                return units, total
            spent += price
            t += 1
            unit.spent += price
            unit.drawn.append(sample)


def decide(
    units: Sequence[Unit], policy: Mapping[str, Any], laws: Laws, t: int, replay: str, cost: str, wave: int
) -> list[Unit]:
    """The units that are drawn next, in order: a block of one, or a whole wave."""
    cap = policy.get("cap", INF)
    stays = policy["name"] == "mixture" and not policy.get("verify")
    planned: list[Unit] = []
    while not planned or (1 < wave > len(planned)):
        scored = []
        for unit in units:
            siblings = [u for u in units if u.query == unit.query]
            left = len(unit.samples) - unit.n if replay == "permute" else INF
            solved = not stays and any(u.accepted(policy, laws.sources) for u in siblings if u.drawn)
            left = min(left, cap - sum(u.n for u in siblings))
            if left > 0 and not solved:
                score = score_of(policy, unit, siblings, laws, t + len(planned), cost)
                if score != -INF:
                    scored.append((score, -unit.n, -rng.priority(unit.stream), unit, left))
        if not scored:
            break
        *_, unit, left = max(scored, key=lambda s: s[:3])
        block = int(min(policy.get("k", 1), left))
        block = min(block, wave - len(planned)) if wave > 1 else block
        unit.decided += block
        planned += [unit] * block
    for unit in planned:
        unit.decided = 0
    return planned


_LEARN = {"index": 1.25, "thompson-sources": 1.25, "explore-sources": 1.02}


class Laws:
    """What the batch has taught of each source."""

    def __init__(self, sources: list[str]) -> None:
        self.sources = sources
        self.law = dict.fromkeys(sources, (1.0, 1.0))
        self.price = dict.fromkeys(sources, 0.0)
        self.rank: dict[str, int] | None = None
        self.expected: dict[str, float] = {}  # what is thought of every query before any draw

    def learn(self, policy: Mapping[str, Any], units: Sequence[Unit], gamma: float) -> None:
        """Fit laws and prices, or settle on an order of the sources."""
        own = {s: [u for u in units if u.source == s] for s in self.sources}
        if policy["name"] == "explore-sources":
            if self.rank is None:
                queries = {u.query: [v for v in units if v.query == u.query] for u in units}
                ready = (
                    any(u.hits(gamma) for u in members) or sum(u.n for u in members) >= policy.get("explore", 2)
                    for members in queries.values()
                )
                if all(ready):
                    worth = {s: _worth(members, gamma) for s, members in own.items()}
                    ranked = sorted(self.sources, key=lambda s: -worth[s])  # stable: earlier names first
                    self.rank = {s: place for place, s in enumerate(ranked)}
            return
        for s, members in own.items():
            seen = [u for u in members if u.n]
            if seen:
                self.price[s] = sum(u.spent for u in seen) / sum(u.n for u in seen)
                hits = np.array([*(float(u.hits(gamma)) for u in seen), 1.0])
                misses = np.array([*(float(u.n - u.hits(gamma)) for u in seen), 1.0])
                self.law[s] = special.fit_beta(*self.law[s], hits, misses, 20)


def _worth(members: Sequence[Unit], gamma: float) -> float:
    return (1.0 + sum(u.hits(gamma) for u in members)) / (1e-9 + sum(u.spent for u in members))


def score_of(policy: Mapping[str, Any], unit: Unit, siblings: Sequence[Unit], laws: Laws, t: int, cost: str) -> float:
    """The index of a unit."""
    rounds = -float(sum(u.n for u in siblings))
    match policy["name"]:
        case "cascade":
            order = order_of(policy, laws.sources)
            if unit.source not in order:
                return -INF
            place = order.index(unit.source)
            failed = any(s["signal"] < policy.get("low", -INF) for s in unit.drawn)
            if place < len(order) - 1 and (unit.n >= policy.get("patience", 1) or failed):
                return -INF
            return rounds - place / len(order)
        case "router":
            wins = laws.expected
            threshold = policy.get("threshold", np.quantile(list(wins.values()), 1 - policy.get("share", 0.5)))
            chosen = policy["strong"] if wins[unit.query] >= threshold else policy["weak"]
            return rounds if unit.source == chosen else -INF
        case "mixture":
            weights = dict.fromkeys(laws.sources, 1.0 / len(laws.sources))
            if "weights" in policy:
                pairs = [part.split("*") for part in policy["weights"].split("+")]
                weights = {source: float(share) for share, source in pairs}
            if unit.source not in weights:
                return -INF
            turn = (unit.n + 1) / weights[unit.source]
            return rounds - turn / (1 + turn)
        case "explore-sources":
            return rounds if laws.rank is None else rounds - laws.rank[unit.source] / (len(laws.sources) + 1)
        case "index" | "thompson-sources":
            if laws.price[unit.source] == 0:
                return INF
            a, b = laws.law[unit.source]
            hits = unit.hits(policy.get("gamma", 1.0))
            if policy["name"] == "index":
                return (a + hits) / (a + b + unit.n) / laws.price[unit.source]
            key = np.uint64(rng.rule_key(unit.stream, t))
            return float(special.beta_variate(key, a + hits, b + unit.n - hits) / laws.price[unit.source])
        case "clairvoyant":
            rate = sum(s["correct"] for s in unit.samples) / len(unit.samples)
            price = sum(price_of(s, cost) for s in unit.samples) / len(unit.samples)
            several = len(laws.sources) > 1
            return -INF if rate == 0 else rate / price if several else rate
    raise ValueError(f"no rule for {policy['name']}")


def replay_prophet(
    pool: SourcesPool,
    total: int,
    seed: int,
    replication: int,
    *,
    replay: str = "permute",
    cost: str = "samples",
    horizon: int = 10_000,
) -> tuple[list[Unit], int]:
    """Covers queries in order of the cost of their cheapest first correct sample."""
    units = units_of(pool, seed, replication, replay)
    offers: dict[str, tuple[int, int, Unit, list[Sample]]] = {}
    for unit in units:
        if any(s["correct"] for s in unit.samples):
            path: list[Sample] = []
            while not path or (not path[-1]["correct"] and len(path) <= horizon):
                path.append(unit.samples[next(unit.order)])
            offer = (sum(price_of(s, cost) for s in path), rng.priority(unit.stream), unit, path)
            offers[unit.query] = min(offers.get(unit.query, offer), offer, key=lambda o: o[:2])
    return units, buy(offers.values(), total)


def order_of(policy: Mapping[str, Any], sources: Sequence[str]) -> Sequence[str]:
    """The sources of a cascade, first to last."""
    return policy["order"].split(">") if "order" in policy else sources


def win_rates(pool: SourcesPool, strong: str, weak: str) -> dict[str, float]:
    """How often a sample of `strong` is right and one of `weak` wrong, by like queries of the other half."""
    ids = list(pool)
    if len(ids) == 1:
        return {ids[0]: 0.5}
    rates = []
    for own in pool.values():
        right, wrong = (
            [bool(s["correct"]) is kind for s in own[name]] for name, kind in ((strong, True), (weak, False))
        )
        rates.append(sum(right) / len(right) * (sum(wrong) / len(wrong)))
    halves = half_of(ids)
    found = {}
    for q in range(len(ids)):
        half = [rates[i] for i in range(len(ids)) if halves[i] != halves[q]]
        alike = [rates[i] for i in range(len(ids)) if halves[i] != halves[q] and level_of(i) == level_of(q)]
        found[ids[q]] = (sum(alike) + sum(half) / len(half)) / (len(alike) + 1)
    return found


def samples_of(units: Sequence[Unit], query: str) -> list[Sample]:
    """All that was drawn of a query."""
    return [s for unit in units if unit.query == query for s in unit.drawn]
