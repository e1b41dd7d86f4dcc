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


def _cases(share, only, job, jobs):
    """The (kind, number) that one of several children has to do."""
    every = [
        (k, i) for k, n in inputs.KINDS.items() if only in (None, k.__name__) for i in range(max(1, round(n * share)))
    ]
    return every[job::jobs]


def _child(cases, seed, seeds):
    from fuzz.judge import fault

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    with tempfile.TemporaryFile() as behind:  # what libraries write past Python, such as a panic's place
        os.dup2(behind.fileno(), 2)
        for kind, number in cases:
            print(json.dumps({"at": number}), flush=True)
            folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
            os.chdir(folder)  # some names are relative
            try:
                words = inputs.make(kind, number, seed, folder, seeds)
                before = os.fstat(2).st_size
                found = fault(words, folder / "out")
                if found is None and os.fstat(2).st_size > before:
                    found = f"written past us: {os.pread(2, 200, before)!r}"
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            print(json.dumps({"fault": found, "words": [w[:200] for w in words]}), flush=True)


def _parent(cases, seed, seeds, options):
    """Faults of some cases, done in a child and those behind it: (kind, number, what, words)."""
    faults, done = [], 0
    while done < len(cases):
        child = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.fuzz", *options, "--child", seeds, "--skip", str(done)],
            capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL,
        )  # fmt: skip
        for line in child.stdout.splitlines():
            told = json.loads(line)
            if "fault" in told:
                kind, number = cases[done]
                if told["fault"]:
                    faults.append((kind, number, told["fault"], told["words"]))
                done += 1
        if done < len(cases):
            said = child.stderr.strip()[-300:]
            faults.append((*cases[done], f"the process died with {child.returncode} {said}", []))
            done += 1
    return faults


def campaign(seed=0, share=1.0, jobs=2, only=None):
    """{name of a kind: (inputs, its faults as (number, what, words))}, of a share of the 3,800 inputs."""
    with tempfile.TemporaryDirectory(prefix="fuzz-seeds-") as made, ThreadPoolExecutor(jobs) as executor:
        seeds = inputs.make_seeds(Path(made))
        words = ["--seed", str(seed), "--share", str(share), "--jobs", str(jobs), *(["--only", only] if only else [])]
        slices = [_cases(share, only, job, jobs) for job in range(jobs)]
        running = [
            executor.submit(_parent, cases, seed, str(seeds), [*words, "--job", str(job)])
            for job, cases in enumerate(slices)
        ]
        faults = [fault for future in running for fault in future.result()]
    number = Counter(kind for cases in slices for kind, _ in cases)
    return {k.__name__: (n, [tuple(f) for kind, *f in faults if kind is k]) for k, n in number.items()}


def main():
    """Run, print a table, exit 1 when there is a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=1.0, help="of the 3,800 inputs")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=[k.__name__ for k in inputs.KINDS])
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--skip", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--job", type=int, default=0, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.child:
        _child(_cases(told.share, told.only, told.job, told.jobs)[told.skip :], told.seed, told.child)
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
