"""Ask and tell: a session decides as a replay does, goes on from what was saved, and says what it cannot take."""

import dataclasses
import itertools
import random
import tracemalloc

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from pools import plain_pools, to_pool

import ttcsim
from ttcsim import policies
from ttcsim.compiled.jit import JIT_DISABLED
from ttcsim.engine.work import NOW
from ttcsim.errors import InputError
from ttcsim.guarantees.plain import replay as reference
from ttcsim.guarantees.plain import units as plain_units
from ttcsim.guarantees.plain.policies import POLICIES, label
from ttcsim.pool.checks import pool_from_frame
from ttcsim.replay import snapshot
from ttcsim.replay.columns import Columns
from ttcsim.replay.cross_fit import cross_fit
from ttcsim.replay.replay import Replay
from ttcsim.replay.session import Draw, Session
from ttcsim.replay.setting import Setting

REPS = 2
EXAMPLES = 8 if JIT_DISABLED else 20
SOURCED = ("cascade", "explore-sources", "thompson-sources", "index", "mixture")
LIVE = [spec for spec in POLICIES if not policies.policy(label(spec)).oracle]


class Orders:
    """The samples of every query, or of every unit, in the order of a replication; endless."""

    def __init__(self, plain, seed, replication, key="{query}"):
        def shown(name, samples):
            for i in reference.random_order(seed, replication, name, len(samples), "bootstrap"):
                yield samples[i]

        self._left = {
            (query, source): shown(key.format(query=query, source=source), samples)
            for query, own in plain.items()
            for source, samples in own.items()
        }

    def next(self, draw):
        return next(self._left[draw])


def run(session, orders, wave=1, shuffle=None, between=lambda session: session):
    """To the end; the draws in the order in which they were asked for."""
    asked = []
    while not session.finished:
        draws = session.ask(wave)
        told = [(draw, orders.next(draw)) for draw in draws]
        if shuffle is not None and len(set(draws)) == len(draws):
            shuffle.shuffle(told)
        for draw, sample in told:
            session = between(session)
            session.tell(draw.query, sample, draw.source)
        asked += draws
    return session, asked


def priors_of(pool, policy):
    prior = policies.policy(policy).prior()
    if prior is None:
        return None
    found = cross_fit(pool, prior)
    return dict(zip(pool.query_ids, zip(found.mean, found.draws, strict=True), strict=True))


def replay_into(replay, tally):
    """All replications, with the draws of each kept."""
    totals = replay.setting.totals
    if replay.by_events:
        replay._run_by_events(0, REPS, tally)
    else:
        replay._run_by_draws(totals, int(totals[-1]), 0, REPS, tally)


@pytest.mark.parametrize("spec", LIVE, ids=label)
@given(
    plain=plain_pools(),
    total=st.integers(1, 40),
    seed=st.integers(0, 2**32),
    cost=st.sampled_from(["samples", "tokens"]),
    wave=st.sampled_from([1, 1, 2, 7]),
    chance=st.randoms(use_true_random=False),
)
@settings(max_examples=EXAMPLES)
def test_decides_as_a_replay_does(spec, plain, total, seed, cost, wave, chance):
    """Of every query it has the draws of the replay, at the end and, where a larger budget goes on, at each."""
    policy, pool = label(spec), to_pool(plain)
    anytime = policies.policy(policy).anytime and not spec.get("stream") and cost == "samples" and wave == 1
    totals = np.arange(1, total + 1) if anytime else np.array([total])
    setting = Setting(totals, seed, cost, "bootstrap", (), None, wave=wave)
    replay = Replay(policies.policy(policy), setting, Columns(pool))
    tally = replay.zeros(REPS, every_draw=True)
    replay_into(replay, tally)
    for r in range(REPS):
        session = Session(
            policy, list(plain), total / len(plain) + 1e-9, cost=cost, seed=seed, replication=r,
            priors=priors_of(pool, policy),
        )  # fmt: skip
        shown = {q: {"": samples} for q, samples in plain.items()}
        _, asked = run(session, Orders(shown, seed, r), wave, chance)
        np.testing.assert_array_equal([*session.draws.values()], tally.draws[r, -1])
        assert round(session.spent * len(plain)) == tally.spent[r, -1]
        for b, until in enumerate(totals if anytime else ()):
            first = [draw.query for draw in asked[:until]]
            np.testing.assert_array_equal([first.count(q) for q in plain], tally.draws[r, b])


@pytest.mark.parametrize("spec", [s for s in plain_units.POLICIES if s["name"] in SOURCED], ids=label)
@given(
    plain=plain_pools(max_queries=4),
    total=st.integers(1, 40),
    seed=st.integers(0, 2**32),
    cost=st.sampled_from(["samples", "tokens"]),
    wave=st.sampled_from([1, 1, 3]),
)
@settings(max_examples=EXAMPLES)
def test_chooses_sources_as_a_replay_does(spec, plain, total, seed, cost, wave):
    units = {q: {"large": samples, "small": samples[::-1]} for q, samples in plain.items()}
    rows = [{"query_id": q, "source": n, **s} for q, own in units.items() for n, listed in own.items() for s in listed]
    pool = pool_from_frame(pl.DataFrame(rows), where="test", name="test")
    setting = Setting(np.array([total]), seed, cost, "bootstrap", (), None, wave=wave)
    replay = Replay(policies.policy(label(spec)), setting, Columns(pool))
    tally = replay.zeros(REPS, every_draw=True)
    replay_into(replay, tally)
    for r in range(REPS):
        budget = total / len(plain) + 1e-9
        session = Session(
            label(spec), list(plain), budget, cost=cost, sources=["small", "large"], seed=seed, replication=r
        )
        _, asked = run(session, Orders(units, seed, r, "{query}\0{source}"), wave)
        assert round(session.spent * len(plain)) == tally.spent[r, 0]
        seen = [asked.count(Draw(q, name)) for q in plain for name in ("large", "small")]
        if cost == "samples":
            np.testing.assert_array_equal(seen, tally.draws[r, 0])
        np.testing.assert_array_equal([*session.draws.values()], tally.draws[r, 0].reshape(-1, 2).sum(1))


@pytest.mark.parametrize("policy", ["ucb(k=2)", "bayes(signal=reward)", "slg", "entropy", "thompson"])
@given(plain=plain_pools(), total=st.integers(1, 30), seed=st.integers(0, 99), wave=st.sampled_from([1, 4]))
@settings(max_examples=6)
def test_goes_on_from_what_was_saved(policy, plain, total, seed, wave):
    """Saved and loaded before every sample that is told, also in the middle of a wave: the same draws."""
    shown = {q: {"": samples} for q, samples in plain.items()}
    given_ = dict(cost="tokens", seed=seed)
    first = Session(policy, list(plain), total, **given_)
    _, asked = run(first, Orders(shown, seed, 0), wave)
    second = Session(policy, list(plain), total, **given_)
    resumed, again = run(second, Orders(shown, seed, 0), wave, between=lambda session: Session.resume(session.state))
    assert asked == again
    assert (first.draws, first.spent) == (resumed.draws, resumed.spent)
    assert first.state == resumed.state


def test_a_state_keeps_values_and_not_what_lies_between_them():
    read, kept = np.frombuffer(b"\1" * NOW.itemsize, NOW), np.zeros(1, NOW)
    snapshot.copy_into(kept, read)
    assert kept.tolist() == read.tolist()
    assert kept.view(np.uint8).sum() == sum(NOW[field].itemsize for field in NOW.names) < NOW.itemsize


@dataclasses.dataclass(frozen=True)
class Thrifty(ttcsim.Policy):
    """Of the test: compiled, by the name of a class."""

    weight: float = 1.0

    @ttcsim.score
    def score(s, p, key):
        return -p.weight * s.tokens


@dataclasses.dataclass(frozen=True)
class Slow(ttcsim.Policy):
    """The same in plain Python."""

    def scores(self, s, active):
        return -s.tokens[active].astype(float)


@pytest.mark.filterwarnings("ignore:policy")
def test_own_policies_compiled_and_plain_draw_alike():
    def drawn(policy):
        chance = random.Random(1)
        session = Session(policy, range(20), 6)
        while not session.finished:
            for query, _ in session.ask():
                session.tell(query, {"correct": chance.random() < 0.1, "tokens": chance.randint(1, 9)})
        return session.draws

    assert drawn(Thrifty(2.0)) == drawn(Slow())


def test_ids_stay_what_they_are_and_votes_have_room():
    session = Session("consensus(share=0.9)", [3, 1, "x"], 40)
    names = itertools.count()
    while not session.finished:
        for query, _ in session.ask(5):
            session.tell(query, {"answer": f"a{next(names)}"})
    assert session.draws == {1: 40, 3: 40, "x": 40}
    assert session.spent == 40


def message(call, *arguments, **more):
    with pytest.raises(InputError) as error:
        call(*arguments, **more)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("arguments", "more", "said"),
    [
        (("prophet", ["a"], 2), {}, "knows outcomes"),
        (("clairvoyant", ["a"], 2), {}, "knows success rates"),
        (("elimination", [], 2), {}, "0 ids"),
        (("elimination", ["a", "a"], 2), {}, "2 ids, of which 1"),
        (("elimination", ["a", None], 2), {}, "None is no id"),
        (("elimination", ["a"], 0.5), {}, "buys no draw"),
        (("elimination", ["a"], float("nan")), {}, "buys no draw"),
        (("elimination", ["a"], 2), {"cost": "euros"}, "cost: 'euros' is unknown"),
        (("elimination", ["a"], 2), {"cost": "dollars"}, "needs prices"),
        (("elimination", ["a"], 2), {"sources": ["s", "t"]}, "name its source"),
        (("index", ["a"], 2), {}, "name them"),
        (("damani(column=level)", ["a"], 2), {}, "give priors"),
        (("damani(column=level)", ["a", "b"], 2), {"priors": {"a": (0.5, 2.0)}}, "none for query 'b'"),
    ],
)
def test_what_no_session_can_be_made_of(arguments, more, said):
    assert said in message(Session, *arguments, **more)


def test_what_cannot_be_told_is_one_line_and_the_session_goes_on():
    session = Session("gap(signal=reward)", ["a", "b"], 3, cost="tokens")
    ((query, _),) = session.ask()
    other = "b" if query == "a" else "a"
    before = session.state
    whole = {"correct": True, "tokens": 3, "reward": 0.5}
    assert "was not asked for" in message(session.tell, other, whole)
    assert "was not asked for" in message(session.tell, "c", whole)
    assert "lacks 'reward'" in message(session.tell, query, {"correct": True, "tokens": 3})
    assert "lacks 'tokens'" in message(session.tell, query, {"correct": True, "reward": 0.5})
    assert "reward = 2" in message(session.tell, query, {**whole, "reward": 2})
    assert "reward = nan" in message(session.tell, query, {**whole, "reward": float("nan")})
    assert "tokens = 0" in message(session.tell, query, {**whole, "tokens": 0})
    assert "tokens = 2.5" in message(session.tell, query, {**whole, "tokens": 2.5})
    assert "no sample" in message(session.tell, query, True)
    assert "not told yet" in message(session.ask)
    assert "0 draws" in message(session.ask, 0)
    assert session.state == before
    session.tell(query, whole)
    assert session.spent == 1.5 and session.draws[query] == 1
    assert "told already" in message(session.tell, query, whole)
    judged = Session("elimination", ["a"], 3)
    judged.ask()
    assert "lacks 'correct'" in message(judged.tell, "a", {"tokens": 3})
    assert "correct = 'yes'" in message(judged.tell, "a", {"correct": "yes"})


def test_memory_follows_from_the_queries_and_not_from_the_draws():
    """Of 10^5 queries: below a kilobyte each, whatever was drawn; an answer that was told before takes no more."""
    queries, wave, waves = 100_000, 1000, 8
    Session("entropy", ["a"], 2).ask()  # compiled before it counts
    tracemalloc.start()
    try:
        session = Session("entropy", range(queries), 3)
        held = []
        for at in range(waves):
            for query, _ in session.ask(wave):
                session.tell(query, {"correct": False, "answer": "ab"[at % 2]})
            held.append(tracemalloc.get_traced_memory()[0])
        assert held[-1] < 1000 * queries and tracemalloc.get_traced_memory()[1] < 1000 * queries
        state = session.state
        assert len(state) < 1000 * queries and tracemalloc.get_traced_memory()[1] < 2000 * queries
    finally:
        tracemalloc.stop()
    assert sum(session.draws.values()) == wave * waves
    # Each wave is of other queries here, and a query's first answer makes room for its code.
    assert max(b - a for a, b in itertools.pairwise(held)) < 300 * wave
    again = Session.resume(state)
    assert again.ask(5) == session.ask(5)


def test_a_session_that_was_refused_something_goes_on_as_if_it_had_not_been_asked():
    """Every kind of bad input before every sample: the draws are those of a session that never saw any."""
    chance, plain, bothered = random.Random(3), Session("entropy", range(6), 5), Session("entropy", range(6), 5)
    while draws := plain.ask(3):
        assert bothered.ask(3) == draws
        state = bothered.state
        first = draws[0].query
        for call, *what in [
            (bothered.tell, 99, {"correct": True}), (bothered.tell, first, {"answer": "a"}),
            (bothered.tell, first, {"correct": True}), (bothered.ask, 2), (Session.resume, state[:99]),
            (Session.resume, state, "ucb"),
        ]:  # fmt: skip
            message(call, *what)
        assert bothered.state == state
        for query, _ in draws:
            sample = {"correct": chance.random() < 0.2, "answer": chance.choice("ab")}
            plain.tell(query, sample)
            bothered.tell(query, sample)
    assert bothered.finished and bothered.draws == plain.draws and bothered.state == plain.state


def test_dollars_are_those_of_the_source():
    prices = {"small": {"output": 1.0}, "large": {"input": 2.0, "output": 10.0}}
    session = Session("elimination(on=large)", ["a"], 1.0, cost="dollars", prices=prices, sources=["small", "large"])
    assert session.ask() == [Draw("a", "large")]
    assert "prompt_tokens" in message(session.tell, "a", {"correct": False, "tokens": 1000})
    session.tell("a", {"correct": False, "tokens": 1000, "prompt_tokens": 500})
    assert session.spent == pytest.approx(0.011)


def test_states_of_others_are_refused(tmp_path):
    session = Session("ucb", ["a", "b"], 4)
    session.ask()
    session.save(tmp_path / "s.state")
    assert Session.load(tmp_path / "s.state").state == session.state
    assert "not of 'ucb(weight=2)'" in message(Session.load, tmp_path / "s.state", "ucb(weight=2)")
    state = session.state
    assert "no state" in message(Session.resume, state[: len(state) // 2])
    assert "no state" in message(Session.resume, b"")
    other = snapshot.pack({"format": 99, "layout": ""}, {})
    assert "another version" in message(Session.resume, other)
    with pytest.raises(InputError, match="No such file"):
        Session.load(tmp_path / "none.state")


def test_an_edited_rule_is_another_policy(monkeypatch):
    state = Session(Thrifty(), ["a"], 2).state
    monkeypatch.setattr(Thrifty, "score", ttcsim.score(lambda s, p, key: p.weight * s.tokens))
    assert "were edited" in message(Session.resume, state, Thrifty())
