"""Records what the paper tells of live runs: ``python -m paper.live.record [MODEL]``, in the harvest's environment.

One engine runs every policy of `RUNS` on all queries of the built-in pool, and each run is held against replays of it,
which was harvested long before with another seed. What comes is `RECORD`, small and committed: the paper is typeset
without vLLM.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import ttcsim
from tests.harvest_vllm import live_runs
from ttcsim.pool.folders import write_whole

HERE = Path(__file__).parent
RECORD = HERE / "live.json"
MODEL = HERE.parents[1] / ".venv-harvest" / "smollm2-135m-instruct"
POOL = "builtin:smollm2-arithmetic"
RUNS = {
    "uniform": ("uniform", 4),
    "elimination": ("elimination", 4),
    "entropy": ("entropy(cap=64)", 4),
    "agreement": ("adaptive-consistency(threshold=0.8)", 4),
    "liar": ("elimination", 4),
}
"""Policy and budget. The last one has a verifier that turns one verdict in twenty round."""
ALPHA, REPS, BINS = 0.01, 10_000, 5


def main(model: str = str(MODEL)) -> None:
    """Run, compare, record."""
    whole = ttcsim.load(POOL)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        text = (HERE / "config.toml").read_text()
        config.write_text(text.replace('path = "given on the command line"', f'path = "{model}"', 1))
        live_runs.main(str(config), folder, *(f"{name}={budget}={policy}" for name, (policy, budget) in RUNS.items()))
        runs = []
        for name, (policy, budget) in RUNS.items():
            found = ttcsim.live_check(whole, Path(folder) / name, alpha=ALPHA, reps=REPS, bins=BINS)
            lies = live_runs.LIES if name == "liar" else 0.0
            runs.append({"policy": policy, "budget": budget, "lies": lies, "rows": found.to_dicts()})
        facts = ttcsim.load(Path(folder) / "elimination").manifest
    assert facts is not None
    about = {
        "made_by": "python -m paper.live.record",
        "ttcsim": ttcsim.__version__, "vllm": version("vllm"), "python": platform.python_version(),
        "pool": POOL, "wave": live_runs.WAVE, "alpha": ALPHA, "reps": REPS, "bins": BINS,
        "model": facts["model"], "sampling": facts["sampling"], "task": facts["task"],
    }  # fmt: skip
    write_whole(RECORD, (json.dumps({"about": about, "runs": runs}, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
