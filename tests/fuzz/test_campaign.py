"""Half of the damaged inputs that `python -m tests.fuzz` makes: none ends in a traceback, in several lines, in a crash,
or half-written.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))


@pytest.mark.slow
def test_no_input_of_any_kind_is_worse_than_one_line():
    from tests.fuzz.__main__ import campaign

    found = campaign(share=0.5)
    assert sum(number for number, _ in found.values()) == 1900
    assert {kind: faults for kind, (_, faults) in found.items() if faults} == {}
