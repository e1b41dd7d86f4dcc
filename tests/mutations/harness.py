"""Sabotages of a copy of the package, one at a time, and the row of `check` that fails: not compiled, on a tiny world.

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
import warnings
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


def failed_row(sabotage, folder):
    """The first row of the check of its guarantee that fails on a sabotaged copy in `folder`, or None.

    To be called once a process.
    """
    import numpy as np

    np.seterr(over="ignore")  # 64-bit wrap-around is what the hash is made of
    package = Path(folder) / "ttcsim"
    shutil.copytree(PACKAGE, package, ignore=lambda _, names: [n for n in names if n in ("__pycache__", "data")])
    apply(sabotage, package)
    sys.path.insert(0, folder)
    import ttcsim
    from ttcsim.guarantees import GUARANTEES
    from ttcsim.guarantees.study import Study
    from ttcsim.policies import policy
    from ttcsim.pool.worlds import make_pool

    assert Path(ttcsim.__file__).is_relative_to(folder)
    warnings.simplefilter("ignore")  # as `check` has it
    pool = make_pool(WORLD, QUERIES, SAMPLES, seed=1)
    study = Study(pool, list(BUDGETS), REPS, 0, [policy(sabotage.policy)], False)
    checked = [sabotage.caught_by] if sabotage.caught_by else GUARANTEES
    claims = (claim for number in checked for claim in GUARANTEES[number](study))
    return next((f"{c.source}: {c.statement}" for c in claims if c.holds is False), None)


def in_a_fork(sabotage):
    """{"failed": row, "seconds": ...} of one sabotage, or {"error": ...}."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        report = Path(folder) / "report.json"
        child = os.fork()
        if child == 0:
            try:
                told = {"failed": failed_row(sabotage, folder)}
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
            row = found.get("error", found.get("failed")) or "NOT CAUGHT"
            print(f"{found['seconds']:5.1f} s  {sabotage.name}: {row}", flush=True)
    if as_json:
        print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
