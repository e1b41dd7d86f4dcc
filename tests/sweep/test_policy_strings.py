import math

import pytest

import ttcsim
from ttcsim import InputError
from ttcsim.policies import ALL, UCB, Consensus, Elimination


@pytest.mark.parametrize("name", ALL)
def test_every_name_parses_and_prints(name):
    policy = ttcsim.policy(name)
    assert str(policy) == name
    assert ttcsim.policy(str(policy)) == policy
    assert policy.source
    assert type(policy).__doc__


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("ucb(weight=2)", UCB(weight=2)),
        (" ucb ( weight = 0.5 , k=3 ) ", UCB(weight=0.5, k=3)),
        ("elimination(gamma=0.9,signal=reward_prm,cap=inf)", Elimination(gamma=0.9, signal="reward_prm", cap=math.inf)),
        ("elimination(signal='reward')", Elimination(signal="reward")),
        ("consensus(share=0.6,min=5)", Consensus(share=0.6, min=5)),
    ],
)
def test_forms(text, policy):
    assert ttcsim.policy(text) == policy
    assert ttcsim.policy(str(policy)) == policy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("eliminate", "did you mean 'elimination'"),
        ("ucb(wait=1)", "no parameter 'wait'; did you mean 'weight'. ucb takes"),
        ("ucb(1)", "name every parameter"),
        ("ucb(weight=)", "cannot read"),
        ("ucb(weight=1", "cannot read"),
        ("ucb(weight='x')", "weight='x' is not a number"),
        ("ucb(weight=f(1))", "must be a number, a word or a quoted text"),
        ("elimination(k=0)", "k=0 must be a whole number"),
        ("elimination(k=1.5)", "k=1.5 must be a whole number"),
        ("elimination(cap=0)", "cap=0"),
        ("elimination(cap=2.5)", "cap=2.5"),
        ("elimination(signal=tokens)", "signal='tokens'"),
        ("gap(estimate=median)", "must be 'max' or 'mean'"),
        ("consensus(share=2)", "share=2"),
        ("consensus(min=0)", "min=0"),
        ("two-stage(share=-1)", "share=-1"),
        ("two-stage(k=2)", "k=2 must be 1"),
        (3, "give a name such as"),
    ],
)
def test_faults(text, message):
    with pytest.raises(InputError, match=message.replace("(", r"\(")) as error:
        ttcsim.policy(text)
    assert "\n" not in str(error.value)
