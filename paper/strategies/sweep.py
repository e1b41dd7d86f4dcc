"""What runs: both worlds as they come."""

from __future__ import annotations

QUERIES = 500
RUNS = 32
SEED = 0
RATIO_BUDGETS = (8, 32)
BANDIT_BUDGETS = (2.0, 4.0, 8.0, 16.0)
"""Average generations a query."""
