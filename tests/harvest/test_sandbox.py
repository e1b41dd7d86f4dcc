"""Hostile programs: all of them wrong, none of them harmful."""

import os
import time
from pathlib import Path

import pytest

from harvest.config import VerifierConfig as Limits
from harvest.verifiers.runs import available, run

LIMITS = Limits(timeout=3, memory_mb=512, file_mb=4)
HOSTILE = {
    "fork bomb": "import os\nwhile True:\n    os.fork()",
    "fork bomb that hides its errors": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "threads without end": "import threading as t, time\nwhile True: t.Thread(target=time.sleep, args=(9,)).start()",
    "endless loop": "while True: pass",
    "loop that ignores signals": """
import signal
for s in range(1, 32):
    try: signal.signal(s, signal.SIG_IGN)
    except OSError: pass
while True: pass
""",
    "sleep": "import time\ntime.sleep(99)",
    "10 GB": "x = bytearray(10 * 2**30)",
    "endless recursion": "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
    "leaves early": "import os\nos._exit(0)",
    "leaves by exit": "import sys\nsys.exit(0)",
    "leaves by exit in a try": "try:\n    exit(0)\nfinally:\n    pass",
    "writes beside its folder": "open('../beside', 'w').write('x')",
    "writes to an absolute path": "open('{outside}/evil', 'w').write('x')",
    "removes a file": "import os\nos.unlink('{outside}/precious')",
    "renames a file": "import os\nos.rename('{outside}/precious', '{outside}/gone')",
    "empties a file": "import os\nos.truncate('{outside}/precious', 0)",
    "changes a mode": "import os\nos.chmod('{outside}/precious', 0o777)\nassert False",
    "changes times": "import os\nos.utime('{outside}/precious', (0, 0))\nassert False",
    "follows a link out": "import os\nos.symlink('{outside}/precious', 'link')\nopen('link', 'w').write('x')",
    "makes a hard link out": "import os\nos.link('{outside}/precious', 'link')\nopen('link', 'w').write('x')",
    "network": "import socket\nsocket.create_connection(('127.0.0.1', 80))",
    "local socket": "import socket\nsocket.socket(socket.AF_UNIX)",
    "kills its parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "kills everybody": "import os, signal\nos.kill(-1, signal.SIGKILL)",
    "runs a command": "import subprocess\nsubprocess.run(['true'], check=True)",
    "runs a shell": "import os\nassert os.system('true') == 0",
    "prints without end": "while True: print('x' * 10**6)",
    "a file of 1 GB": "f = open('big', 'wb')\nfor _ in range(1024): f.write(bytes(2**20))",
    "crashes": "import ctypes\nctypes.string_at(0)",
    "aborts": "import os\nos.abort()",
    "does not compile": "def (",
    "fails": "raise ValueError('no')",
    "claims to have finished": "import os\nos.write(4, b'0' * 32)\nos._exit(0)",
    "execs another program": "import os\nos.execv('/bin/true', ['true'])",
    "lifts its limits": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nx = bytearray(2**30)",
    "a device": "import os, stat\nos.mknod('disk', stat.S_IFBLK | 0o666, os.makedev(8, 0))",
    "another user": "import os\nos.setuid(12345)",
}


@pytest.fixture(autouse=True)
def shut_in():
    if available():
        pytest.fail(f"programs cannot be shut in here: {available()}")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_programs_are_wrong_and_harm_nothing(tmp_path, name):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    precious.chmod(0o600)
    before = precious.stat()
    started = time.monotonic()
    ended = run(HOSTILE[name].replace("{outside}", str(tmp_path)), limits=LIMITS)
    assert not ended.finished and ended.reason
    assert time.monotonic() - started < 3 + 10  # its time and no more; the slack is for a busy machine
    assert len(ended.output) <= 4 << 20
    assert precious.read_text() == "precious"
    after = precious.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_nlink) == (before.st_mode, before.st_mtime_ns, before.st_nlink)
    assert [p.name for p in tmp_path.iterdir()] == ["precious"]


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for program in ("open('a', 'w').write('x')", "while True: pass", "import os\nos.mkdir('d')\nos.fork()"):
        run(program, limits=Limits(timeout=1))
    assert list(tmp_path.iterdir()) == []
    me = os.getpid()
    children = [p for p in Path("/proc").glob("[0-9]*/stat") if _parent(p) == me]
    assert not [c for c in children if "jail" in (c.parent / "cmdline").read_text()]


def _parent(stat):
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return -1


def test_honest_programs_may_do_what_programs_do():
    program = """
import sys, threading, math, collections, json, tempfile
open('note', 'w').write('kept here')
assert open('note').read() == 'kept here'
results = []
threads = [threading.Thread(target=results.append, args=(i,)) for i in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
assert sorted(results) == [0, 1, 2, 3]
print(sum(map(int, sys.stdin.read().split())))
"""
    ended = run(program, stdin="1 2\n3", limits=LIMITS)
    assert ended.finished and ended.output == "6\n"


def test_the_caller_sees_why():
    assert run("while True: pass", limits=Limits(timeout=0.5)).reason == "timeout"
    assert run("raise ValueError('because')", limits=LIMITS).reason == "ValueError: because"
    assert "MemoryError" in run("x = bytearray(2**34)", limits=LIMITS).reason
    assert run("import os\nos.abort()", limits=LIMITS).reason == "killed by SIGABRT"
    assert run("import os\nos._exit(0)", limits=LIMITS).reason == "left early"
