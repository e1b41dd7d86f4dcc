"""What is worked out."""

from __future__ import annotations

LADDER = (50, 200, 800)
"""Queries of the example p_i = i / n."""
TESTING_LADDER = (10, 20, 50)
DELTA = 0.1
"""Probability with which one query may stay unsolved."""
CHEAP, DEAR, TOTAL = (0.6, 1), (0.9, 2), 2
"""Rates and prices of two sources of one query, and the budget: the ratio index loses."""
