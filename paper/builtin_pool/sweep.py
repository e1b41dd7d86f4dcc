"""What runs."""

POOL = "builtin:smollm2-arithmetic"
POLICIES = ("uniform", "elimination", "entropy", "consensus", "two-stage", "bayes-index", "clairvoyant", "prophet")
BUDGETS = (1.0, 2.0, 4.0, 8.0, 16.0)
BUDGET = 8.0
"""Of what is told in numbers."""
REPS = 2000
TESTING_REPS = 20
