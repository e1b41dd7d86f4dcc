"""Policies that choose sources agree with the plain twin, draw for draw, on random small pools of several sources."""

import warnings
from types import SimpleNamespace

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from pools import samples

import ttcsim
from ttcsim import policies
from ttcsim.compiled.jit import JIT_DISABLED
from ttcsim.engine.arrays import FIXED_POINT
from ttcsim.guarantees.plain import replay as reference
from ttcsim.guarantees.plain import units as plain_units
from ttcsim.guarantees.plain.policies import SELECTORS, label
from ttcsim.guarantees.plain.world import level_of
from ttcsim.pool.checks import pool_from_frame
from ttcsim.replay.columns import Columns
from ttcsim.replay.replay import Replay
from ttcsim.replay.setting import Setting

EXAMPLES = 30 if JIT_DISABLED else 40
REPS = 2
CHOSEN_BY = [one for one in SELECTORS[1:] if one["name"] in ("best", "majority", "weighted", "deepconf")]


@st.composite
def source_pools(draw):
    """{query: {source: [sample, ...]}}, both in sorted order; some unit may be missing, some sample has an answer."""
    own = st.lists(samples, min_size=1, max_size=5)
    plain = {}
    for i in range(draw(st.integers(1, 4))):
        names = draw(st.sampled_from([["large", "small"], ["large", "small"], ["large"], ["small"]]))
        plain[f"q{i}"] = {name: draw(own) for name in names}
    plain["q0"] = {name: plain["q0"].get(name) or draw(own) for name in ("large", "small")}
    first = plain["q0"]["large"][0]
    plain["q0"]["large"][0] = {**first, "answer": first["answer"] or "a"}
    return plain


def to_pool(plain):
    rows = [
        {"query_id": q, "source": name, **s} for q, own in plain.items() for name, listed in own.items() for s in listed
    ]
    levels = pl.DataFrame({"query_id": list(plain), "level": [level_of(i) for i in range(len(plain))]})
    return pool_from_frame(pl.DataFrame(rows), where="test", name="test", queries=levels)


def signalled(plain, column):
    return {
        q: {n: [{**s, "signal": float(s[column])} for s in listed] for n, listed in own.items()}
        for q, own in plain.items()
    }


@pytest.mark.parametrize("spec", plain_units.POLICIES, ids=label)
@given(
    plain=source_pools(),
    totals=st.lists(st.integers(0, 40), min_size=1, max_size=3, unique=True).map(sorted),
    seed=st.integers(0, 2**32),
    replay=st.sampled_from(["permute", "bootstrap"]),
    cost=st.sampled_from(["samples", "tokens"]),
    wave=st.sampled_from([1, 1, 2, 5, 50]),
)
@settings(max_examples=EXAMPLES)
def test_agrees_draw_for_draw(spec, plain, totals, seed, replay, cost, wave):
    if spec["name"] == "router":  # which refuses queries that only one of the two was asked
        spare = plain["q0"]
        plain = {q: {name: own.get(name, spare[name]) for name in ("large", "small")} for q, own in plain.items()}
    pool = to_pool(plain)
    setting = Setting(np.array(totals, np.int64), seed, cost, replay, tuple(map(label, CHOSEN_BY)), "reward", wave=wave)
    tally = Replay(policies.policy(label(spec)), setting, Columns(pool)).run(0, REPS)
    twin = plain_units.replay_prophet if spec["name"] == "prophet" else plain_units.replay_units
    told = () if spec["name"] == "prophet" else (spec,)
    how = {"replay": replay, "cost": cost, **({} if spec["name"] == "prophet" else {"wave": wave})}
    seen = signalled(plain, spec.get("signal", "correct"))
    draws, hits = np.zeros_like(tally.unit_draws), np.zeros_like(tally.query_covered)
    for b, total in enumerate(totals):
        for r in range(REPS):
            units, spent = twin(seen, *told, total, seed, r, **how)
            assert tally.spent[r, b] == spent <= total
            drawn = [SimpleNamespace(drawn=plain_units.samples_of(units, q)) for q in plain]
            covered = [reference.covered(q) for q in drawn]
            assert tally.covered[r, b] == sum(covered)
            for s, selector in enumerate(CHOSEN_BY):
                exact = sum(reference.selected_accuracy(q, selector) for q in drawn)
                assert 0 <= exact * FIXED_POINT - int(tally.chosen[s, r, b]) < 4 * len(drawn)
            draws[b] += [unit.n for unit in units]
            hits[b] += covered
    np.testing.assert_array_equal(tally.unit_draws, draws)
    np.testing.assert_array_equal(tally.query_covered, hits)


@given(plain=source_pools(), seed=st.integers(0, 2**32), replay=st.sampled_from(["permute", "bootstrap"]))
@settings(max_examples=EXAMPLES)
def test_answers_are_votes_of_all_sources(plain, seed, replay):
    """A rule that reads the entropy, the votes and the streak sees those of its query, whatever their source."""
    pool, told = to_pool(plain), []

    class Witness(policies.Policy):
        name = "witness"
        chooses_sources = True

        def scores(self, s, active):
            for u in range(len(s)):
                told.append((u, s.query_draws[u], s.answered[u], s.distinct[u], s.top[u], s.entropy[u]))
            return -s.query_draws[active].astype(float)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of plain Python, and of samples that are used up
        ttcsim.sweep(pool, [Witness()], [3], reps=1, seed=seed, replay=replay)
    for u, count, answered, distinct, top, entropy in told:
        siblings = [row for row in told if pool.units.query[row[0]] == pool.units.query[u] and row[1] == count]
        assert {row[1:] for row in siblings} == {(count, answered, distinct, top, entropy)}
        assert top <= answered <= count and distinct <= answered
