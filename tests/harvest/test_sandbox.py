"""Hostile programs: none of them harms anything outside. And what honest programs have to be able to do."""

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import pytest

import harvest.verifiers.sandbox.sandbox as outside_of_it
from harvest.config import VerifierConfig
from harvest.verifiers.sandbox import Ended, Sandbox, jail
from harvest.verifiers.sandbox.bubblewrap import find_bubblewrap
from harvest.verifiers.sandbox.calls import make_filter
from harvest.verifiers.sandbox.folder import empty, holds_more
from harvest.verifiers.sandbox.jailed import REASONS
from tests.harvest.hostile import PRELUDE, PROGRAMS, fill

SCRIPT = Path(__file__).with_name("jailed_script.py")
LIMITS = VerifierConfig(timeout=1, memory_mb=512, file_mb=4)
SECRET = "SECRET-of-another-pool"
LIBC = ctypes.CDLL(None, use_errno=True)


def said_by(sandbox, program, *, timeout=5.0, stdin=b"", limits=LIMITS):
    """All that a program says, with the reason of its end where that came first, and its output."""
    said = []
    with sandbox.start(limits, stdin=stdin) as jailed:
        try:
            jailed.send(program.encode())
            for _ in range(20):
                said.append(jailed.receive(timeout).decode())
                if said[-1] == "done" or re.match(r"\w+(Error|Exception|Exit)?: ", said[-1]):
                    break
            jailed.end(timeout)
        except Ended as ended:
            said.append(ended.reason)
        return said, jailed.output()


def last(sandbox, program, **more):
    return said_by(sandbox, program, **more)[0][-1]


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(LIMITS, inside=SCRIPT) as made:
        yield made


class Outside:
    """Things that programs would harm, and whether they are as they were."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.precious = folder / "precious"
        self.precious.write_text("precious")
        self.precious.chmod(0o600)
        with contextlib.suppress(OSError):  # not every file system has them
            os.setxattr(self.precious, "user.kept", b"kept")
        (folder / "folder").mkdir()
        pool = folder / "pool.parquet"
        pool.write_text(SECRET)
        self.victim = subprocess.Popen(["sleep", "600"], env={"PATH": os.environ["PATH"], "WHAT": SECRET})
        self.sockets = []
        abstract = f"sandbox-{secrets.token_hex(8)}"
        for family, kind, address in (
            (socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "s")),
            (socket.AF_UNIX, socket.SOCK_DGRAM, str(folder / "s.datagram")),
            (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{abstract}"),
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        ):
            listening = socket.socket(family, kind)
            self.sockets.append(listening)
            listening.bind(address)
            if kind == socket.SOCK_STREAM:
                listening.listen()
            listening.setblocking(False)
        port = self.sockets[-1].getsockname()[1]
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(("127.0.0.1", port))
        datagrams.setblocking(False)
        self.sockets.append(datagrams)
        self.shm, self.queue = LIBC.shmget(0, 4096, 0o600), LIBC.msgget(0, 0o600)
        self.semaphore = LIBC.semget(0, 1, 0o600)
        assert min(self.shm, self.queue, self.semaphore) >= 0
        self.values = {
            "outside": folder, "pool": pool, "parent": os.getpid(), "victim": self.victim.pid, "shm": self.shm,
            "queue": self.queue, "semaphore": self.semaphore, "unix": folder / "s", "port": port, "here": __file__,
            "abstract": abstract, "site": sysconfig.get_paths()["purelib"],
        }  # fmt: skip
        self.before = self.state()

    def state(self):
        about = self.precious.stat()
        flags = ctypes.create_string_buffer(8)
        with contextlib.suppress(OSError), open(self.precious) as opened:
            flags = fcntl.ioctl(opened, 0x80086601, bytes(8))
        with open(self.precious) as opened:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where another holds a lock
        attributes = [(name, os.getxattr(self.precious, name)) for name in os.listxattr(self.precious)]
        library = Path(os.__file__)
        return {
            "content": self.precious.read_text(),
            "about": (about.st_mode, about.st_uid, about.st_mtime_ns, about.st_nlink, bytes(flags), attributes),
            "names": sorted(p.name for p in self.folder.rglob("*")),
            "library": (library.stat().st_size, library.stat().st_mtime_ns, library.stat().st_mode),
            "null": stat.S_IMODE(os.stat(os.devnull).st_mode),
            "bytecode": (library.parent / "__pycache__" / "evil.pyc").exists(),
            "shared": (LIBC.shmctl(self.shm, 2, ctypes.create_string_buffer(256)),
                       LIBC.msgctl(self.queue, 2, ctypes.create_string_buffer(256)),
                       LIBC.semctl(self.semaphore, 0, 11)),  # GETPID: who was the last to touch it
            "by name": os.path.exists("/dev/shm/evil"),
            "victim": (self.victim.poll(), os.getpriority(os.PRIO_PROCESS, self.victim.pid),
                       os.sched_getscheduler(self.victim.pid), os.sched_getaffinity(self.victim.pid)),
            "came": [self.came(s) for s in self.sockets],
            "host": socket.gethostname(),
        }  # fmt: skip

    @staticmethod
    def came(listening):
        try:
            if listening.type != socket.SOCK_STREAM:
                return listening.recv(1)
            listening.accept()[0].close()
            return "a connection"
        except BlockingIOError:
            return None

    def close(self):
        for listening in self.sockets:
            listening.close()
        LIBC.shmctl(self.shm, 0, None)
        LIBC.msgctl(self.queue, 0, None)
        LIBC.semctl(self.semaphore, 0, 0)
        self.victim.kill()
        self.victim.wait()


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    made = Outside(tmp_path_factory.mktemp("outside"))
    yield made
    made.close()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_hostile_program_harms_nothing(sandbox, outside, name):
    program, outcomes = PROGRAMS[name]
    started = time.monotonic()
    said, output = said_by(sandbox, fill(program, outside.values), timeout=LIMITS.timeout)
    assert time.monotonic() - started < 30  # its time, and what removing its files takes on a busy machine
    spoke = "spoke" if len(said) == 20 else said[-1]
    assert any(re.fullmatch(outcome, spoke, re.DOTALL) for outcome in outcomes), said
    assert not any(SECRET in s for s in said) and SECRET.encode() not in output
    assert len(output) <= LIMITS.file_mb << 20
    assert outside.state() == outside.before
    assert last(sandbox, "say(1)") == "done"  # the next one is served as if nothing had been


@pytest.mark.parametrize(
    "name",
    [
        "empties a file by opening it for reading", "removes a file", "overwrites a file", "moves a file in",
        "makes a hard link out", "changes a mode", "changes times", "sets an attribute", "makes a folder",
        "kills a process", "signals by a descriptor's owner", "network", "datagrams", "a socket by its path",
        "an abstract socket", "a datagram from a pair of sockets", "removes shared memory", "removes a queue",
        "removes a semaphore", "priority", "another's processors", "makes shared memory by name",
    ],
)  # fmt: skip
def test_the_same_programs_do_harm_where_nothing_shuts_them_in(tmp_path, name):
    """The control: what the table above looks at would have changed."""
    made = Outside(tmp_path / "outside")
    try:
        values = {**made.values, "parent": made.victim.pid}
        program = "say, raw = print, (0, 1)\n" + fill(PROGRAMS[name][0], values)
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, timeout=60)
        if name in ("kills a process", "signals by a descriptor's owner"):
            made.victim.wait(60)
        with contextlib.suppress(OSError):  # what is gone is changed
            if made.state() == made.before:
                assert name == "another's processors" and len(os.sched_getaffinity(0)) == 1
    finally:
        made.close()
        Path("/dev/shm/evil").unlink(missing_ok=True)


def test_every_call_that_is_not_on_the_list_is_refused(sandbox):
    """All numbers of calls, also those that kernels to come may have; with arguments that would fail otherwise."""
    import pyseccomp

    from harvest.verifiers.sandbox import calls

    partly = ("clone", "prctl", "sched_getaffinity", "prlimit64", "fcntl", "ioctl", "madvise", "kill", "tgkill", "mmap")
    allowed = {pyseccomp.resolve_syscall(0, name) for name in (*calls._ALLOWED, *partly)}
    probes = {335, 336}  # uretprobe, uprobe: the kernel's own, past every filter; whoever else calls them is ended
    others = [number for number in range(1024) if number not in allowed | probes]
    assert len(others) > 800
    program = f"""
bad = []
for number in {others}:
    try:
        call(number, -1, -1, -1, -1, -1, -1)
        bad.append(number)
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.EPERM):
            bad.append((number, error.errno))
say(bad)
"""
    assert said_by(sandbox, PRELUDE + program)[0] == ["[]", "done"]


def test_calls_of_another_architecture_end_the_program(sandbox):
    if os.uname().machine != "x86_64":
        pytest.skip("the x32 calls are those of x86_64")
    assert last(sandbox, PRELUDE + "call(0x40000000 + 39)") == "crash"


def test_what_a_process_has_given_up(sandbox):
    with sandbox.start(LIMITS) as jailed:
        jailed.send(b"pass")
        jailed.receive(5)
        about = Path(f"/proc/{jailed.number}/status").read_text()
        limits = Path(f"/proc/{jailed.number}/limits").read_text()
    facts = dict(line.split(":\t", 1) for line in about.splitlines())
    assert facts["NoNewPrivs"] == "1" and facts["Seccomp"] == "2" and facts["Seccomp_filters"] == "1"
    for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb", *(["CapBnd"] if os.getuid() == 0 else [])):
        assert int(facts[kind], 16) == 0, kind
    assert re.search(rf"Max address space +{512 << 20} +{512 << 20}", limits)
    assert re.search(rf"Max file size +{4 << 20} +{4 << 20}", limits)
    assert re.search(r"Max core file size +0 +0", limits) and re.search(r"Max open files +64 +64", limits)
    assert re.search(r"Max msgqueue size +0 +0", limits) and re.search(r"Max locked memory +0 +0", limits)


# Each layer undone in a copy of the files that run inside.
UNDONE = {
    "Landlock": ("jail.py", "def shut_files(ruleset: int) -> None:", "files can be read"),
    "seccomp": ("jail.py", "def shut_calls(rules: bytes) -> None:", "sockets can be opened"),
    "limits": ("jail.py", "def limit(memory: int, file: int) -> None:", "memory is not bounded"),
}


def copy_of_the_package(folder):
    root = Path(outside_of_it.__file__).parents[1]
    shutil.copytree(root / "sandbox", folder / "harvest" / "verifiers" / "sandbox")
    return folder / "harvest" / "verifiers" / "sandbox"


@pytest.mark.parametrize("layer", UNDONE)
def test_a_jail_without_one_of_its_layers_refuses(tmp_path, monkeypatch, layer):
    file, head, finding = UNDONE[layer]
    copied = copy_of_the_package(tmp_path)
    source = (copied / file).read_text()
    assert head in source
    (copied / file).write_text(source.replace(head, f"{head}\n    return\n"))
    monkeypatch.setattr(outside_of_it, "_ZYGOTE", copied / "zygote.py")
    with Sandbox(LIMITS, inside=SCRIPT) as made, pytest.raises(ValueError, match=f"cannot be shut in here.*{finding}"):
        made.start(LIMITS)


def test_a_filter_that_allows_by_default_refuses(monkeypatch):
    import pyseccomp

    lenient = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in ("socket", "clone", "clone3", "kill"):
        lenient.add_rule(pyseccomp.ERRNO(errno.ENOSYS), name, *[pyseccomp.Arg(0, pyseccomp.NE, 0x3D0F00)])
    with tempfile.TemporaryFile() as exported:
        lenient.export_bpf(exported)
        exported.seek(0)
        rules = exported.read()
    monkeypatch.setattr(outside_of_it, "make_filter", lambda: rules)
    with Sandbox(LIMITS, inside=SCRIPT) as made, pytest.raises(ValueError, match="unlisted calls can be made"):
        made.start(LIMITS)


def test_a_filter_that_ends_every_program_refuses(monkeypatch):
    monkeypatch.setattr(outside_of_it, "make_filter", lambda: struct.pack("=HBBI", 0x06, 0, 0, 0x80000000))
    with Sandbox(LIMITS, inside=SCRIPT) as made, pytest.raises(ValueError, match="tried, it was ended"):
        made.start(LIMITS)


def test_what_it_says_once_its_socket_is_closed_is_heard(tmp_path, monkeypatch):
    late = "os.close(json.load(sys.stdin)['control']); time.sleep(0.5); sys.exit('it said why')"
    (tmp_path / "zygote.py").write_text(f"import json, os, sys, time; {late}")
    monkeypatch.setattr(outside_of_it, "_ZYGOTE", tmp_path / "zygote.py")
    with Sandbox(LIMITS, inside=SCRIPT) as made, pytest.raises(ValueError, match="it said why"):
        made.start(LIMITS)


@pytest.mark.parametrize(("version", "said"), [(0, "Landlock is missing"), (2, "Landlock is version 2")])
def test_a_kernel_with_too_little_of_landlock_refuses(monkeypatch, version, said):
    monkeypatch.setattr(jail, "landlock_version", lambda: version)
    with Sandbox(LIMITS, inside=SCRIPT) as made, pytest.raises(ValueError, match=said) as error:
        made.start(LIMITS)
    assert "\n" not in str(error.value) and "isolation" not in str(error.value)


def test_a_machine_without_libseccomp_refuses(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    make_filter.cache_clear()
    try:
        with Sandbox(LIMITS, inside=SCRIPT) as made, pytest.raises(ValueError, match="install libseccomp2"):
            made.start(LIMITS)
    finally:
        make_filter.cache_clear()


def test_a_container_that_forbids_what_is_needed_is_one_line(monkeypatch):
    def forbidden(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "pidfd_open", forbidden)
    with Sandbox(LIMITS, inside=SCRIPT) as made, pytest.raises(ValueError, match="Operation not permitted"):
        made.start(LIMITS)


@pytest.mark.parametrize(("packages", "said"), [(("nonesuch",), "is not installed"), (("ttcsim",), "editable")])
def test_packages_that_cannot_be_had_are_refused(packages, said):
    with (
        Sandbox(LIMITS.model_copy(update={"packages": packages}), inside=SCRIPT) as made,
        pytest.raises(ValueError, match=said),
    ):
        made.start(LIMITS)


def test_honest_programs_may_do_what_programs_do(sandbox):
    program = """
import bz2, collections, concurrent.futures, ctypes, datetime, decimal, hashlib, json, lzma, math, os, signal, sqlite3
import sys, tempfile, threading, time, zlib, zoneinfo
open('note', 'w').write('kept here')
os.mkdir('d'); os.rename('note', 'd/note'); os.link('d/note', 'again'); os.truncate('again', 4)
assert open('d/note').read() == 'kept' and sorted(os.listdir()) == ['again', 'd']
with tempfile.TemporaryFile() as f: f.write(b'x')
with concurrent.futures.ThreadPoolExecutor(4) as pool: assert list(pool.map(abs, [-1, 2])) == [1, 2]
assert sqlite3.connect('base').execute('select 1 + 1').fetchone() == (2,)
assert zoneinfo.ZoneInfo('Europe/Berlin').utcoffset(datetime.datetime(2020, 1, 1)).total_seconds() == 3600
caught = []
signal.signal(signal.SIGALRM, lambda *_: caught.append(1)); signal.setitimer(signal.ITIMER_REAL, 0.01); time.sleep(0.1)
assert caught
assert os.fstat(0).st_size == 5 and sys.stdin.seekable()
assert os.environ.keys() == {'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'}
print(sum(map(int, sys.stdin.read().split())), '\u00e4')
sys.stdout.flush()
try: exit()
except SystemExit: pass
"""
    assert said_by(sandbox, program, stdin=b"1 2\n3") == (["done"], "6 ä\n".encode())


@pytest.mark.parametrize("package", ["numpy", "sortedcontainers"])
def test_listed_packages_can_be_imported(sandbox, package):
    pytest.importorskip(package)
    uses = {"numpy": "numpy.linalg.inv(numpy.eye(2)).sum() == 2 and numpy.fft.fft([1]).size == 1 and numpy.random"}
    program = f"import importlib.metadata, {package}\nassert {uses.get(package, package)}"
    assert last(sandbox, program, limits=VerifierConfig()) == "done"


def test_every_program_begins_the_same(sandbox):
    program = "import random\nopen('mine', 'w').close()\nsay((random.random(), hash('a'), list({'x', 'y', 'z'})))"
    with Sandbox(LIMITS, inside=SCRIPT) as another:
        first, second, third = (said_by(s, program)[0] for s in (sandbox, sandbox, another))
    assert first == second == third
    assert last(sandbox, "import os\nassert os.listdir() == []") == "done"  # nothing of another program is there


def test_messages_of_any_size_go_both_ways_while_nobody_reads(sandbox):
    with sandbox.start(LIMITS) as jailed:
        started = time.monotonic()
        jailed.send(b"import time; time.sleep(1)")
        jailed.send(b"say('x' * 3_000_000) #" + b"y" * 3_000_000)  # more than any pipe holds
        assert time.monotonic() - started < 1
        assert jailed.receive(5) == b"done"
        assert jailed.receive(5) == b"x" * 3_000_000
        assert jailed.receive(5) == b"done"
        ended = jailed.end(5)
        assert (ended.status, ended.reason) == (0, "finished")


def test_why_it_ended(sandbox):
    assert set(REASONS) == {
        "finished", "error", "crash", "timeout", "killed", "threads", "files", "message", "sandbox",
    }  # fmt: skip
    with sandbox.start(LIMITS) as jailed:
        jailed.send(b"import time; time.sleep(9)")
        with pytest.raises(Ended) as over:
            jailed.receive(0.1)
        assert (over.value.status, over.value.reason) == (-signal.SIGKILL, "timeout")
        with pytest.raises(Ended):
            jailed.receive(0.1)
        assert jailed.end(1).reason == "timeout"
    with sandbox.start(LIMITS) as jailed:
        jailed.send(b"import os; os._exit(3)")
        with pytest.raises(Ended) as over:
            jailed.receive(5)
        assert (over.value.status, over.value.reason) == (3, "error")


def test_time_on_several_processors_is_time(sandbox):
    program = """
import hashlib, threading
def burn():
    while True: hashlib.sha256(b'x' * 2**24).digest()
for _ in range(8): threading.Thread(target=burn).start()
"""
    if len(os.sched_getaffinity(0)) < 4:
        pytest.skip("it takes four processors to use more of their time than passes")
    started = time.monotonic()
    with sandbox.start(LIMITS) as jailed:
        jailed.send(program.encode())
        jailed.receive(5)
        assert jailed.end(6).reason == "timeout"
    assert time.monotonic() - started < 5


def test_one_that_nobody_waits_for_is_watched_too(sandbox):
    with sandbox.start(LIMITS) as silent, sandbox.start(LIMITS) as asked:
        silent.send(b"n = 0\nwhile True:\n    n += 1\n    open(str(n), 'w').close()")
        for _ in range(100):
            asked.send(b"import time; time.sleep(0.2)")
            assert asked.receive(10) == b"done"
            if not alive(silent.number):
                break
        with pytest.raises(Ended) as over:
            silent.receive(0.0)
        assert over.value.reason == "files"


def test_two_programs_at_once_see_nothing_of_each_other(sandbox):
    with sandbox.start(LIMITS, stdin=b"one") as one, sandbox.start(LIMITS, stdin=b"two") as two:
        for jailed, text in ((one, "1"), (two, "2")):
            jailed.send(f"open('mine', 'w').write('{text}')\nimport os; say(os.getpid()); say(os.getcwd())".encode())
        heard = [[jailed.receive(5).decode() for _ in range(3)] for jailed in (one, two)]
        two.send(f"say(open('{heard[0][1]}/mine').read())".encode())
        assert two.receive(5).startswith(b"PermissionError")
        two.send(f"import os; os.kill({heard[0][0]}, 9)".encode())
        assert two.receive(5).startswith(b"PermissionError")
        one.send(b"say(open('mine').read())")
        assert one.receive(5) == b"1"


def test_nothing_of_a_program_is_in_the_memory_that_the_next_inherits(sandbox):
    marker = "a-program-of-its-own" * 3
    said_by(sandbox, f"kept = {marker!r}", stdin=marker.encode())
    reversed_ = marker[::-1]
    program = f"""
import gc
marker = {reversed_!r}[::-1]
for thing in gc.get_objects():
    if isinstance(thing, dict):
        for value in list(thing.values()):
            if isinstance(value, (str, bytes)) and value is not marker and {marker[:7]!r} in str(value):
                if 'marker =' not in str(value): say(repr(value)[:200])
"""
    assert said_by(sandbox, program)[0] == ["done"]


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    programs = (
        "open('a', 'w').write('x')",
        "while True: pass",
        "import os\nos.mkdir('d', 0)",
        "import os\nos._exit(0)",
    )
    before, others = set(os.listdir("/proc/self/fd")), zygotes_of(os.getpid())
    with Sandbox(LIMITS, inside=SCRIPT) as made:
        for program in programs:
            said_by(made, program, timeout=0.5)
        children = set(zygotes_of(os.getpid())) - set(others)
        assert children
    assert list(tmp_path.iterdir()) == []
    assert not [child for child in children if alive(child)]
    assert set(os.listdir("/proc/self/fd")) == before


def zygotes_of(parent):
    """The processes below it whose command line names a zygote, and their children."""
    found, left = [], [parent]
    while left:
        above = left.pop()
        for task in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(task.read_text().rpartition(")")[2].split()[1]) == above:
                    number = int(task.parent.name)
                    left.append(number)
                    if b"zygote.py" in (task.parent / "cmdline").read_bytes():
                        found.append(number)
    return found


def alive(process):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_zygote_that_dies_costs_its_programs_and_no_more():
    with Sandbox(LIMITS, inside=SCRIPT) as made:
        with made.start(LIMITS) as jailed:
            jailed.send(b"import time; time.sleep(60)")
            zygote, child = made._zygote.pid, jailed.number
            for process in zygotes_of(os.getpid()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            with pytest.raises(Ended) as over:
                jailed.receive(10)
            assert over.value.reason in ("sandbox", "killed")
        assert last(made, "say(1)") == "done"
        assert made._zygote.pid != zygote and not alive(child)


def test_a_zygote_that_cannot_start_is_no_verdict(monkeypatch):
    with Sandbox(LIMITS, inside=SCRIPT) as made:
        made.start(LIMITS).close()
        monkeypatch.setattr(made, "_start", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        with pytest.raises(Ended) as over:
            made.start(LIMITS)
        assert over.value.reason == "sandbox" and over.value.status is None


WORKER = """
import sys, threading, time
from pathlib import Path
from harvest.config import VerifierConfig
from harvest.verifiers.sandbox import Sandbox
limits = VerifierConfig()
made = Sandbox(limits, inside=Path(sys.argv[1]))
jailed = made.start(limits)
jailed.send(b"open('left', 'w').close()\\nimport signal\\nfor s in range(1, 32):\\n"
            b"    try: signal.signal(s, signal.SIG_IGN)\\n    except (OSError, ValueError): pass\\nwhile True: pass")
time.sleep(0.3)
print(jailed.number, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("signal_", [signal.SIGKILL, signal.SIGTERM])
def test_all_is_gone_within_seconds_of_the_worker(tmp_path, signal_):
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(SCRIPT)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    try:
        child = int(worker.stdout.readline())
        processes = [*zygotes_of(worker.pid), child]
        assert len(processes) >= 2 and all(map(alive, processes))
        worker.send_signal(signal_)
        worker.wait()
        until = time.monotonic() + 5
        while any(map(alive, processes)) and time.monotonic() < until:
            time.sleep(0.02)
        assert not any(map(alive, processes))
        assert list(tmp_path.iterdir()) == []  # its files are gone with it
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()


def test_a_thread_that_started_the_sandbox_may_end(sandbox):
    """A process that asks to die with its parent dies with the thread that made it; this one watches the process."""
    import threading

    made = []
    starter = threading.Thread(target=lambda: made.append(Sandbox(LIMITS, inside=SCRIPT)) or made[0].facts)
    starter.start()
    starter.join()
    with made[0] as started:
        time.sleep(0.2)
        zygote = started._zygote.pid
        assert last(started, "say(1)") == "done" and started._zygote.pid == zygote


def deep(folder, levels):
    at = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=at)
        inner = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)


@pytest.fixture
def folder(tmp_path):
    at = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield at
    os.close(at)


def test_any_folder_can_be_emptied(tmp_path, folder):
    precious = tmp_path.parent / f"{tmp_path.name}-precious"
    precious.mkdir(mode=0o500)
    deep(tmp_path, 30)
    os.makedirs(os.fsencode(tmp_path) + b"/\xff\xfe/\n/\x80")
    (tmp_path / "locked" / "in").mkdir(parents=True)
    (tmp_path / "locked" / "in").chmod(0)
    (tmp_path / "locked").chmod(0)
    (tmp_path / "out").symlink_to(precious)
    (tmp_path / "loop").symlink_to(".")
    os.mkfifo(tmp_path / "fifo")
    assert holds_more(folder, 10, 1 << 40)
    assert empty(folder) and os.listdir(tmp_path) == []
    assert stat.S_IMODE(precious.stat().st_mode) == 0o500


def test_folders_nested_by_the_thousand_are_removed():
    """Once a RecursionError. In memory where that can be had: some file systems take milliseconds a folder."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as made:
        deep(made, 3000)
        at = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
        try:
            assert holds_more(at, 10_000, 1 << 40)  # its path is longer than paths can be
            assert empty(at) and os.listdir(made) == []
        finally:
            os.close(at)


def test_immutable_files_go_and_what_stays_raises_nothing(tmp_path, folder):
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "f").write_text("x")
    (tmp_path / "f").write_text("x")
    frozen = [tmp_path / "d" / "f", tmp_path / "d" / "e", tmp_path / "d", tmp_path / "f"]
    try:
        for path in frozen:
            at = os.open(path, os.O_RDONLY)
            try:
                fcntl.ioctl(at, 0x40086602, (16).to_bytes(8, "little"))
            except OSError as error:
                pytest.skip(f"nothing can be made immutable here: {error.strerror}")
            finally:
                os.close(at)
        with pytest.raises(PermissionError):
            os.unlink(tmp_path / "f")
        assert empty(folder) and os.listdir(tmp_path) == []
    finally:
        empty(folder)
    closed = os.open(tmp_path, os.O_PATH)
    os.close(closed)
    assert empty(closed) is False


def test_how_much_a_folder_holds(tmp_path, folder):
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_bytes(bytes(10_000))
    assert not holds_more(folder, 6, 1 << 20) and holds_more(folder, 5, 1 << 20) and holds_more(folder, 6, 20_000)


def test_bubblewrap_where_it_is_installed(outside):
    if find_bubblewrap() is None:
        pytest.skip("bubblewrap is not installed")
    with Sandbox(LIMITS, inside=SCRIPT) as made:
        if made.facts["bubblewrap"] is None:
            pytest.skip("bubblewrap does not work here")
        about = "import os\nsay(os.getpid() < 100)\nsay(os.getppid() < 100)\nsay(os.stat('.').st_dev)"
        said = said_by(made, about)[0]
        assert said[:2] == ["True", "True"] and said[2] != str(os.stat(tempfile.gettempdir()).st_dev)
        filled = "n = 0\nwhile True:\n    n += 1\n    open(str(n), 'wb').write(bytes(2**22))"
        assert "28" in last(made, filled) or last(made, filled) == "files"
        for name in ("kills everybody", "an abstract socket", "removes shared memory", "reads another pool"):
            program, outcomes = PROGRAMS[name]
            assert any(re.fullmatch(o, last(made, fill(program, outside.values))) for o in outcomes)
        assert outside.state() == outside.before


def test_a_bubblewrap_that_does_not_work_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "bwrap").write_text('#!/bin/sh\n[ "$1" = --version ] && echo bubblewrap 0.0 && exit\nexit 1\n')
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with Sandbox(LIMITS, inside=SCRIPT) as made:
        assert made.facts["bubblewrap"] is None and last(made, "say(1)") == "done"


def test_facts_say_what_is_in_force(sandbox):
    facts = sandbox.facts
    assert facts["landlock"] == jail.landlock_version() >= 3 and facts["seccomp"] == "allow-list"
    assert set(facts["packages"]) <= {"numpy", "sortedcontainers"} and facts["threads"] == 64


def test_check_and_the_manifest_say_what_is_in_force(tmp_path, capsys):
    from harvest.cli import check
    from harvest.config import load_config
    from harvest.manifest import make_facts, make_plan
    from harvest.queries import make_queries

    problem = {"prompt": "def f():\n", "entry_point": "f", "test": "def check(f): pass"}
    (tmp_path / "problems.jsonl").write_text(json.dumps(problem))
    (tmp_path / "c.toml").write_text(f"""
        model.path = "some/model"
        sampling.n = 2
        output.path = "{tmp_path / "pool"}"
        task = {{ name = "humaneval", file = "{tmp_path / "problems.jsonl"}" }}
    """)
    check(str(tmp_path / "c.toml"))
    said = capsys.readouterr().out
    assert f"Landlock {jail.landlock_version()}" in said and "bubblewrap" in said and "seccomp" in said
    config = load_config(str(tmp_path / "c.toml"))
    queries = make_queries(config, str)
    plan = make_plan(config, queries, (0, 1), {})
    facts = make_facts(config, plan, queries, name="pool", engine={}, digest="")
    assert facts["verifier"]["sandbox"]["landlock"] == jail.landlock_version()
    assert plan["programs"] == {key: facts["verifier"]["sandbox"][key] for key in ("python", "packages")}
    assert "programs" not in make_plan(config, [], (0, 1), {})  # where none is run


def test_the_filter_is_built_once_and_knows_no_process(sandbox):
    assert make_filter() is make_filter()
    assert jail.PID.to_bytes(4, sys.byteorder) in make_filter()
    with sandbox.start(LIMITS) as jailed:
        jailed.send(b"import os, signal; signal.signal(10, lambda *_: say('mine')); os.kill(os.getpid(), 10)")
        assert jailed.receive(5) == b"mine"
