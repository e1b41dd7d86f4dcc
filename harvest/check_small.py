"""A genuine small harvest, end to end: ``python -m harvest.check_small`` (needs vllm; a few minutes on two cores)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl

PER_FAMILY, SAMPLES = 2, 16


def main() -> None:
    """Harvest two queries of each family and check what came out."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "pool"
        command = [
            sys.executable,
            "-m",
            "harvest.builtin_pool",
            "--out",
            str(out),
            "--model",
            str(Path(folder) / "model"),
        ]
        subprocess.run([*command, "--per-family", str(PER_FAMILY), "--samples", str(SAMPLES)], check=True)
        manifest = json.loads((out / "manifest.json").read_text())
        samples = pl.read_parquet(out / "samples" / "part-00000.parquet")
        counts = samples.group_by("query_id").len()["len"].unique().to_list()
        if counts != [SAMPLES] or samples.height != manifest["counts"]["samples"]:
            sys.exit(f"wrong counts: {counts}, {samples.height} samples")
        if samples["tokens"].min() < 1 or not 0 < samples["correct"].mean() < 1:  # type: ignore[operator]
            sys.exit("implausible samples: no tokens, or all of them right or wrong")
        again = subprocess.run([*command, "--per-family", "1"], capture_output=True, text=True)
        if again.returncode == 0 or "exists already" not in again.stderr:
            sys.exit("an existing pool was not refused")
    print(f"harvested {samples.height} samples with vllm {manifest['engine']['vllm']}: 1 passed, 0 failed")


if __name__ == "__main__":
    main()
