"""Selection, search and revisions against cases that a reader can work out."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvest.config import BeamStrategy, LookaheadStrategy, RevisionsStrategy, SamplingConfig, VerifierConfig
from harvest.engine import Response
from harvest.strategies.revisions import revise, revision_rows
from harvest.strategies.search import outcome_rows, search
from harvest.strategies.select import Candidate, hierarchical, majority, weighted
from harvest.verify_beside import VerifyBeside
from tests.harvest.fake import FakeGenerator


def candidates(*parts):
    return [Candidate(answer, answer == "right", score) for answer, score in parts]


def test_best_of_n_weighted_sums_scores_by_answer():
    # 0.4 + 0.4 for "right" beat 0.7 for "wrong"; of the two, the higher-scored is given.
    chosen = weighted(candidates(("wrong", 0.7), ("right", 0.4), ("right", 0.4)))
    assert chosen.answer == "right"
    assert weighted(candidates(("a", 0.2), ("b", 0.6), ("a", 0.3))).score == 0.6
    assert weighted(candidates((None, 0.9), ("a", 0.1))).answer == "a"
    assert weighted(candidates((None, 0.9))).answer is None
    assert weighted(candidates(("a", 0.5), ("b", 0.5))).answer == "a"  # the first at ties


def test_selection_within_chains_then_across():
    chains = [
        candidates(("wrong", 0.5), ("wrong", 0.5), ("right", 0.9)),  # wrong wins within, at 0.5
        candidates(("right", 0.6), ("wrong", 0.1)),  # right wins at 0.6
    ]
    assert hierarchical(chains).answer == "right"
    assert weighted([c for chain in chains for c in chain]).answer == "right"
    assert majority([c for chain in chains for c in chain]).answer == "wrong"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), min_size=1, max_size=12))
def test_selection_is_the_largest_sum_whatever_the_order(parts):
    chosen = weighted(candidates(*parts))
    sums = {a: sum(s for b, s in parts if b == a) for a, _ in parts}
    assert sums[chosen.answer] >= max(sums.values()) - 1e-9
    assert chosen.score == max(s for a, s in parts if a == chosen.answer)
    assert majority(candidates(*parts)).answer in {
        a for a in sums if sum(b == a for b, _ in parts) == max(sum(b == c for b, _ in parts) for c in sums)
    }


class Digits(FakeGenerator):
    """A tree: every step is one digit and the separator; the text ends after the third."""

    def words(self, source, request):
        return "".join(str(source.randint(0, 9)))

    def response(self, request, i):
        response = super().response(request, i)
        depth = request.prompt.rpartition("A:")[2].count(";")
        ends = depth == 2
        return Response(response.text + ("" if ends else ";"), 2, -1.0, 1)


SAMPLING = SamplingConfig(n=4, max_tokens=100, seed=3)


def digits_sum(items):
    """The scorer likes large digits."""
    return [sum(int(d) for d in text if d.isdigit()) / 27 for _, text in items]


@pytest.mark.parametrize("width", [2, 4, "sqrt"])
def test_beam_search_keeps_the_best_and_spends_its_budget(queries, width):
    strategy = BeamStrategy(kind="beam", scorer="x", budgets=(16,), width=width, separator=";", runs=2)
    model = Digits()
    runs = search(queries, strategy, 16, model, digits_sum, SAMPLING)
    assert len(runs) == 4  # 2 queries x 2 runs
    m = 4 if width == "sqrt" else width
    first = [r for r in model.asked if r.n == 16]
    later = [r for r in model.asked if r.n == m]
    assert len(first) == 4 and len(later) == 4 * 2 * 16 // m  # three steps: N, then twice N / M beams x M
    for run in runs:
        assert len(run.beams) == 16 and all(b.done for b in run.beams)
        assert run.spent == 3 * 16 * 2  # three steps of N generations of two tokens
        # Every final beam extends one of the best N / M beginnings: no more than that many of them.
        assert len({b.text.split(";")[0] for b in run.beams}) <= 16 // m
    plain = sum(digits_sum([(None, Digits().response(first[0], i).text) for i in range(16)])) / 16 * 3
    found = sum(b.score for b in runs[0].beams) / 16
    assert found > plain  # the search found better than chance


def test_search_is_the_same_whatever_else_runs_beside(queries):
    strategy = BeamStrategy(kind="beam", scorer="x", budgets=(4,), width=2, separator=";", runs=2)
    both = search(queries, strategy, 4, Digits(), digits_sum, SAMPLING)
    alone = search(queries[1:], strategy, 4, Digits(), digits_sum, SAMPLING)
    assert [b.text for r in both if r.query is queries[1] for b in r.beams] == [b.text for r in alone for b in r.beams]


def test_lookahead_scores_a_step_by_its_greedy_rollout(queries):
    strategy = LookaheadStrategy(kind="lookahead", scorer="x", budgets=(4,), width=2, steps_ahead=2, separator=";")
    model, seen = Digits(), []

    def score(items):
        seen.append([text for _, text in items])
        return digits_sum(items)

    runs = search(queries[:1], strategy, 4, model, score, SAMPLING)
    assert all(text.count(";") == 2 for text in seen[0])  # scored two steps ahead: at the end
    assert {r.temperature for r in model.asked} == {None, 0.0}
    assert all(r.n == 1 for r in model.asked if r.temperature == 0.0)
    assert all(b.done and b.text.count(";") == 2 for b in runs[0].beams)
    with VerifyBeside(VerifierConfig(workers=1)) as verify:
        rows = outcome_rows(runs, strategy, 4, verify)
    assert [r["budget"] for r in rows] == [12]  # N (k + 1)


def test_searches_of_different_lengths_do_not_disturb_each_other(queries):
    """One query's responses end after the first step, the other's after the third: N beams each, to the end."""

    class Uneven(Digits):
        def response(self, request, i):
            response = super().response(request, i)
            short = queries[0].problem.question in request.prompt
            return Response(response.text.rstrip(";"), 2, -1.0, 1) if short else response

    strategy = BeamStrategy(kind="beam", scorer="x", budgets=(4,), width=2, separator=";")
    short, long = search(queries, strategy, 4, Uneven(), digits_sum, SAMPLING)
    assert len(short.beams) == len(long.beams) == 4
    assert {b.text.count(";") for b in short.beams} == {0} and {b.text.count(";") for b in long.beams} == {2}
    assert (short.spent, long.spent) == (4 * 2, 3 * 4 * 2)


class Small:
    """A context of a few characters: prompts that responses have filled up get empty ones."""

    room = 0

    def stream(self, requests, sampling):
        requests = list(requests)
        for r in requests:
            if len(r.prompt) >= self.room:
                assert r.grown, "the query's own prompt has to fit"
                yield r.key, [Response.none(r)] * r.n
        yield from super().stream([r for r in requests if len(r.prompt) < self.room], sampling)


def test_search_ends_where_the_context_does(queries):
    class Both(Small, Digits):
        room = len(queries[0].prompt) + 4  # two steps fit

    strategy = BeamStrategy(kind="beam", scorer="x", budgets=(4,), width=2, separator=";")
    (run, _) = search(queries, strategy, 4, Both(), digits_sum, SAMPLING)
    assert all(b.done for b in run.beams) and {b.text.count(";") for b in run.beams} == {2}


def test_revisions_beyond_the_context_are_empty(queries):
    class Both(Small, FakeGenerator):
        room = len(queries[0].prompt) + 30

    strategy = RevisionsStrategy(kind="revisions", chains=2, length=4, memory=4, prompt="{question} {attempts}")
    attempts = revise(queries, strategy, Both(), SAMPLING)
    texts = [[attempts[queries[0].query_id, c, s].text for s in range(4)] for c in (0, 1)]
    assert all(own[0] and own[1] for own in texts) and all(own[3] == "" for own in texts)


def test_search_stops_after_its_rounds(queries):
    strategy = BeamStrategy(kind="beam", scorer="x", budgets=(4,), width=2, separator=";", rounds=2)
    (run, _) = search(queries, strategy, 4, Digits(), digits_sum, SAMPLING)
    assert len(run.beams) == 4 and not any(b.done for b in run.beams)
    assert all(b.text.count(";") == 2 for b in run.beams)


def test_revisions_see_the_last_attempts_only(queries):
    strategy = RevisionsStrategy(kind="revisions", chains=2, length=5, memory=2, prompt="{question} [{attempts}]")
    model = FakeGenerator()
    attempts = revise(queries, strategy, model, SAMPLING)
    assert len(attempts) == 2 * 2 * 5
    shown = [r.prompt for r in model.asked if r.key == (queries[0].query_id, 1, 4)]
    texts = [attempts[queries[0].query_id, 1, s].text.strip() for s in (2, 3)]
    assert shown == [f"{queries[0].problem.question} [Attempt 1:\n{texts[0]}\n\nAttempt 2:\n{texts[1]}]"]


def test_rows_of_revisions_by_hand():
    """Two chains of two: every split and what it answers."""
    frame = pl.DataFrame(
        {
            "query_id": ["q"] * 4, "chain": [0, 0, 1, 1], "step": [0, 1, 0, 1],
            "answer": ["right", "wrong", "wrong", "wrong"], "correct": [True, False, False, False],
            "reward_x": [0.9, 0.2, 0.5, 0.5], "tokens": [1, 2, 4, 8],
        }
    )  # fmt: skip
    found = {(r["strategy"], r["run"]): r for r in revision_rows(frame, "reward_x")}
    assert set(found) == {
        ("revisions(seq=1,par=1)", 0), ("revisions(seq=1,par=1)", 1), ("revisions(seq=1,par=2)", 0),
        ("revisions(seq=2,par=1)", 0), ("revisions(seq=2,par=1)", 1), ("revisions(seq=2,par=2)", 0),
    }  # fmt: skip
    both = found["revisions(seq=2,par=2)", 0]
    # Chain 0 gives right (0.9 against 0.2), chain 1 wrong with its best, 0.5; across them right wins.
    expected = {"answer": "right", "correct": True, "reward": 0.9, "tokens": 15, "budget": 4}
    assert expected.items() <= both.items()
    assert found["revisions(seq=2,par=1)", 1]["correct"] is False
    voted = {(r["strategy"], r["run"]): r for r in revision_rows(frame, None)}
    assert voted["revisions(seq=2,par=2)", 0]["answer"] == "wrong"  # three votes to one
    assert voted["revisions(seq=2,par=2)", 0]["reward"] is None
