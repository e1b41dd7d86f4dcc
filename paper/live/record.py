"""Records what the paper tells of live runs: ``python -m paper.live.record FOLDER [MODEL]``, where vLLM is.

The runs are those of tests/harvest_vllm/test_sim_to_live.py, which CI makes anew every time: one engine, a real model,
and for every run a policy that decides live, held against replays of the built-in pool, which was harvested long before
with another seed. Runs that are in FOLDER are not made again. What comes is `RECORD`, small and committed, so that the
paper is typeset without vLLM.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import ttcsim
from ttcsim.pool.folders import write_whole

RECORD = Path(__file__).with_name("live.json")
POOL = "builtin:smollm2-arithmetic"
ALPHA, REPS, BINS = 0.005, 10_000, 2


def main(folder: Path, model: str | None = None) -> None:
    """Run what is left to run, and record all of it."""
    from tests.harvest_vllm import live_runs
    from tests.harvest_vllm.test_real import MODEL
    from tests.harvest_vllm.test_sim_to_live import CONFIG, RUNS

    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.toml"
    config.write_text(CONFIG.replace(str(MODEL), model or str(MODEL)))
    left = [f"{run}={asked}" for run, asked in RUNS.items() if not (folder / run / "manifest.json").is_file()]
    if left:
        live_runs.make(str(config), folder, left)
    record(folder, RUNS)


def record(folder: Path, runs: Mapping[str, str]) -> None:
    """Hold runs of a folder, by name BUDGET=POLICY, against replays, and write `RECORD`."""
    from tests.harvest_vllm import live_runs
    from tests.harvest_vllm.test_sim_to_live import FAMILIES

    whole = ttcsim.load(POOL)
    shared = whole.subset(q for q in whole.query_ids if q.rpartition("-")[0] in FAMILIES)
    shared = replace(shared, manifest=whole.manifest)
    found = []
    for run, asked in runs.items():
        budget, policy = asked.split("=", 1)
        rows = ttcsim.live_check(shared, folder / run, alpha=ALPHA, reps=REPS, bins=BINS).to_dicts()
        lies = live_runs.LIES if run == "liar" else 0.0
        found.append({"policy": policy, "budget": float(budget), "lies": lies, "rows": rows})
    facts = ttcsim.load(folder / next(iter(runs))).manifest
    assert facts is not None
    about = {
        "made_by": "python -m paper.live.record",
        "ttcsim": ttcsim.__version__, "vllm": facts["engine"]["vllm"], "python": platform.python_version(),
        "pool": POOL, "queries": shared.n_queries, "wave": live_runs.WAVE, "alpha": ALPHA, "reps": REPS, "bins": BINS,
        "model": facts["model"], "sampling": facts["sampling"], "task": facts["task"],
    }  # fmt: skip
    write_whole(RECORD, (json.dumps({"about": about, "runs": found}, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
