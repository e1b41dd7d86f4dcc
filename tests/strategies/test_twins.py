"""The kernels of both worlds against plain Python that a reader can check by eye, draw for draw."""

import math

import numpy as np
import pytest

from ttcsim.compiled.rng import query_keys, stream, uniform
from ttcsim.compiled.special import normal
from ttcsim.strategies.worlds.revisions import RevisionChains, run_revisions
from ttcsim.strategies.worlds.tree import ReasoningTree, run_search

QUERIES = tuple("abcdef")
HARD = np.linspace(0.05, 0.95, 6)


def wrong_answer(u, trap, wrong):
    if u < trap:
        return "trap"
    weights = [1 / i for i in range(1, wrong + 1)]
    u = (u - trap) / (1 - trap) * sum(weights)
    for i, w in enumerate(weights):
        u -= w
        if u < 0:
            return f"wrong {i}"
    return f"wrong {wrong - 1}"


def vote(candidates):
    """Best-of-N weighted: the answer with the largest sum of scores."""
    sums = {}
    for answer, score in candidates:
        sums[answer] = sums.get(answer, 0.0) + score
    best = max(sums.values())
    return next(answer for answer in sums if sums[answer] == best)


def plain_search(world, hard, key, n, m, k):
    """Steps move a beam between "on", "off" and "lost"; each step has its own error, partly its parent's."""
    a, r, e, trap = world.rates(np.array([hard]))[0]
    chance = np.clip(world.values(world.rates(np.array([hard])))[0], 0.02, 0.98)

    def score(state, left, error):
        on, off = chance[2][left], chance[1][left]
        logit = {"on": math.log(on / (1 - on)), "off": math.log(off / (1 - off))}
        seen = world.sharpness * logit["on" if state == "lost" else state] + (world.bias if state == "lost" else 0)
        return 1 / (1 + math.exp(-(seen + world.noise * error)))

    def step(state, u):
        if state == "lost" or u < e:
            return "lost"
        u = (u - e) / (1 - e)
        return "on" if u < (a if state == "on" else r) else "off"

    rho, fresh = world.persistence, math.sqrt(1 - world.persistence**2)
    beams = [("on", 0.0, 0.0)] * n
    for depth in range(1, world.steps + 1):
        if m and depth > 1:
            order = sorted(range(n), key=lambda i: -beams[i][2])
            parents = [beams[order[i // m]] for i in range(n)]
        else:
            parents = beams
        beams = []
        for i, (state, error, _) in enumerate(parents):
            at = (depth * n + i) * 64
            state = step(state, uniform(key, at))
            error = normal(key, at + 1) if depth == 1 else rho * error + fresh * normal(key, at + 1)
            ahead, z, left = state, error, world.steps - depth
            for j in range(min(k, left)):
                ahead = step(ahead, uniform(key, at + 4 + 3 * j))
                z = rho * z + fresh * normal(key, at + 5 + 3 * j)
                left -= 1
            beams.append((state, error, score(ahead, left, z)))
    candidates = []
    for i, (state, _, points) in enumerate(beams):
        u = uniform(key, (world.steps * n + i) * 64 + 3)
        answer = {"on": "right", "lost": f"lost {i}", "off": wrong_answer(u, trap, world.wrong)}[state]
        candidates.append((answer, points))
    return vote(candidates) == "right"


@pytest.mark.parametrize(("n", "m", "k"), [(1, 0, 0), (6, 0, 0), (4, 2, 0), (8, 4, 0), (9, 3, 0), (4, 2, 1), (8, 4, 3)])
@pytest.mark.parametrize("world", [ReasoningTree(), ReasoningTree(steps=3, exploit=0.2, bias=2.0, trap=0.2, wrong=3)])
def test_search(world, n, m, k):
    keys = query_keys(QUERIES)
    salt = np.uint64(11) * np.uint64(1_000_003) + np.uint64((n * 131 + m) * 131 + k)
    found = run_search(world, HARD, keys, n, m, lookahead=k, runs=30, seed=11)
    for q, hard in enumerate(HARD):
        for run in range(30):
            assert found.correct[q, run] == plain_search(world, hard, np.uint64(stream(salt, run, keys[q])), n, m, k)


def plain_chains(world, rates, key, sequential, parallel, select):
    p, gain, stuck, flip, trap = rates
    pool, winners = [], []
    for c in range(parallel):
        base = c * sequential * 6
        held = uniform(key, base + 5) < stuck
        own, answer = [], None
        for t in range(sequential):
            at = base + 6 * t
            u = uniform(key, at)
            if answer is None:
                right = u < p
            elif answer == "right":
                right = u >= flip
            else:
                right = not held and u < p + gain * (1 - math.exp(-t / world.warm))
            if right:
                answer = "right"
            elif answer in (None, "right") or uniform(key, at + 1) >= world.sticky:
                answer = wrong_answer(uniform(key, at + 2), trap, world.wrong)
            logit = (0.5 if right else -0.5) * world.signal + world.noise * normal(key, at + 3)
            own.append((answer, 1 / (1 + math.exp(-logit))))
        pool += own
        chosen = vote(own)
        winners.append((chosen, max(s for a, s in own if a == chosen)))
    if select == "oracle":
        return any(a == "right" for a, _ in pool)
    if select == "majority":
        counts = {a: sum(b == a for b, _ in pool) for a, _ in pool}
        most = max(counts.values())
        tied = [a for a in counts if counts[a] == most]
        return None if len(tied) > 1 else tied[0] == "right"
    return vote(winners) == "right"


@pytest.mark.parametrize(("sequential", "parallel"), [(1, 1), (1, 5), (6, 1), (3, 4)])
@pytest.mark.parametrize("select", ["verifier", "majority", "oracle"])
def test_revisions(sequential, parallel, select):
    world = RevisionChains(wrong=3)
    keys = query_keys(QUERIES)
    salt = np.uint64(5) * np.uint64(1_000_003) + np.uint64((sequential * 131 + parallel) * 131 + 7)
    found = run_revisions(world, HARD, keys, sequential, parallel, select=select, runs=30, seed=5)
    compared = 0
    for q, rates in enumerate(world.rates(HARD)):
        for run in range(30):
            plain = plain_chains(world, rates, np.uint64(stream(salt, run, keys[q])), sequential, parallel, select)
            if plain is not None:  # ties of a vote go to the right answer in the kernel; they are left out here
                assert found.correct[q, run] == plain
                compared += 1
    assert compared > 60
