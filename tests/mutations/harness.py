"""Sabotages of a copy of the package, one at a time, and the rows of `check` that fail: not compiled, on a tiny world.

    python -m tests.mutations.harness [NAME ... | --table]

A process that has NumPy, SciPy, Polars and Numba loaded forks for each one, so that a sabotage costs what the check
of its guarantee does and no compilation.
"""

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.mutations.sabotages import SABOTAGES, Sabotage, table

PACKAGE = Path(__file__).parents[2] / "ttcsim"
WORLD, QUERIES, SAMPLES, BUDGETS, REPS = "beta(0.5,1)", 8, 10, (1, 2, 4), 30
LOADED = (
    "numba.experimental.function_type", "numba.extending", "numpy", "platformdirs", "polars", "scipy.integrate",
    "scipy.interpolate", "scipy.optimize", "scipy.signal", "scipy.stats",
)  # fmt: skip
"""What every check loads beside the package."""
CONTROL = "nothing"
"""The name of the sabotage that changes nothing."""


def apply(sabotage, package):
    """Edit a copy of the package in place."""
    path = package / sabotage.file
    text = path.read_text()
    for before, after in sabotage.edits:
        assert text.count(before) == 1, f"{sabotage.name}: {sabotage.file} has {text.count(before)} times {before!r}"
        text = text.replace(before, after)
    path.write_text(text)


def failed_rows(sabotage, folder):
    """Rows of the check of its guarantee that fail on a sabotaged copy in `folder`; to be called once a process."""
    import numpy as np

    np.seterr(over="ignore")  # 64-bit wrap-around is what the hash is made of
    package = Path(folder) / "ttcsim"
    shutil.copytree(PACKAGE, package, ignore=lambda _, names: [n for n in names if n in ("__pycache__", "data")])
    apply(sabotage, package)
    sys.path.insert(0, folder)
    import ttcsim
    from ttcsim.guarantees import check
    from ttcsim.pool.worlds import make_pool

    assert Path(ttcsim.__file__).is_relative_to(folder)
    pool = make_pool(WORLD, QUERIES, SAMPLES, seed=1)
    only = sabotage.caught_by.split(",") if sabotage.caught_by else None
    found = check(pool, budgets=BUDGETS, reps=REPS, policies=[sabotage.policy], only=only)
    return [f"{claim.source}: {claim.statement}" for claim in found if claim.holds is False]


def in_a_fork(sabotage):
    """{"failed": rows, "seconds": ...} of one sabotage, or {"error": ...}."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        report = Path(folder) / "report.json"
        child = os.fork()
        if child == 0:
            try:
                told = {"failed": failed_rows(sabotage, folder)}
            except BaseException:
                told = {"error": traceback.format_exc()}
            report.write_text(json.dumps(told))
            os._exit(0)
        os.waitpid(child, 0)
        return {**json.loads(report.read_text()), "seconds": time.perf_counter() - begun}


def run(names):
    """What came of each of these sabotages, by name, in a process of its own."""
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1", "POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", "-m", "tests.mutations.harness", "--json", *names]
    done = subprocess.run(command, cwd=PACKAGE.parent, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def main(arguments):
    """Run the sabotages that are named, all by default."""
    if arguments == ["--table"]:
        print(table())
        return
    as_json = "--json" in arguments
    names = [name for name in arguments if name != "--json"]
    if not as_json:
        os.environ["NUMBA_DISABLE_JIT"] = "1"  # read when numba is loaded, which is now
    for module in LOADED:
        importlib.import_module(module)
    control = Sabotage(CONTROL, "", "errors.py", ())
    chosen = [s for s in (control, *SABOTAGES) if s.name in names or (not names and s is not control)]
    told = {}
    for sabotage in chosen:
        told[sabotage.name] = found = in_a_fork(sabotage)
        if not as_json:
            rows = found.get("failed", [found.get("error", "")])
            print(f"{found['seconds']:5.1f} s  {sabotage.name}: {'; '.join(rows) or 'NOT CAUGHT'}", flush=True)
    if as_json:
        print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
