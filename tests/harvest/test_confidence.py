"""Confidence of a response, beside what its definition says in a loop."""

import math

import hypothesis.strategies as st
import pytest
from hypothesis import given

from harvest.confidence import TOP, confidence
from harvest.engine import Request, Response


@given(tokens=st.lists(st.floats(math.log(TOP), 60), min_size=1, max_size=40), window=st.integers(1, 50))
def test_it_is_what_the_definition_says(tokens, window):
    """All three within rounding: every window is summed anew here, and by differences of sums there."""
    size = min(window, len(tokens))
    windows = [sum(tokens[at : at + size]) / size for at in range(len(tokens) - size + 1)]
    found = confidence(tokens, window)
    assert found == pytest.approx((sum(tokens) / len(tokens), windows[-1], min(windows)), abs=1e-9)
    assert found.least <= found.tail


def test_no_tokens_are_less_sure_than_any():
    assert confidence([], 5) == (0, 0, 0)
    asked = Request("q", "prompt", 1, 0, window=5, grown=True)
    assert Response.none(asked).confidence == (0, 0, 0)
    assert Response.none(Request("q", "prompt", 1, 0, grown=True)).confidence is None
