"""``python -m tests.fuzz``: inputs of all kinds, and of how many a command neither made something nor said one line.

A child does some cases of one kind after another and says what came of each; one that dies (a crash of a library,
memory) is a fault of the case that it was at, and another goes on behind it.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz import inputs

_MEMORY = 12 << 30


def _child(kind, first, last, seed, seeds):
    from fuzz.judge import fault

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    function = {k.__name__: k for k in inputs.KINDS}[kind]
    tell = sys.stdout
    with tempfile.TemporaryFile() as behind:  # what libraries write past Python, such as a panic's place
        os.dup2(behind.fileno(), 2)
        for number in range(first, last):
            print(json.dumps({"at": number}), file=tell, flush=True)
            folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
            try:
                words = inputs.make(function, number, seed, folder, Path(seeds))
                before = os.fstat(2).st_size
                found = fault(words, folder / "out")
                if found is None and os.fstat(2).st_size > before:
                    found = f"written past us: {os.pread(2, 200, before)!r}"
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            told = {"done": number, "fault": found, "words": [w[:200] for w in words]}
            print(json.dumps(told), file=tell, flush=True)


def _cases(kind, first, last, seed, seeds):
    """Faults of some cases of a kind: (number, what, words)."""
    faults = []
    while first < last:
        child = ["-m", "tests.fuzz", "--child", kind, str(first), str(last), str(seed), str(seeds)]
        done = subprocess.run(
            [sys.executable, "-W", "ignore", *child], capture_output=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        at = first
        for line in done.stdout.splitlines():
            told = json.loads(line)
            if "at" in told:
                at = told["at"]
            else:
                first = told["done"] + 1
                if told["fault"]:
                    faults.append((told["done"], told["fault"], told["words"]))
        if first < last:
            faults.append((at, f"the process died with {done.returncode} {done.stderr.strip()[-200:]}", []))
            first = at + 1
    return faults


def campaign(seed=0, share=1.0, jobs=2, only=None):
    """{kind: (inputs, faults)} of a share of the 3,800 inputs."""
    with tempfile.TemporaryDirectory(prefix="fuzz-seeds-") as made, ThreadPoolExecutor(jobs) as executor:
        seeds = inputs.make_seeds(Path(made))
        wanted = {k.__name__: max(1, round(n * share)) for k, n in inputs.KINDS.items() if only in (None, k.__name__)}
        halves = {k: [(0, n // 2), (n // 2, n)] for k, n in wanted.items()}
        running = {k: [executor.submit(_cases, k, *span, seed, seeds) for span in two] for k, two in halves.items()}
        return {k: (wanted[k], [f for future in two for f in future.result()]) for k, two in running.items()}


def main():
    """Run, print a table, exit 1 when there is a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=1.0, help="of the 3,800 inputs")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=[k.__name__ for k in inputs.KINDS])
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.child:
        kind, first, last, seed, seeds = told.child
        _child(kind, int(first), int(last), int(seed), seeds)
        return
    began = time.monotonic()
    found = campaign(told.seed, told.share, told.jobs, told.only)
    for kind, (number, faults) in found.items():
        print(f"{kind:12} {len(faults):4} of {number:4}")
        for what, times in Counter(what for _, what, _ in faults).most_common():
            at, words = next((n, w) for n, f, w in faults if f == what)
            print(f"    {times:4} x {what}\n           first: case {at}: {' '.join(words)[:300]!r}")
    inputs_made, faults_found = (sum(column) for column in zip(*((n, len(f)) for n, f in found.values()), strict=True))
    print(f"{faults_found} faults, {inputs_made} inputs, {time.monotonic() - began:.0f} s")
    sys.exit(faults_found > 0)


if __name__ == "__main__":
    main()
