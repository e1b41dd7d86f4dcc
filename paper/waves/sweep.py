"""What runs."""

from __future__ import annotations

POOL, SOURCE = "builtin:gpqa-diamond", "gpt-oss-20b"
POLICIES = ("uniform", "elimination")
BUDGET = 4.0
WAVES = (2, 16, 64, 198, 792)
"""Draws decided together; 198 is one for each query."""
SPEED = 100.0
"""Tokens that a stream decodes in a second."""
REPS, TESTING_REPS = 400, 5
TESTING_WAVES = (16, 198)
