"""Steps, aggregation and what is asked of judges and reward models."""

import itertools
import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvest.config import JudgeReward, OutcomeReward, ProcessReward, RolloutsReward, SamplingConfig, VerifierConfig
from harvest.engine import request_seed
from harvest.rewards import Judge, LogProbability, Outcome, Process, Rollouts, reward_columns
from harvest.rewards.models import chance
from harvest.steps import aggregate, prefixes, split
from harvest.verify_beside import VerifyBeside
from tests.harvest.fake import FakeGenerator, FakeRewardModel
from ttcsim.errors import InputError


@given(st.lists(st.text("ab \n", max_size=5), min_size=1, max_size=6))
def test_steps_are_what_stands_between_separators(parts):
    text = "\n\n".join(parts)
    steps = split(text, "\n\n")
    assert steps and all(s == s.strip() for s in steps)
    assert "".join("".join(steps).split()) == "".join(text.split())
    for prefix in prefixes(text, "\n\n"):
        assert text.startswith(prefix) and prefix.endswith("\n\n") and prefix.strip() and text[len(prefix) :].strip()


def test_prefixes_leave_out_the_last_step():
    assert split("a; b;; c", ";") == ["a", "b", "c"]
    assert prefixes("a; b; c", ";") == ["a;", "a; b;"]
    assert prefixes("alone", ";") == [] and prefixes("a;", ";") == []


def test_aggregation():
    values = [0.5, 0.25, 0.75]
    assert [aggregate(values, how) for how in ("last", "min", "prod", "mean")] == [0.75, 0.25, 0.09375, 0.5]


def test_logits_to_chances():
    assert chance([0.0], 1) == 0.5 and chance([-1000.0], 0) == 0.0
    assert chance([0.0, math.log(3)], 1) == pytest.approx(0.75)
    assert chance([1000.0, 0.0], 1) == pytest.approx(0.0)
    with pytest.raises(InputError, match="2 classes"):
        chance([0.0, 0.0], 2)


def test_a_process_reward_model_reads_a_tag_after_every_step(queries):
    model = FakeRewardModel(tag="<+>")
    config = ProcessReward(name="prm", kind="process", model="m", step_tag="<+>", separator="\n", system="Reason.")
    values = Process(config, model).scores([(queries[0], "one\ntwo <+>\nthree"), (queries[1], "alone")])
    assert [len(v) for v in values] == [3, 1]
    question = queries[0].problem.question
    # A tag of its own is removed.
    assert model.seen[0] == f"<system>Reason.<user>{question}<assistant>one<+>two <+>three<+>"


def test_a_process_reward_model_that_skips_steps_is_noticed(queries):
    class Cut(FakeRewardModel):
        def steps(self, prompts):
            return [row[:-1] for row in super().steps(prompts)]

    config = ProcessReward(name="prm", kind="process", model="m", step_tag="<+>", separator="\n")
    with pytest.raises(InputError, match=r"reward 'prm', query sum-1-000: 2 steps, but 1 scores"):
        Process(config, Cut(tag="<+>")).scores([(queries[0], "one\ntwo")])


def test_an_outcome_reward_model_sees_the_whole(queries):
    model = FakeRewardModel()
    Outcome(OutcomeReward(name="orm", kind="outcome", model="m"), model).scores([(queries[0], " 7")])
    Outcome(OutcomeReward(name="orm", kind="outcome", model="m", chat=False), model).scores([(queries[0], " 7")])
    template = OutcomeReward(name="orm", kind="outcome", model="m", chat=False, prompt="{question} => {response}!")
    Outcome(template, model).scores([(queries[0], " 7")])
    question = queries[0].problem.question
    assert model.seen == [f"<user>{question}<assistant>7", f"{question}\n7", f"{question} => 7!"]


def test_what_is_too_long_for_a_reward_model_has_no_reward(queries):
    class Short(FakeRewardModel):
        def outcomes(self, prompts):
            return [row if len(p) < 60 else None for p, row in zip(prompts, super().outcomes(prompts), strict=True)]

        def steps(self, prompts):
            return [row if len(p) < 60 else None for p, row in zip(prompts, super().steps(prompts), strict=True)]

    items = [(queries[0], "7"), (queries[0], "7\n" * 40), (queries[1], "8")]
    orm = Outcome(OutcomeReward(name="orm", kind="outcome", model="m"), Short()).scores(items)
    assert [len(v) for v in orm] == [1, 1, 1] and orm[1] == [0.0] and min(orm[0] + orm[2]) > 0
    config = ProcessReward(name="prm", kind="process", model="m", step_tag="<+>", separator="\n")
    prm = Process(config, Short(tag="<+>")).scores(items)
    assert [len(v) for v in prm] == [1, 40, 1] and prm[1] == [0.0] * 40 and min(prm[0] + prm[2]) > 0


def test_a_judge_is_asked_about_question_and_response(queries):
    class Asks(FakeGenerator):
        def choose(self, prompts, yes, no):
            self.asked += [*prompts, tuple(yes), tuple(no)]
            return [0.25] * len(prompts)

    model = Asks()
    config = JudgeReward(name="j", kind="judge", chat=False, prompt="{question}|{response}|", yes=["y"], no=["n"])
    assert Judge(config, model).scores([(queries[0], " 7 ")]) == [[0.25]]
    assert model.asked == [f"{queries[0].problem.question}|7|", ("y",), ("n",)]


def test_rollouts_are_shares_of_right_endings(queries):
    """The fake is right one time in four, so values of the empty beginning spread about that."""
    config = RolloutsReward(name="mc", kind="rollouts", rollouts=400, separator=";")
    with VerifyBeside(VerifierConfig(workers=1)) as verify:
        scorer = Rollouts(config, FakeGenerator(), SamplingConfig(n=1, seed=9), verify)
        gold = queries[0].problem.gold
        values = scorer.scores([(queries[0], f" {gold}; so; done"), (queries[1], " 5")])
    assert values[0] == [1.0, 1.0]  # the first number is the answer, whatever comes after it
    # Right by skill 1/4, or by a guess (3/4 x 1/10 where the answer is a digit); five standard errors of 400 draws.
    assert 0.25 - 5 * 0.022 < values[1][0] < 0.325 + 5 * 0.024


def test_log_probability_reward():
    frame = pl.DataFrame({"logprob": [-2.0, 0.0, 1e-9], "tokens": [2, 1, 1]})
    assert LogProbability.of(frame).to_list() == pytest.approx([math.exp(-1), 1.0, 1.0])


def test_equal_responses_are_scored_once(queries):
    class Counts:
        asked = 0

        def scores(self, items):
            Counts.asked += len(items)
            return [[0.5]] * len(items)

    frame = pl.DataFrame(
        {"query_id": ["sum-1-000"] * 3 + ["sum-1-001"], "sample": [0, 1, 2, 0], "text": ["a", "b", "a", "a"]}
    )
    config = JudgeReward(name="x", kind="judge")
    columns = reward_columns(config, Counts(), frame, {q.query_id: q for q in queries})
    assert Counts.asked == 3 and columns["reward_x"].to_list() == [0.5] * 4


def test_request_seeds_are_far_apart():
    seeds = sorted(request_seed(0, f"q{i}", "samples", turn) for i in range(2000) for turn in range(2))
    gaps = [b - a for a, b in itertools.pairwise(seeds)]
    assert min(gaps) > 100_000 and max(seeds) + 10**9 < 2**63  # no two requests share a random stream
    once, again, other = (request_seed(seed, "q", "samples", 0) for seed in (0, 0, 1))
    assert once == again != other
