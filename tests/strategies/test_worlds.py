"""The worlds of strategies against their exact solutions, and what the paper saw in its own."""

import numpy as np
import pytest

from ttcsim.compiled.rng import query_keys
from ttcsim.errors import InputError
from ttcsim.strategies.questions.bins import by_bin
from ttcsim.strategies.questions.difficulty import difficulty
from ttcsim.strategies.questions.findings.ask import Ask
from ttcsim.strategies.questions.ratio import ratio_sweep
from ttcsim.strategies.worlds import tree as tree_world
from ttcsim.strategies.worlds.revisions import RevisionChains, run_revisions
from ttcsim.strategies.worlds.simulate import parse_world, simulate
from ttcsim.strategies.worlds.tree import ReasoningTree, _largest, run_search

SIGMAS = 5.0  # of a mean over independent runs: a false alarm in 1.7 million
HARD = np.array([0.05, 0.3, 0.6, 0.9])
KEYS = query_keys(("a", "b", "c", "d"))
RUNS = 4000


def agrees(outcome, exact):
    """Simulated success rates of every query against exact ones."""
    error = np.sqrt(np.maximum(exact * (1 - exact), 1e-9) / outcome.correct.shape[1])
    return (np.abs(outcome.correct.mean(axis=1) - exact) <= SIGMAS * error + 1e-12).all()


@pytest.mark.parametrize("world", [ReasoningTree(), ReasoningTree(steps=1), ReasoningTree(exploit=0.3, recovery=0.6)])
def test_one_sample_of_the_tree_is_right_as_often_as_its_markov_chain_says(world):
    exact = world.pass_at_1(HARD)
    assert agrees(run_search(world, HARD, KEYS, 1, 0, runs=RUNS), exact)
    # By hand for two steps without exploitation: a a + (1 - a) r.
    two = ReasoningTree(steps=2, exploit=0)
    a, r = two.rates(HARD)[:, :2].T
    np.testing.assert_allclose(two.pass_at_1(HARD), a * a + (1 - a) * r, rtol=1e-12)


PERFECT = {"exploit": 0.0, "noise": 0.0, "trap": 0.0, "wrong": 1000}


@pytest.mark.parametrize(("budget", "width"), [(2, 2), (4, 2), (4, 4), (16, 4), (8, 1)])
def test_beam_search_with_a_perfect_scorer_is_solved_exactly(budget, width):
    """Nothing overrated and no noise: on-track beams come first, and their number is a Markov chain."""
    world = ReasoningTree(steps=4, sharpness=50.0, **PERFECT)
    exact = world.perfect_search(HARD, budget, width)
    assert agrees(run_search(world, HARD, KEYS, budget, width, runs=RUNS), exact)


def test_the_exact_search_is_what_a_reader_works_out_by_hand():
    """N = 2 beams, M = 2, two steps: one beam is kept, on track if either was; then again."""
    world = ReasoningTree(steps=2, **PERFECT)
    a, r = world.rates(HARD)[:, :2].T
    on = 1 - (1 - a) ** 2
    np.testing.assert_allclose(
        world.perfect_search(HARD, 2, 2), on * (1 - (1 - a) ** 2) + (1 - on) * (1 - (1 - r) ** 2)
    )


@pytest.mark.parametrize("world", [RevisionChains(), RevisionChains(flip=0.0, stuck=1.0), RevisionChains(easiest=0.9)])
def test_revision_chains_are_right_as_often_as_their_markov_chain_says(world):
    length = 6
    exact = world.pass_at_step(HARD, length)
    assert agrees(run_revisions(world, HARD, KEYS, 1, 1, runs=RUNS), exact[:, 0])
    for sequential, parallel in ((1, 4), (4, 1), (3, 2), (8, 4)):
        any_right = run_revisions(world, HARD, KEYS, sequential, parallel, select="oracle", runs=RUNS)
        assert agrees(any_right, world.solved_by(HARD, sequential, parallel))
    # By hand: the second attempt.
    p, gain, stuck, flip, _ = world.rates(HARD).T
    g = p + gain * (1 - np.exp(-1 / world.warm))
    np.testing.assert_allclose(exact[:, 1], p * (1 - flip) + (1 - p) * (1 - stuck) * g, rtol=1e-12)


def test_38_percent_of_correct_first_attempts_are_flipped_by_default():
    hard = (np.arange(2000) + 0.5) / 2000
    p, *_, flip, _ = RevisionChains().rates(hard).T
    assert np.average(flip, weights=p) == pytest.approx(0.38, abs=0.01)


def test_chains_find_more_answers_than_they_keep():
    """pass@1 rises along the chain, as in the paper, though correct answers are flipped away."""
    hard = (np.arange(100) + 0.5) / 100
    along = RevisionChains().pass_at_step(hard, 8).mean(axis=0)
    assert along[1] > along[0] and along[7] > along[0]


@pytest.fixture(scope="module")
def searched():
    return simulate("tree", 400, runs=24, seed=3)


@pytest.fixture(scope="module")
def tree(searched):
    rows = by_bin(searched, difficulty(searched.pool))
    return {(r["bin"], r["strategy"], r["budget"]): r for r in rows}


def above(rows, first, second):
    """The first's 95 % limits lie above the second's."""
    return rows[first]["lo_queries"] > rows[second]["hi_queries"]


def test_the_tree_shows_what_the_paper_saw_of_search(searched, tree):
    # Small budgets, middle and hard bins: beam search above best-of-N.
    for d in (3, 4):
        assert tree[d, "beam(m=4)", 4]["accuracy"] > tree[d, "best_of_n", 4]["accuracy"]
    ask = Ask(searched, difficulty(searched.pool), 0)
    (gap,) = ask.gaps_in([4], (ask.values("beam(m=4)", 16) - ask.values("best_of_n", 16))[:, None])
    assert gap.p_above < 1e-3  # paired: in a new set of queries the bin's edge moves for both
    # Easy bins: more search is worse, through over-optimisation, and below best-of-N.
    for d in (1, 2):
        assert above(tree, (d, "beam(m=sqrt)", 4), (d, "beam(m=sqrt)", 256))
        assert above(tree, (d, "best_of_n", 256), (d, "beam(m=sqrt)", 256))
    # Over all: ahead at a small budget, behind at a large one.
    assert tree[0, "beam(m=sqrt)", 4]["accuracy"] > tree[0, "best_of_n", 4]["accuracy"]
    assert tree[0, "beam(m=sqrt)", 256]["accuracy"] < tree[0, "best_of_n", 256]["accuracy"]
    # Lookahead is the worst at equal cost.
    for budget in (16, 64, 256):
        assert tree[0, "lookahead(k=3,m=4)", budget]["accuracy"] < tree[0, "beam(m=4)", budget]["accuracy"]
        assert tree[0, "lookahead(k=3,m=4)", budget]["accuracy"] < tree[0, "best_of_n", budget]["accuracy"]
    # Nothing works in the hardest bin.
    assert max(r["accuracy"] for (d, _, _), r in tree.items() if d == 5) < 0.5


def test_without_what_is_overrated_search_does_not_degrade():
    table = simulate("tree(exploit=0)", 200, runs=24, seed=3)
    rows = {(r["bin"], r["strategy"], r["budget"]): r for r in by_bin(table, difficulty(table.pool))}
    for d in (1, 2):
        assert rows[d, "beam(m=sqrt)", 256]["accuracy"] >= rows[d, "beam(m=sqrt)", 4]["accuracy"]


def test_easy_questions_favour_sequential_and_hard_ones_a_mix():
    table = simulate("revisions", 400, budgets=(8,), runs=48, seed=3)
    rows = ratio_sweep(table, difficulty(table.pool), 8)
    best = {r["bin"]: r["ratio"] for r in rows if r["best"]}
    assert best[1] == 8.0  # all in one chain
    assert 1 / 8 < best[4] < 8.0
    value = {(r["bin"], r["ratio"]): r for r in rows}
    assert value[1, 8.0]["lo_queries"] > value[1, 0.125]["hi_queries"]
    assert value[4, best[4]]["lo_queries"] > value[4, 0.125]["hi_queries"]


def test_beams_go_on_in_the_order_of_a_stable_sort():
    """Of equal scores, which a perfect reward model gives, the first beam goes first."""
    generator = np.random.default_rng(0)
    for size in (1, 2, 3, 7, 16, 64, 257):
        for ties in (2, 5, 10_000):
            scores = generator.integers(0, ties, size).astype(np.float64)
            for kept in {1, max(1, size // 4), size}:
                best = np.empty(kept, np.int64)
                _largest(scores, best)
                np.testing.assert_array_equal(best, np.argsort(-scores, kind="stable")[:kept])


@pytest.mark.parametrize("world", ["tree", "revisions"])
def test_runs_do_not_depend_on_the_number_of_cores(world, monkeypatch):
    found = []
    for cores in (1, 3, 64):
        monkeypatch.setattr(tree_world, "available_cores", lambda cores=cores: cores)
        found.append(simulate(world, 17, budgets=(1, 4, 16), samples=8, runs=3))
    for other in found[1:]:
        np.testing.assert_array_equal(other.rate, found[0].rate)
        np.testing.assert_array_equal(other.pool.rewards["reward"], found[0].pool.rewards["reward"])


def test_progress_reaches_the_end_only_at_the_end():
    told = []
    simulate("tree", 10, budgets=(1, 4, 16), samples=8, runs=2, progress=lambda *now: told.append(now))
    done, totals = zip(*told, strict=True)
    assert list(done) == sorted(done) and len(set(totals)) == 1 and 0.8 < done[-1] / totals[0] < 1


def test_the_same_seed_gives_the_same_runs_whatever_else_is_asked():
    one, both = simulate("tree", 30, budgets=(4,), runs=8), simulate("tree", 30, budgets=(4, 16), runs=8)
    s = both.index("beam(m=4)")
    assert (one.rate[:, one.index("beam(m=4)"), 0] == both.rate[:, s, 0]).all()
    other = simulate("tree", 30, budgets=(4,), runs=8, seed=1)
    assert (one.rate[:, 0, 0] != other.rate[:, 0, 0]).any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("forest", "the worlds of strategies are tree, revisions"),
        ("tree(color=1)", "no parameter 'color'; tree takes steps"),
        ("tree(noise)", "name every parameter"),
        ("tree(noise=loud)", "noise='loud' is not a number"),
        ("tree(noise=nan)", "noise=nan is not a number"),
        ("tree(steps=2.5)", "steps=2.5 is not a whole number"),
        ("tree(steps=41)", r"steps must lie in 1 ... 40"),
        ("tree(exploit=2)", r"exploit must lie in \[0, 1\]"),
        ("revisions(flip=-1)", r"flip must lie in \[0, 1\]"),
    ],
)
def test_worlds_that_cannot_be(text, said):
    with pytest.raises(InputError, match=said):
        parse_world(text)
