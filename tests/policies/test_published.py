"""No policy is published without a plain twin and a check value."""

import test_check_values  # noqa: F401  importing it fills CHECKED
from published import CHECKED, missing

import ttcsim
from ttcsim.guarantees.plain.policies import POLICIES

TWINS = {spec["name"] for spec in POLICIES}


def test_every_published_policy_has_a_plain_twin_and_a_check_value():
    lacking = missing(ttcsim.ALL, TWINS, CHECKED)
    assert not lacking, "\n".join(lacking)


def test_a_policy_without_them_is_told_what_is_missing_and_where_it_goes():
    class Hasty(ttcsim.Policy):
        name = "hasty"

    registry = {**ttcsim.ALL, Hasty.name: Hasty}
    twin, value = missing(registry, TWINS, CHECKED)
    assert "'hasty' has no plain twin" in twin
    assert "ttcsim/guarantees/plain/rules.py" in twin and "ttcsim/guarantees/plain/policies.py" in twin
    assert "'hasty' has no check value" in value
    assert '@checks("hasty") to tests/policies/test_check_values.py' in value
    assert missing(registry, {*TWINS, "hasty"}, {**CHECKED, "hasty": ["a test"]}) == []


def test_what_is_no_longer_published_leaves_nothing_behind():
    fewer = [name for name in ttcsim.ALL if name != "esc"]
    (line,) = missing(fewer, TWINS, CHECKED)
    assert line.startswith("'esc' has a plain twin or a check value and is no published policy")
