"""How long until the first word, and the first number? Cold (kernels compiled) and warm starts of whole commands."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from tables import Found, Table, tell

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
WARM_ROUNDS, QUICK_WARM_ROUNDS = 5, 1


def seconds(arguments, cache, folder):
    """Seconds that a command took, and those of a processor: on a busy machine the first are too many."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    start, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment, cwd=folder)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, used


def find(quick):
    rounds, rows = QUICK_WARM_ROUNDS if quick else WARM_ROUNDS, []
    for words, arguments in COMMANDS.items():
        with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as folder:
            cold = seconds(arguments, cache, folder)
            warm = [seconds(arguments, cache, folder) for _ in range(rounds)]
        wall, used = map(statistics.median, zip(*warm, strict=True))
        rows.append((f"`{words}`", *cold, wall, used))
    heads = "command", "cold, s", "of a processor", f"warm, s (median of {rounds})", "of a processor"
    return Found((Table(heads, ("", "{:.1f}", "{:.1f}", "{:.2f}", "{:.2f}"), rows),))


if __name__ == "__main__":
    tell(find, __doc__)
