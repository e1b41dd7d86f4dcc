"""Replications on a Ray cluster: the same bits, whatever is killed meanwhile, and one line for what is wrong."""

import contextlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from bits import bits
from own_policy import OF_TOKENS
from two_machines import TwoMachines, environment, new_folder, processes

import ttcsim
from ttcsim.errors import InputError
from ttcsim.policies import ZOO, ZOO_OF_SOURCES
from ttcsim.replay.planning import plan
from ttcsim.replay.shipment import Sender, unpack

MINE = f"""{OF_TOKENS}
@dataclass(frozen=True)
class Plain(ttcsim.Policy):
    def scores(self, s, active):
        return -s.draws[active]
"""
MINES = ["mine.py:Thrifty(weight=2)", "mine.py:Plain"]
POLICIES = ["uniform", "elimination", "entropy", "two-stage", "bayes-index", "prophet", *MINES]

pytestmark = pytest.mark.filterwarnings("ignore:policy")


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """A pool in the folder that commands run in, beside a file of policies."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    real = ttcsim.load("builtin:smollm2-arithmetic")  # which has every column
    ttcsim.write(real.subset(real.query_ids[::16]).first(64), "pool")
    return ttcsim.load("pool")


# -- what travels


def shipped(replays):
    """Replays through a store, as another process would have them."""
    pytest.importorskip("ray")
    store = []
    sender = Sender(lambda crate: store.append(pickle.dumps(crate, protocol=5)) or len(store) - 1)
    places = [sender.send(one) for one in replays]
    return places, store


def unlike(replays):
    """Policies whose replications come out otherwise on the other side."""
    places, store = shipped(replays)
    arrived = [unpack(*(pickle.loads(store[i]) for i in own)) for own in places]
    tallies = [[one.run(3, 9) for one in side] for side in (replays, arrived)]
    return [
        str(one.policy) for one, *pair in zip(replays, *tallies, strict=True)
        if any((a != b).any() for a, b in zip(*pair, strict=True))
    ]  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"cost": "tokens", "replay": "bootstrap"}, {"wave": 3}], ids=str)
def test_every_policy_arrives_as_it_was(pool, options):
    budgets = [1, 300] if "cost" in options else [1, 3]
    assert unlike(plan(pool, [*ZOO, *MINES], budgets, **options).replays) == []


def test_policies_that_choose_sources_arrive_too():
    assert unlike(plan("builtin:aime2025", [*ZOO_OF_SOURCES, "elimination(on=Qwen3-14B)"], [2]).replays) == []


def test_what_replays_share_is_sent_once_and_the_pool_stays(pool):
    replays = plan(pool, ["uniform", "elimination", "entropy", "ucb", "consensus", "thompson"], [2]).replays
    crates = [pickle.loads(crate) for crate in shipped(replays)[1]]
    long = [array.dtype.name for *_, arrays in crates for array in arrays if len(array) == pool.n_samples]
    assert sorted(long) == ["int32", "uint8", "uint8"], "answers, what uniform sees of outcomes, what the others see"
    _, again = shipped([replays[1], replays[1].at(replays[1].setting.totals - 1)])[1]
    *_, arrays = pickle.loads(again)
    assert arrays == []
    assert all(name.encode() not in crate for crate in shipped(replays)[1] for name in pool.query_ids)


def test_code_in_a_file_is_taken_along(pool, tmp_path):
    """Another process, where there is no such file, runs the text that was executed here."""
    replays = plan(pool, MINES, [2]).replays
    places, store = shipped(replays)
    (tmp_path / "mine.py").unlink()
    (tmp_path / "sent").write_bytes(pickle.dumps([[store[i] for i in own] for own in places]))
    code = """if True:
        import pickle
        from ttcsim.replay.shipment import unpack
        for crates in pickle.load(open("sent", "rb")):
            one = unpack(*map(pickle.loads, crates))
            read, exact = one.policy.reads()
            print(one.run(0, 5).covered.tolist(), sorted(read), exact)"""
    process = {"env": environment(""), "capture_output": True, "text": True, "timeout": 120}
    done = subprocess.run([sys.executable, "-c", code], **process)
    told = [(one.run(0, 5).covered.tolist(), *one.policy.reads()) for one in replays]
    assert done.stdout.splitlines() == [f"{covered} {sorted(read)} {exact}" for covered, read, exact in told]


def test_code_of_a_module_has_to_be_the_same(pool, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine_of_module.py").write_text(MINE)
    replays = plan(pool, ["mine_of_module:Thrifty"], [2]).replays
    assert unlike(replays) == []
    (_,), store = shipped(replays)
    (tmp_path / "mine_of_module.py").write_text(MINE.replace("-p.weight", "p.weight"))
    with pytest.raises(ImportError, match="module mine_of_module is another"):
        unpack(pickle.loads(store[0]))


# -- bad uses


def test_without_ray_it_is_one_line(pool, command, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    code, out, err = command("sweep", "pool", "-p", "uniform", "-b", 1, "--executor", "ray")
    assert (code, out) == (2, "")
    assert err == "ttcsim: executor 'ray': Ray is not installed; pip install 'ttcsim[ray]'\n"
    with pytest.raises(InputError, match=r"pip install 'ttcsim\[ray\]'"):
        ttcsim.sweep(pool, ["uniform"], [1], executor="ray")


def test_bad_uses(pool, command):
    code, _, err = command("sweep", "pool", "-p", "uniform", "-b", 1, "--ray-address", "10.0.0.1:6379")
    assert code == 2 and "--executor ray" in err and err.count("\n") == 1
    code, _, err = command("sweep", "pool", "-p", "uniform", "-b", 1, "--executor", "rya")
    assert code == 2 and "executor 'rya': did you mean 'ray'?" in err.lower() and err.count("\n") == 1


# -- a cluster


@pytest.fixture(scope="module")
def two():
    pytest.importorskip("ray")
    started = TwoMachines()
    yield started
    started.end()


def start(cluster, *arguments):
    """A command in the folder of the test, of a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *arguments], env=cluster.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


@contextlib.contextmanager
def ended(process):
    """Whatever happens, nothing of it is left."""
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


DRIVER = """if True:
    import sys, warnings
    from pathlib import Path
    import ttcsim
    from bits import bits
    from ttcsim.replay.cluster import Cluster
    warnings.simplefilter("ignore", UserWarning)
    address, reps, *names = sys.argv[1:]
    policies = [ttcsim.policy(name) for name in names]
    Path("mine.py").unlink()
    marks = [0.25, 0.5]
    def progress(done, total):
        while marks and done >= marks[0] * total:
            print(marks.pop(0), flush=True)
    cluster = Cluster(address, tell=print)
    print(bits(ttcsim.sweep("pool", policies, [1, 2.5], reps=int(reps), executor=cluster, progress=progress)))
"""


@pytest.mark.slow
def test_a_worker_and_a_machine_are_killed_and_the_bits_are_the_same(pool, two):
    reps = 600
    wanted = bits(ttcsim.sweep(pool, POLICIES, [1, 2.5], reps=reps))
    with ended(start(two, "-W", "error", "-c", DRIVER, two.address, str(reps), *POLICIES)) as driver:
        assert driver.stdout.readline() == "ray: 2 machines, 2 CPUs\n"
        for mark, order in (("0.25", "kill-worker"), ("0.5", "kill-machine")):
            assert driver.stdout.readline().strip() == mark
            assert two.do(order) == "killed" and driver.poll() is None
        out, err = driver.communicate(timeout=240)
    two.do("add-machine")
    assert two.do("settle") == "settled"
    assert (out.strip(), err) == (wanted, ""), err


@pytest.mark.slow
def test_the_command_says_the_same_to_the_byte(pool, command, two):
    words = ["sweep", "pool", "-p", ",".join(POLICIES), "-b", "1,2.5", "--reps", "50", "--select", "best", "--json"]
    with ended(start(two, "-m", "ttcsim", *words, "--executor", "ray", "--ray-address", two.address)) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0 and out == command(*words)[1]
    assert json.loads(out)["rows"] and "ttcsim: ray: 2 machines, 2 CPUs\n" in err


@pytest.mark.slow
def test_a_machine_with_another_version_is_named(pool, two, tmp_path):
    (tmp_path / "lie" / "numba-0.1.dist-info").mkdir(parents=True)
    (tmp_path / "lie" / "numba-0.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: numba\nVersion: 0.1\n"
    )
    assert two.do(f"add-machine {tmp_path / 'lie'}") == "added"
    words = ["sweep", "pool", "-p", "mine.py:Plain", "-b", "2", "--reps", "5000", "--executor", "ray"]
    with ended(start(two, "-m", "ttcsim", *words, "--ray-address", two.address)) as process:
        out, err = process.communicate(timeout=120)
    two.do("kill-machine")
    assert two.do("settle") == "settled"
    last = err.splitlines()[-1]
    assert (process.returncode, out) == (2, "") and len(err.splitlines()) == 3, err
    assert last.startswith("ttcsim: ray: machine ") and "has numba 0.1 (here " in last and "numpy" not in last


@pytest.fixture
def alone():
    """Ray, without any cluster."""
    pytest.importorskip("ray")
    folder = new_folder()
    yield SimpleNamespace(folder=folder, environment=environment(folder))
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.usefixtures("hears_ctrl_c")
def test_stopped_on_a_cluster_of_its_own_it_goes_on_without_one(pool, command, alone, tmp_path):
    """Ctrl-C, as a terminal sends it: to every process of the command."""
    words = ["sweep", "pool", "-p", ",".join(POLICIES), "-b", "1,2.5", "--reps", "600"]
    assert command(*words, "--out", "whole")[0] == 0
    often = "from ttcsim.replay import kept; kept._EVERY, kept._SHARE = 0.0, 1.0; from ttcsim.cli import main; main()"
    with ended(start(alone, "-c", often, *words, "--out", "run", "--executor", "ray", "--threads", "2")) as process:
        until = time.monotonic() + 120
        while len([*tmp_path.glob("run.partial/*.part")]) < 8 and time.monotonic() < until:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, ""), err
    assert "ttcsim: ray: 1 machine, " in err
    assert "replications are kept in run.partial; go on with: ttcsim sweep pool" in err.splitlines()[-1]
    until = time.monotonic() + 30
    while processes(alone.folder) and time.monotonic() < until:
        time.sleep(0.1)
    assert processes(alone.folder) == [], "a cluster of its own ends with it"
    assert command(*words, "--out", "run", "--resume")[0] == 0
    for name in ("frame.parquet", "compare.parquet", "wins.parquet", "allocation.parquet", "config.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


@pytest.mark.slow
def test_a_cluster_that_does_not_answer_is_one_line(pool, alone):
    words = ["sweep", "pool", "-p", "uniform", "-b", "1", "--executor", "ray", "--ray-address", "127.0.0.1:1"]
    with ended(start(alone, "-m", "ttcsim", *words)) as process:
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, "")
    assert err.splitlines()[-1].startswith("ttcsim: ray: the cluster 127.0.0.1:1 does not answer (")
