"""What a rule sees: the row and nothing else; what it needs follows from what it reads."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numba
import numpy as np
import polars as pl
import pytest

import ttcsim
from ttcsim.guarantees.plain import replay as reference
from ttcsim.guarantees.plain.world import tiny, to_pool, with_signal
from ttcsim.policies.rules import FIELDS, ROW
from ttcsim.pool.worlds import make_pool


def helper(row, weight):
    again = row
    return weight * again.tokens


@dataclass(frozen=True)
class ByHelper(ttcsim.Policy):
    """Reads `tokens` through a helper and an alias, and declares nothing."""

    weight: float = 2.0

    @ttcsim.score
    def score(s, p, key):
        return -helper(s, p.weight)


@dataclass(frozen=True)
class Entropic(ttcsim.Policy):
    """A user's copy of the built-in `entropy`, without a word about columns."""

    weight: float = 1.0

    @ttcsim.score
    def score(s, p, key):
        return s.entropy

    @ttcsim.score
    def bonus(s, p, key):
        return p.weight / np.sqrt(s.draws)


@numba.njit
def weighted(value, parameters):
    return parameters.weight * value


@dataclass(frozen=True)
class Roundabout(ttcsim.Policy):
    """`Entropic` by way of aliases of aliases, and with its parameters handed on by name."""

    weight: float = 1.0

    @ttcsim.score
    def score(s, p, key):
        if s.draws > 0:
            first = s
        second = first
        return second.entropy

    @ttcsim.score
    def bonus(s, p, key):
        return weighted(1.0, parameters=p) / np.sqrt(s.draws)


@dataclass(frozen=True)
class Rater(ttcsim.Policy):
    """Would like to know the success rates."""

    @ttcsim.score
    def score(s, p, key):
        return s.rate


@dataclass(frozen=True)
class Misspelt(ttcsim.Policy):
    """Reads a field that no row has."""

    @ttcsim.score
    def score(s, p, key):
        return s.tokenz


@dataclass(frozen=True)
class Unprepared(ttcsim.Policy):
    """Reads a prior that it has not declared."""

    @ttcsim.score
    def score(s, p, key):
        return s.prior_mean


@dataclass(frozen=True)
class Counting(ttcsim.Policy):
    """Memory with named fields: the largest reward so far, and the draws since it came."""

    signal: str = "reward"
    memory: ClassVar = np.dtype([("best", "f8"), ("since", "i8")])

    @ttcsim.see
    def see(s, p, key):
        s.memory.since += 1
        if s.signal > s.memory.best:
            s.memory.best = s.signal
            s.memory.since = 0

    @ttcsim.score
    def score(s, p, key):
        return -s.memory.since


def counted_by_hand(pool, total, seed):
    """`Counting` over plain lists: draws of every query."""
    samples = {
        query_id: [
            {"correct": c, "reward": r} for c, r in zip(pool.correct[a:b], pool.rewards["reward"][a:b], strict=True)
        ]
        for query_id, a, b in zip(pool.query_ids, pool.offsets[:-1], pool.offsets[1:], strict=True)
    }
    queries = reference.queries_of(samples, seed, 0, "permute", math.inf)

    def index(q):
        rewards = [s["reward"] for s in q.drawn]
        return -(len(rewards) - 1 - rewards.index(max(rewards))) if rewards else math.inf

    for _ in range(total):
        active = [q for q in queries if not any(s["reward"] >= 1 for s in q.drawn) and q.n < q.limit]
        chosen = max(active, key=lambda q: (index(q), -q.n, -q.priority))
        chosen.drawn.append(chosen.samples[next(chosen.order)])
    return [q.n for q in queries]


@pytest.fixture(scope="module")
def pool():
    return make_pool("beta(0.5,1)", 20, 12, seed=4)


def without(pool, *columns):
    names = {"answer": ("answers", "answer_labels")}
    gone = {f: () if f == "answer_labels" else None for c in columns for f in names.get(c, (c,))}
    return replace(pool, **gone)


def test_columns_follow_from_the_fields_read(pool):
    assert ByHelper().columns() == ("tokens",)
    assert Entropic().columns() == Roundabout().columns() == ttcsim.ALL["entropy"]().columns() == ("answer",)
    assert ttcsim.ALL["elimination"]().columns() == ()
    with pytest.raises(ttcsim.InputError, match="needs the column 'tokens'"):
        ttcsim.sweep(without(pool, "tokens"), [ByHelper()], [2], reps=2)
    with pytest.raises(ttcsim.InputError, match="needs the column 'answer'"):
        ttcsim.sweep(without(pool, "answer"), [Entropic()], [2], reps=2)


@pytest.mark.filterwarnings("ignore:policy")
def test_a_copy_of_a_built_in_rule_gives_the_same_draws(pool):
    policies = [Entropic(0.5), Roundabout(0.5), "entropy(weight=0.5)"]
    mine, other, built_in = ttcsim.sweep(pool, policies, [1, 3, 6], reps=20).outcomes
    assert (mine.draws == built_in.draws).all()
    assert (other.draws == built_in.draws).all()
    assert mine.draws.std() > 0


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (Rater(), "s.rate is for oracles"),
        (Misspelt(), "reads s.tokenz, which no row has"),
        (Unprepared(), "s.prior_mean needs a prior"),
    ],
)
def test_refused_before_anything_runs(pool, policy, message):
    with pytest.raises(ttcsim.InputError, match=message):
        ttcsim.sweep(pool, [policy], [2], reps=2)


@pytest.mark.filterwarnings("ignore:policy")
def test_memory_has_named_fields(pool):
    for total in (20, 33, 120):
        (outcome,) = ttcsim.sweep(pool, [Counting()], [total / 20], reps=1, seed=total).outcomes
        assert outcome.draws[:, 0].tolist() == counted_by_hand(pool, total, seed=total)


@pytest.mark.filterwarnings("ignore:policy")
@pytest.mark.parametrize("replay", ["permute", "bootstrap"])
def test_sums_of_the_signal_by_answer_follow_it_down_as_well(replay):
    """Confidences below zero: the largest sum of an answer may fall."""
    plain, told = tiny(5, queries=4, most=30), []

    class Witness(ttcsim.Policy):
        name = "witness"

        def scores(self, s, active):
            told.append(np.asarray(s).view(ROW).copy())
            return -s.draws[active].astype(float)

    policy = Witness(signal="confidence_signed", gamma=9.0)
    ttcsim.sweep(to_pool(plain), [policy], [12], reps=1, seed=2, replay=replay)
    fallen = 0
    for q, query in enumerate(reference.queries_of(with_signal(plain, "confidence_signed"), 2, 0, replay, math.inf)):
        shown = [query.samples[i] for i, _ in zip(query.order, range(60), strict=False)]
        rows = {int(step[q]["draws"]): step[q] for step in told}
        before = 0.0
        for n in range(1, max(rows) + 1):
            sums = {}
            for sample in shown[:n]:
                if sample["answer"] is not None:
                    sums[sample["answer"]] = sums.get(sample["answer"], 0.0) + sample["signal"]
            top = max(sums.values(), default=0.0)
            assert (rows[n]["top_signal"], rows[n]["answered_signal"]) == (top, sum(sums.values()))
            assert rows[n]["signal_max"] == max(sample["signal"] for sample in shown[:n])
            fallen += top < before
            before = top
    assert fallen > 5


class Spy(ttcsim.Policy):
    """A plain Python policy that keeps whatever it is shown, and looks for more."""

    seen: ClassVar[list] = []

    def predictions(self, pool):  # what an undeclared oracle used to be made of
        raise AssertionError("nobody hands over the pool")

    def scores(self, s, active):
        rows = np.asarray(s).view(ROW)
        self.seen.append(rows.copy())
        assert np.isnan(rows["rate"]).all() and np.isnan(rows["price"]).all()
        assert np.isnan(rows["prior_mean"]).all()
        assert (rows["successes"] <= rows["draws"]).all()
        undrawn = rows[rows["draws"] == 0]
        for name in FIELDS:
            if name not in ("t", "rate", "price", "prior_mean", "prior_draws"):
                assert not undrawn[name].any()
        return -rows["draws"][active].astype(float)


@pytest.mark.filterwarnings("ignore:policy")
def test_nobody_sees_an_outcome_before_it_is_drawn(pool):
    """With every sample that is never shown turned into its opposite, a rule sees the very same rows at every step."""
    Spy.seen.clear()
    draws = ttcsim.sweep(pool, [Spy()], [3], reps=1, seed=5).outcomes[0].draws[:, 0].astype(int)
    first = list(Spy.seen)
    flipped = pool.correct ^ 1
    for q, query_id in enumerate(pool.query_ids):
        order = reference.random_order(5, 0, query_id, 12, "permute")
        shown = pool.offsets[q] + np.array([next(order) for _ in range(draws[q])], int)
        flipped[shown] = pool.correct[shown]
    assert (flipped != pool.correct).sum() > 100
    Spy.seen.clear()
    other = replace(pool, correct=flipped)
    again = ttcsim.sweep(other, [Spy()], [3], reps=1, seed=5).outcomes[0].draws[:, 0]
    assert (again == draws).all()
    # The slopes of the interval replay other budgets too; the first run of both is the one in question.
    steps = next(i for i, rows in enumerate(first[1:], 1) if rows["t"].max() < first[i - 1]["t"].max())
    assert steps > 40
    for before, after in zip(first[:steps], Spy.seen[:steps], strict=True):
        assert before.tobytes() == after.tobytes()


def test_a_prior_gets_the_counts_of_other_queries_only(pool):
    """The declared way to know something beforehand: the law never sees the query it is asked about."""
    asked = []

    def law(alike, half):
        asked.append((alike.hits.tolist(), half.hits.tolist()))
        return 0.5, 1.0

    @dataclass(frozen=True)
    class Declared(ttcsim.Policy):
        warmup: ClassVar[int] = 0

        def prior(self):
            return ttcsim.Prior("level", law)

        @ttcsim.score
        def score(s, p, key):
            return s.prior_mean

    levels = pl.DataFrame({"query_id": pool.query_ids, "level": ["easy", "hard"] * 10})
    own = replace(pool, queries=levels)
    ttcsim.sweep(own, [Declared()], [2], reps=2)
    assert asked
    for alike, half in asked:
        assert len(alike) <= len(half) < pool.n_queries
