"""What runs: every published policy on every pool that is there."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import ttcsim
from paper.numbers import DATA
from ttcsim.pool.importers.counts import import_counts

BUDGETS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
BUDGET = 4.0
"""The budget of tables that show one: fixed beforehand, since one chosen for its gain would promise too much."""
POLICIES = ("all", "elimination(k=2)", "elimination(k=8)")
PROFILED = (
    "elimination",
    "elimination(stream=true)",
    "two-stage",
    "elimination(k=4)",
    "entropy",
    "consensus",
    "prophet",
)
REPS = 400
TESTING_REPS = 20
AFTER = (4, 16)
"""Samples that leave hard queries unsolved."""
PROBES = 5
"""Times that they are drawn anew."""
HARD_BUDGETS = (2.0, 4.0, 8.0, 16.0)
HARD_BUDGET = 8.0
FEW = 10
"""Different hard queries below which nothing is said of new ones."""
CAP = 64
"""Most draws of a hard query, of 80 samples less 16."""
STRONG = ("math500", "aime2025", "gpqa-diamond")
TESTING = ("aime2025, Qwen3-4B", "aime2025, gpt-oss-20b", "smollm2-arithmetic")


class Studied(NamedTuple):
    """A pool of the study."""

    data_set: str
    model: str
    pool: ttcsim.Pool

    @property
    def name(self) -> str:
        """How results and tables call it."""
        return f"{self.data_set}, {self.model}" if self.data_set in STRONG else self.data_set


def pools(data: Path = DATA) -> tuple[list[Studied], list[str]]:
    """The pools of the study, and why others are left out."""
    found, absent = [], []
    for name in STRONG:
        whole = ttcsim.load(f"builtin:{name}")
        found += [Studied(name, source, whole.from_source(source)) for source in whole.sources]
    found.append(Studied("smollm2-arithmetic", "SmolLM2-135M", ttcsim.load("builtin:smollm2-arithmetic")))
    letters, counts = data / "gpt35_last_letters.parquet", data / "monkeys_counts.parquet"
    if letters.exists():
        found.append(Studied("gpt35-last-letters", "GPT-3.5", ttcsim.load(letters)))
    if counts.exists():
        group = {"model": "Pythia 6.9B", "benchmark": "MATH"}
        found.append(Studied("monkeys-math", "Pythia 6.9B", import_counts(counts, where=group)))
    absent += [f"{path.name}: not beside this checkout" for path in (letters, counts) if not path.exists()]
    return found, absent
