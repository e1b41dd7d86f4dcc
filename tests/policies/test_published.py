"""No policy is published without a plain twin and a check value."""

import pytest
import test_check_values  # noqa: F401  importing these two fills CHECKED
import test_check_values_of_sources  # noqa: F401
from published import CHECKED, missing

import ttcsim
from ttcsim.guarantees.plain import policies, units

TWINS = {spec["name"] for spec in (*policies.POLICIES, *units.POLICIES)}
TWINS.add("best-source")  # is elimination with one source, and has its twin
COMPLETE = TWINS & CHECKED.keys() & ttcsim.ALL.keys()


def test_every_published_policy_has_a_plain_twin_and_a_check_value():
    if lacking := missing(ttcsim.ALL, TWINS, CHECKED):
        pytest.fail("\n".join(lacking), pytrace=False)


def test_a_policy_without_them_is_told_what_is_missing_and_where_it_goes():
    registry = [*COMPLETE, "hasty"]
    twin, value = missing(registry, COMPLETE, COMPLETE)
    assert "'hasty' has no plain twin" in twin
    assert "ttcsim/guarantees/plain/rules.py" in twin and "ttcsim/guarantees/plain/policies.py" in twin
    assert "'hasty' has no check value" in value
    assert '@checks("hasty") to tests/policies/test_check_values.py' in value
    assert missing(registry, {*COMPLETE, "hasty"}, {*COMPLETE, "hasty"}) == []


def test_what_is_no_longer_published_leaves_nothing_behind():
    (line,) = missing(COMPLETE - {"esc"}, COMPLETE, COMPLETE)
    assert line.startswith("'esc' has a plain twin or a check value and is no published policy")
