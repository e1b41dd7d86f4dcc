"""Harvests as processes: killed, terminated, interrupted at any moment, they leave nobody behind and lose nothing."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ttcsim
from tests.harvest.test_run import contents

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("HARVEST_KILLS", "10"))
"""How often the harvest of programs is killed; a hundred take some five minutes."""

MAIN = """
import harvest.models
from tests.harvest.fake import PROGRAMMER
harvest.models.vllm_factory = lambda: PROGRAMMER
if __name__ == "__main__":
    from harvest.cli import main
    main()
"""
SOON = 25.0  # seconds within which nobody is left: well before programs have to end by themselves


@pytest.fixture
def config(tmp_path):
    """A config of programs to be written."""

    def make(names, **settings):
        problems = [
            {
                "task_id": f"{name}-{i}", "entry_point": name, "canonical_solution": "    return a + b\n",
                "prompt": f"def {name}(a, b):\n    \"\"\"Add, take {i}.\"\"\"\n",
                "test": "def check(f):\n    assert f(1, 2) == 3\n    assert f(5, 5) == 10\n",
            }
            for i, name in enumerate(names)
        ]  # fmt: skip
        file = tmp_path / "problems.jsonl"
        file.write_text("".join(json.dumps(p) + "\n" for p in problems))
        tables = {
            "model": {"path": "fake/model"},
            "engine": settings.get("engine", {}),
            "sampling": {"n": 4, "seed": 3},
            "task": {"name": "humaneval", "file": str(file)},
            "verifier": {"workers": 2, "timeout": settings["timeout"]},
            "output": {"path": str(tmp_path / "pool"), "queries_per_part": 1},
        }
        path = tmp_path / "c.toml"
        lines = [
            f"[{table}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in t.items()) for table, t in tables.items()
        ]
        path.write_text("\n".join(lines))
        return path

    return make


@contextlib.contextmanager
def harvesting(config, *arguments):
    """A harvest as a process, in a process group of its own as on a terminal."""
    script = config.with_name("main.py")
    script.write_text(MAIN)
    command = [sys.executable, str(script), "run", str(config), "--resume", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def parents():
    """Every process that runs, with its parent."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if state != "Z":
                found[int(folder.name)] = int(parent)
    return found


def below(pid):
    """All processes that one has started, they and theirs."""
    parent, found = parents(), set()
    while new := {p for p, of in parent.items() if (of == pid or of in found) and p not in found}:
        found |= new
    return found


def wait_for(true, seconds=60.0):
    """Until it is true; what it then is."""
    end = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return value


def busy(process):
    """The processes below it, once a program that it runs is in an endless loop."""

    def spinning():
        found, parent = below(process.pid), parents()
        for pid in found:
            with contextlib.suppress(OSError, KeyError):
                if b"zygote" in Path(f"/proc/{parent[pid]}/cmdline").read_bytes():
                    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11]
                    if int(used) > 0.3 * os.sysconf("SC_CLK_TCK"):
                        return found
        return None

    return wait_for(spinning)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nobody_outlives_a_harvest(config, how):
    """Fork server, verifying processes and jailed programs, of which one never ends."""
    with harvesting(config(["loop"] * 3, timeout=100)) as process:
        others = busy(process)
        process.send_signal(how)
        process.wait(SOON)
        wait_for(lambda: not others & parents().keys(), SOON)


STOPPED = "harvest: stopped; what is finished is kept, go on with --resume"


def interrupted(process):
    """What Ctrl-C makes of it: exit code, results, and what it says beside how far it is."""
    os.killpg(process.pid, signal.SIGINT)
    out, said = process.communicate(timeout=2 * SOON)
    return process.returncode, out, [line for line in said.splitlines() if not line.startswith("harvest: samples: ")]


@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_is_one_line_while_verifiers_are_busy(config):
    with harvesting(config(["loop"] * 3, timeout=100)) as process:
        others = busy(process)
        assert interrupted(process) == (130, "", [STOPPED])
        wait_for(lambda: not others & parents().keys(), SOON)


@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_is_one_line_while_the_model_loads(config, tmp_path):
    with harvesting(config(["add"], timeout=10, engine={"loads": str(tmp_path / "loading")})) as process:
        wait_for((tmp_path / "loading").exists)
        assert interrupted(process) == (130, "", [STOPPED])


@pytest.mark.slow
def test_a_harvest_of_programs_killed_at_random_gives_the_same_bytes(config, tmp_path):
    """SIGKILL of the main process at a random moment, again and again, until it is through; then all over again."""
    path = config(["add", "loop", "add", "add"], timeout=3)
    pool, partial, peace = (tmp_path / name for name in ("pool", "pool.partial", "peace"))
    with harvesting(path, "--out", str(peace)) as process:
        began = time.monotonic()
        assert process.wait() == 0, process.stderr.read()
        whole = time.monotonic() - began
    expected = contents(peace)
    source, kills, finished = random.Random(12), 0, 0
    while kills < KILLS or not finished:
        with harvesting(path) as process:
            try:
                process.wait(source.uniform(0, 1.3 * whole) if kills < KILLS else None)
                assert process.returncode == 0, process.stderr.read()
            except subprocess.TimeoutExpired:
                others = below(process.pid)
                process.kill()
                kills += 1
                wait_for(lambda left=others: not left & parents().keys(), SOON)
        if process.returncode == 0:
            assert contents(pool) == expected and not partial.exists()
            assert ttcsim.load(pool).n_samples == 16
            finished += 1
            shutil.rmtree(pool)
    print(f"{kills} kills, {finished} harvests through, {whole:.1f} s in peace")
