"""How long until the first word, and the first number? Cold (kernels compiled) and warm starts of whole commands."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

POOL = "builtin:smollm2-arithmetic"
BRIEF = ["-b", "4", "--reps", "100", "--json"]
TTCSIM = ["-m", "ttcsim"]
COMMANDS = {
    "python -c 'import ttcsim'": ["-c", "import ttcsim"],
    "ttcsim --help": [*TTCSIM, "--help"],
    "ttcsim sweep --help": [*TTCSIM, "sweep", "--help"],
    "ttcsim policies": [*TTCSIM, "policies"],
    "ttcsim pool describe": [*TTCSIM, "pool", "describe", POOL],
    "ttcsim sweep, 2 policies, 100 replications": [
        *TTCSIM,
        "sweep",
        POOL,
        "-p",
        "uniform",
        "-p",
        "elimination",
        *BRIEF,
    ],
    "ttcsim sweep with a rule, 100 replications": [*TTCSIM, "sweep", POOL, "-p", "entropy", *BRIEF],
    "ttcsim demo": [*TTCSIM, "demo"],
}
WARM_ROUNDS = 5


def seconds(arguments, cache, folder):
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment, cwd=folder)
    return time.perf_counter() - start


def main():
    print("| command | cold, s | warm, s (median of 5) |\n|---|---|---|")
    for words, arguments in COMMANDS.items():
        with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as folder:
            cold = seconds(arguments, cache, folder)
            warm = statistics.median(seconds(arguments, cache, folder) for _ in range(WARM_ROUNDS))
        print(f"| `{words}` | {cold:.1f} | {warm:.2f} |")


if __name__ == "__main__":
    main()
