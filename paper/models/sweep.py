"""What runs: the models of one data set, at prices that go with their size."""

from __future__ import annotations

POOL = "builtin:gpqa-diamond"
SIZES = {
    "EXAONE-Deep-32B": 32,
    "MetaStone-S1-32B": 32,
    "NVIDIA-Nemotron-Nano-9B-v2": 9,
    "Phi-4-reasoning": 14,
    "Qwen3-30B-A3B-Thinking-2507": 30,
    "gpt-oss-20b": 20,
}
"""Billions of parameters, as the names say; Phi-4 has 14."""
CENTS = 1.0
"""For a million tokens of a response, for each billion of parameters: a list to compute with, nobody's offer."""
PRICES = {model: {"output": CENTS / 100 * size} for model, size in SIZES.items()}
BUDGETS = (0.0005, 0.001, 0.002, 0.004, 0.008)
"""Dollars a query."""
BUDGET = 0.002
CASCADE = "gpt-oss-20b>Qwen3-30B-A3B-Thinking-2507"
POLICIES = {
    "uniform over all": "uniform(on=mixed)",
    "elimination over all": "elimination(on=mixed)",
    "elimination on dearest": "elimination(on=MetaStone-S1-32B)",
    "cascade of two": f"cascade(order={CASCADE},patience=4)",
    "explore-sources": "explore-sources",
    "thompson-sources": "thompson-sources",
    "ratio index": "index",
    "best source": "best-source",
    "clairvoyant": "clairvoyant",
    "prophet": "prophet",
}
REPS, TESTING_REPS = 200, 5
TESTING_BUDGETS = (0.001, 0.002)
