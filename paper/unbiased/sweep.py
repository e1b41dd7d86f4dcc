"""What runs; `tests.sweep.replay_bias` says how."""

from __future__ import annotations

CASES = ((16, 4), (64, 8), (64, 32))
"""Samples a query, and average draws per query."""
POLICIES = ("uniform", "elimination", "entropy", "two-stage")
POOLS = 60
TESTING_CASES, TESTING_POOLS = ((16, 4),), 3
