"""What runs: both worlds as they come."""

from __future__ import annotations

QUERIES, TESTING_QUERIES = 500, 60
RUNS, TESTING_RUNS = 32, 4
"""Of each strategy on each query."""
SEED = 0
RATIO_BUDGETS = (8, 32)
RATIO_BUDGET = 8
"""Of the figure."""
BANDIT_BUDGETS = (2.0, 4.0, 8.0, 16.0)
"""Average generations a query."""
