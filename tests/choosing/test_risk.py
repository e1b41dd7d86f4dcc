"""Conformal risk control keeps its promise, on average over sets of queries; without its correction it does not."""

import json

import commands
import numpy as np
import pytest

import ttcsim
from ttcsim.choosing.risk import _asked, adjusted, agreeing, calibrate, first_within, losses_of, refuse_shared
from ttcsim.errors import InputError
from ttcsim.policies import ALL, policy
from ttcsim.pool.worlds import make_pool

VALUES = np.linspace(0, 1, 101)


def steps(generator, n):
    """A query with a U of its own loses 1 at every value below U: the risk at a value v is 1 - v, exactly."""
    return (generator.random(n)[:, None] > VALUES).astype(float)


def mean_risk(bound, risk, n=10, sets=1500):
    """Mean and standard error, over calibration sets, of the true risk at the value that a bound chooses."""
    generator = np.random.default_rng(5)
    chosen = [first_within(bound(steps(generator, n)), risk) for _ in range(sets)]
    true = np.array([0.0 if at is None else 1 - VALUES[at] for at in chosen])  # None: all samples, without a loss
    return true.mean(), true.std() / np.sqrt(sets)


@pytest.mark.parametrize("risk", [0.1, 0.25, 0.5])
def test_the_risk_is_kept_on_average(risk):
    mean, error = mean_risk(adjusted, risk)
    assert mean <= risk + 3 * error  # at an equality, by chance once in 700
    # In this world it is tight: the j-th largest of n uniform numbers leaves j / (n + 1).
    assert mean >= np.floor(risk * 11) / 11 - 3 * error - 0.01  # values are a hundredth apart


def test_without_the_correction_it_is_not():
    mean, error = mean_risk(lambda losses: losses.mean(axis=0), 0.1)
    assert mean > 0.1 + 10 * error, "the negative control: 2 / 11"


def test_with_delta_it_is_kept_with_probability():
    generator = np.random.default_rng(6)
    sets = 1000
    true = []
    for _ in range(sets):
        at = first_within(adjusted(steps(generator, 200), 0.1), 0.2)
        true.append(0.0 if at is None else 1 - VALUES[at])
    assert np.mean(np.array(true) > 0.2) <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / sets)


def test_losses_that_rise_towards_the_safe_end_count_as_their_largest():
    losses = np.array([[0.0, 0.5, 0.0], [1.0, 0.0, 0.25]])
    np.testing.assert_allclose(adjusted(losses), [(2 * 0.75 + 1) / 3, (2 * 0.375 + 1) / 3, (2 * 0.125 + 1) / 3])


@pytest.mark.parametrize("loss", ["disagree", "wrong"])
def test_a_rule_on_a_pool_keeps_its_risk_on_the_other_queries(loss):
    """Exchangeable by design: calibration sets are random subsets, and all the rest are new queries."""
    pool, risk, n = make_pool("beta(1,1)", 300, 24, seed=3), 0.15, 20
    forms = [policy(f"consensus(share={share},min=2,cap=24)") for share in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9)]
    losses, spent, full = losses_of(pool, forms, _asked(pool, "majority", "samples", None, 0), loss, 30)
    assert (np.diff(spent) >= 0).all() and full == pytest.approx(24)
    generator, found = np.random.default_rng(7), {True: [], False: []}
    for _ in range(3000):
        order = generator.permutation(len(losses))
        own, others = losses[order[:n]], losses[order[n:]]
        for corrected in found:
            at = first_within(adjusted(own) if corrected else own.mean(axis=0), risk)
            found[corrected].append(0.0 if at is None else others[:, at].mean())
    kept = np.array(found[True])
    assert kept.mean() <= risk + 3 * kept.std() / np.sqrt(len(kept))
    assert np.mean(found[False]) > kept.mean(), "what is left out of the bound is paid in risk"
    assert losses.max() > 0 and losses.mean(axis=0)[0] > risk, "the cheapest value is no way out"


def test_agreement_is_with_the_vote_of_all_samples():
    pool = ttcsim.Pool(
        name="votes", query_ids=("a", "b", "c"), offsets=np.array([0, 4, 8, 10]), correct=np.zeros(10, np.uint8),
        answers=np.array([0, 0, 1, -1, 2, 1, 2, 1, -1, -1], np.int32), answer_labels=("x", "y", "z"),
        rewards={"reward": np.array([0.1, 0.1, 0.9, 0, 0.5, 0.5, 0.5, 0.5, 0, 0], np.float32)},
    )  # fmt: skip
    assert agreeing(pool, "majority").correct[:4].tolist() == [1, 1, 0, 0]
    assert agreeing(pool, "weighted").correct[:4].tolist() == [0, 0, 1, 0]
    assert agreeing(pool, "majority").correct[4:8].tolist() in ([1, 0, 1, 0], [0, 1, 0, 1]), "of a tie, one"
    assert agreeing(pool, "majority").correct[8:].tolist() == [1, 1], "nothing to disagree with"


def test_a_rule_that_never_stops_agrees_with_all_samples():
    pool = make_pool("beta(1,1)", 40, 9, seed=1)
    asked = _asked(pool, "majority", "samples", None, 0)
    for loss in ("disagree", "wrong"):
        losses = losses_of(pool, [policy("uniform")], asked, loss, 3)[0]
        tied = losses[(losses > 0) & (losses < 1)]
        assert np.isin(losses, [0.0, *tied]).all() and (losses == 0).mean() > 0.7  # ties are shared, not lost


def test_one_rule_has_all_queries_and_of_several_the_choice_has_its_own_half():
    pool = make_pool("beta(2,1)", 120, 16, seed=2)
    one = calibrate(pool, ["consensus"], risk=0.2, reps=20)
    assert one.queries == 120 and one.policy is not None and one.knob == "share"
    row = one.frame.filter(chosen=True).row(0, named=True)
    assert row["adjusted"] <= 0.2 < one.frame["adjusted"][0] or one.frame["chosen"][0]
    assert policy(row["policy"]) == one.policy and one.policy.cap == 16
    assert calibrate(pool, risk=0.2, reps=20).queries == 60
    two = calibrate(pool, ["consensus"], risk=0.2, reps=20, values=[0.9, 0.35])
    assert two.frame["value"].to_list() == [0.35, 0.9]
    falling = calibrate(pool, ["consol"], risk=0.2, reps=20, values=[0.01, 0.3])
    assert falling.frame["value"].to_list() == [0.3, 0.01], "alpha spends least where it is large"
    cap = calibrate(pool, ["uniform"], risk=0.2, reps=20)
    assert cap.knob == "cap" and cap.frame["spent"].is_sorted()


def test_too_few_queries_say_how_many_it_takes():
    found = calibrate(make_pool("beta(2,1)", 30, 8, seed=2), ["consensus"], risk=0.01, reps=5)
    assert found.policy is None
    assert "takes 99 queries or more" in found.sentence()


@pytest.mark.parametrize("name", [n for n in ALL if n not in ("router", "cascade", "mixture")])
def test_rules_that_go_by_other_queries_are_refused_by_name(name):
    alone = ("uniform", "consensus", "adaptive-consistency", "esc", "bayes-stop", "doubling", "bayes-factor", "consol",
             "deepconf")  # fmt: skip
    if name in alone:
        refuse_shared(policy(name))
        return
    with pytest.raises(InputError, match=name):
        calibrate(make_pool("beta(1,1)", 20, 4), [name], risk=0.1)


def test_the_command_gives_the_table_and_the_line_that_runs_it(tmp_path):
    ttcsim.write(make_pool("beta(2,1)", 60, 12, seed=2), tmp_path / "pool")
    words = ["plan", tmp_path / "pool", "--risk", 0.2, "-p", "consensus", "--knob", "share=0.4,0.6,0.9", "--reps", 10]
    shown, told = commands.run(*words), commands.run(*words, "--json")
    assert shown.returncode == told.returncode == 0, shown.stderr
    rows, config = json.loads(told.stdout)["rows"], json.loads(told.stdout)["config"]
    assert [row["value"] for row in rows] == [0.4, 0.6, 0.9]
    assert f"harvest live my.toml -p '{config['policy']}' -b 12.01 --wave 1" in shown.stdout
    never = commands.run("plan", tmp_path / "pool", "--risk", 0.001, "-p", "consensus", "--reps", 5)
    assert never.returncode == 1 and "draw all samples" in never.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--risk", "1.5"), "risk: 1.5"),
        (("--risk", "0.1", "--target", "0.5"), "without --target"),
        (("--risk", "0.1", "-p", "consensus", "--knob", "shares"), "did you mean 'share'"),
        (("--risk", "0.1", "--loss", "harm"), "loss 'harm'"),
        (("--risk", "0.1", "--metric", "accuracy_best"), "use loss wrong"),
        (("--risk", "0.1", "--delta", "2"), "delta: 2"),
        (("--risk", "0.1", "--prices", "rates.toml"), "prices: cost 'samples' takes none"),
        (("--knob", "share", "--target", "0.5"), "give --risk"),
    ],
)
def test_bad_input_is_one_line(arguments, said, tmp_path):
    ttcsim.write(make_pool("beta(1,1)", 24, 4), tmp_path / "pool")
    done = commands.run("plan", tmp_path / "pool", *arguments)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr
