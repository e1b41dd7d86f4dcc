"""What `ttcsim plan` finds, what it says of it, and that its lines do what they say."""

import json
import shlex
from dataclasses import dataclass, replace

import commands
import numpy as np
import polars as pl
import pytest

import ttcsim
from tests.docs.tree import parsed
from ttcsim.choosing import words
from ttcsim.choosing.candidates import asks_the_verifier, candidates_of
from ttcsim.choosing.half import Asked, Half
from ttcsim.choosing.split import halve
from ttcsim.errors import InputError
from ttcsim.policies import ALL, policy
from ttcsim.pool.worlds import make_pool

FEW = ["uniform", "elimination", "two-stage"]


@pytest.fixture(scope="module")
def pool():
    return make_pool("beta(0.8,1)", 200, 24, seed=1)


@pytest.fixture(scope="module")
def plan(pool):
    return ttcsim.plan(pool, target=0.8, policies=FEW, seconds=600, reps=60, swap=True)


def test_it_finds_what_theory_says_is_cheapest(plan):
    """No rule that sees binary outcomes alone beats elimination (G6), and uniform is the dearest of these."""
    spent = dict(plan.frame.filter(half="first").select("policy", "spent").iter_rows())
    assert plan.best["policy"] == "elimination" and plan.reached
    assert spent["elimination"] <= min(spent[name] for name in spent if name.startswith("two-stage")) < spent["uniform"]
    least = dict(plan.oracles.select("policy", "spent").iter_rows())
    assert least["prophet"] < least["clairvoyant"] < spent["elimination"]


def test_its_budget_is_the_least_that_reaches_the_target_on_the_half_chosen_on(pool, plan):
    """Ten per cent less does not reach it with the margin."""
    half = halve(pool, 0).choosing
    assert set(half.query_ids).isdisjoint(plan.held_out) and len(plan.held_out) == 100
    asked = Asked("coverage", (), None, "samples", {}, 0)
    entrants = candidates_of(Half(half, asked), ["elimination"])
    budget = plan.best["budget"]
    with ttcsim.replay.executors.executor_of("threads", 1) as executor:
        (curve,) = Half(half, asked).measure([(entrants.candidates[0], np.array([0.9, 1.0]) * budget)], 256, executor)
    assert curve.chance(0.8)[1] >= 0.78 > curve.chance(0.8)[0]  # a little less than 80 %, for a rougher slope
    assert plan.best["selected_chance"] == pytest.approx(curve.chance(0.8)[1], abs=0.03)


def test_the_swapped_half_has_a_pick_of_its_own(plan):
    first, other = (plan.frame.filter(half=name) for name in ("first", "swapped"))
    assert other.height == 1 and first.height == 3
    assert other["policy"][0] == "elimination"
    assert "With the halves swapped: the same" in repr(plan)


def test_the_seed_decides_all_and_threads_nothing(pool):
    def found(threads, seed=3):
        one = ttcsim.plan(pool, target=0.6, policies=FEW, seconds=600, reps=20, within=None, threads=threads, seed=seed)
        return one.to_json() | {"config": None}

    assert found(1) == found(2)
    assert found(1)["rows"] != found(1, seed=4)["rows"]


def test_halves_follow_from_seed_and_ids_alone(pool):
    other = replace(pool, correct=1 - pool.correct)
    assert halve(pool, 7).choosing.query_ids == halve(other, 7).choosing.query_ids
    assert halve(pool, 7).choosing.query_ids != halve(pool, 8).choosing.query_ids
    levels = [str(q % 3) for q in range(pool.n_queries)]
    told = replace(pool, queries=pl.DataFrame({"query_id": pool.query_ids, "level": levels}))
    for half in halve(told, 0, alike_in="level"):
        counts = half.queries["level"].value_counts()["count"]
        assert counts.max() - counts.min() <= 1 and half.n_queries == 100


def test_the_sweep_line_gives_the_row_bit_by_bit(pool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ttcsim.write(pool, tmp_path / "mine")
    ran = commands.run("plan", "mine", "--target", 0.7, "-p", ",".join(FEW), "--reps", 40, "--out", "found", "--json")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    row = told["rows"][0]
    lines = words.lines(_read(told), "found")
    assert sorted(path.name for path in (tmp_path / "found").iterdir()) == ["front.png", "held-out.txt", "plan.json"]
    assert json.loads((tmp_path / "found" / "plan.json").read_text())["rows"] == told["rows"]
    for line in ("held_out", "sweep"):
        done = commands.run(*shlex.split(lines[line])[1:], *(["--json"] if line == "sweep" else []))
        assert done.returncode == 0, done.stderr
    swept = json.loads(done.stdout)["rows"][0]
    assert [swept[name] for name in ("mean", "lo_queries", "hi_queries", "spent")] == [
        row[name] for name in ("value", "lo_queries", "hi_queries", "spent")
    ]


def _read(told):
    """Enough of a plan for its lines."""

    class Read:
        best, config, frame = told["rows"][0], told["config"], pl.DataFrame(told["rows"])
        policies = tuple(map(policy, frame["policy"]))

    return Read


@pytest.mark.parametrize(
    ("text", "budget", "config", "line"),
    [
        ("elimination", 3.25, {}, "harvest live my.toml -p elimination -b 3.25 --wave 1"),
        (
            "consensus(on=big,share=0.7)", 900.0, {"cost": "tokens", "wave": 64},
            "harvest live my.toml -p 'consensus(share=0.7)' -b 900 --wave 64 --cost tokens",
        ),
        (
            "uniform", 0.02, {"cost": "dollars", "prices_file": "rates.toml"},
            "harvest live my.toml -p uniform -b 0.02 --wave 1 --cost dollars --prices rates.toml",
        ),
        ("cascade(order=a>b)", 3.0, {}, ""),
        ("bayes-index", 3.0, {}, ""),
    ],
)  # fmt: skip
def test_the_live_line_is_one_that_harvest_takes(text, budget, config, line):
    one = policy(text)
    plain = {"cost": "samples", "wave": 1, "prices_file": None, "prices": {}}
    found = words.live_line(one, budget, {**plain, **config})
    assert found == line
    assert bool(found) != bool(words.no_live_line(one))
    if found:
        own, arguments = parsed(found)
        assert own == ("harvest", "live")
        assert policy(arguments[arguments.index("-p") + 1]) == replace(one, on="")


def test_votes_have_no_verifier_to_ask(pool):
    asking = {name for name, kind in ALL.items() if not kind.oracle and asks_the_verifier(kind())}
    assert {"elimination", "ucb", "thompson", "bayes", "two-stage", "cascade", "index"} <= asking
    silent = {"uniform", "consensus", "adaptive-consistency", "esc", "doubling", "bayes-factor", "consol", "bayes-stop",
              "deepconf", "adabon", "uab", "slg", "mixture"}  # fmt: skip
    assert asking & silent == set()
    plan = ttcsim.plan(
        pool, target=0.3, metric="accuracy_majority", policies=["consensus", "esc"], seconds=600, reps=20, within=None
    )
    assert plan.frame["metric"].unique().to_list() == ["accuracy_majority"]
    with pytest.raises(InputError, match=r"thompson.*asks the verifier"):
        ttcsim.plan(pool, target=0.5, metric="accuracy_majority", policies=["thompson"])


def test_a_pool_of_which_no_source_is_complete_says_so():
    """Each of two sources lacks a query."""
    sizes = [2] * 21
    own = np.repeat(np.array([0, *[0, 1] * 10, 1][:21], np.int32), 2)
    pool = ttcsim.Pool(
        name="holes", query_ids=tuple(f"q{i:02d}" for i in range(21)), offsets=np.concatenate([[0], np.cumsum(sizes)]),
        correct=np.tile(np.array([0, 1], np.uint8), 21), sources=("a", "b"), source=own,
    )  # fmt: skip
    with pytest.raises(InputError, match=r"uniform.*every query"):
        ttcsim.plan(pool, target=0.5, policies=["uniform"])
    assert ttcsim.plan(pool, budget=1, policies=["mixture"], reps=5, within=None).best["policy"] == "mixture"


def test_every_knob_is_a_value_that_its_policy_takes():
    for name, kind in ALL.items():
        for knob, values in kind.knobs.items():
            assert len(set(values)) == len(values) > 1
            for value in values:
                assert getattr(replace(kind(), **{knob: value}), knob) == value, (name, knob)
            numbers = [float(value) for value in values if not isinstance(value, str)]
            assert numbers in (sorted(numbers), sorted(numbers, reverse=True)), (name, knob)


@dataclass(frozen=True)
class Halting(ttcsim.Policy):
    """Elimination that gives up after `most` failures."""

    most: int = 3

    name = "halting"
    knobs = {"most": (1, 2, 4)}  # noqa: RUF012

    @ttcsim.stop
    def stop(s, p, key):
        return s.successes > 0 or s.draws >= p.most


def test_a_policy_of_ones_own_brings_its_knobs(pool):
    plan = ttcsim.plan(pool, budget=3, policies=[Halting()], seconds=600, reps=20, within=None)
    assert plan.tried["policy"].n_unique() == 4
    assert plan.policy.most in (1, 2, 3, 4)


def test_a_target_out_of_reach_ends_with_1_and_says_why(tmp_path):
    pool = make_pool("beta(1,1,unsolvable=0.3)", 60, 8, seed=2)
    ttcsim.write(pool, tmp_path / "pool")
    done = commands.run("plan", tmp_path / "pool", "--target", 0.95, "-p", "uniform", "--reps", 10)
    assert done.returncode == 1, done.stderr
    said = " ".join(done.stdout.split())
    assert "Nothing found reaches 95.0%" in said
    assert f"{1 - pool.solvable:.1%} of the queries have no correct sample" in said


def test_what_there_was_no_time_for_is_told(pool):
    plan = ttcsim.plan(pool, target=0.7, seconds=0.001, reps=5, threads=1)
    assert plan.frame.height == 1, "the pick is always priced"
    assert any("not priced" in name or "replications" in name or policy(name) for name in plan.untried)
    assert "No time for" in repr(plan)
    assert plan.sizes is None and "how many samples to harvest" in plan.untried


def test_it_shows_itself(plan, tmp_path):
    html = plan._repr_html_()
    assert "elimination" in html and "<table>" in html and "halves swapped" in html
    axes = plan.plot(ax=ttcsim.plot.canvas())
    told = [text.get_text() for text in axes.get_legend().get_texts()]
    assert any("target 80.0%" in text for text in told) and any("oracles" in text for text in told)
    assert axes.get_xlabel() == "spent per query (samples)"
    front = plan.tried.filter(pl.col("value") == plan.tried["value"].max())
    steps = max((line for line in axes.lines), key=lambda line: line.get_drawstyle().startswith("steps"))
    assert steps.get_ydata().max() == front["value"][0] and (np.diff(steps.get_ydata()) > 0).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give a target"),
        (("--target", "0.5", "--budget", "4"), "and not both"),
        (("--target", "1.2"), "target: 1.2"),
        (("--target", "90"), "such as 0.9"),
        (("--target", "0.5", "--metric", "accuracy_weighted"), "reward"),
        (("--target", "0.5", "--metric", "majority"), "metric 'majority'"),
        (("--target", "0.5", "--cost", "dollars"), "--prices"),
        (("--target", "0.5", "--cost", "euros"), "'euros'"),
        (("--target", "0.5", "-p", "prophet"), "oracle"),
        (("--target", "0.5", "-p", "cascade"), "has one"),
        (("--target", "0.5", "--sure", "1"), "sure: 1"),
        (("--target", "0.5", "--seconds", "0"), "seconds: 0"),
        (("--target", "0.5", "--most", "0.1"), "most: 0.1"),
        (("--target", "0.5", "--alike-in", "level"), "level"),
    ],
)
def test_bad_input_is_one_line(arguments, said, tmp_path):
    pool = replace(make_pool("beta(1,1)", 24, 4), rewards={})
    ttcsim.write(pool, tmp_path / "pool")
    done = commands.run("plan", tmp_path / "pool", *arguments)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_too_few_queries_are_refused(tmp_path):
    with pytest.raises(InputError, match="19 queries"):
        ttcsim.plan(make_pool("beta(1,1)", 19, 4), target=0.5)


def test_queries_are_picked_by_their_ids(pool, tmp_path):
    ttcsim.write(pool, tmp_path / "pool")
    (tmp_path / "ids.txt").write_text("\n".join(pool.query_ids[:3]))
    done = commands.run("pool", "pick", tmp_path / "pool", tmp_path / "some", "--queries", tmp_path / "ids.txt")
    assert done.returncode == 0 and ttcsim.load(tmp_path / "some").query_ids == pool.query_ids[:3]
    for more, said in (
        ((), "--queries FILE"),
        (("--queries", tmp_path), "file"),
        (("--queries", tmp_path / "no"), "no"),
    ):
        done = commands.run("pool", "pick", tmp_path / "pool", tmp_path / "other", *more)
        assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr
