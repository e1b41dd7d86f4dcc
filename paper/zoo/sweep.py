"""What runs: every published policy on every pool that is there."""

from __future__ import annotations

from pathlib import Path

import ttcsim
from ttcsim.pool.importers.counts import import_counts

BUDGETS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
REPS = 1000
TESTING_REPS = 20
DATA = Path(__file__).parents[3] / "shared" / "data"
"""Other people's data, beside the checkout; parts that need it are left out where it is absent."""


def pools(data: Path = DATA) -> dict[str, ttcsim.Pool]:
    """The pools of the study."""
    found = {"smollm2-arithmetic": ttcsim.load("builtin:smollm2-arithmetic")}
    if (data / "gpt35_last_letters.parquet").exists():
        found["gpt35_last_letters"] = ttcsim.load(data / "gpt35_last_letters.parquet")
    if (data / "monkeys_counts.parquet").exists():
        group = {"model": "Pythia 6.9B", "benchmark": "MATH"}
        found["monkeys_pythia_6.9b_math"] = import_counts(data / "monkeys_counts.parquet", where=group)
    return found
