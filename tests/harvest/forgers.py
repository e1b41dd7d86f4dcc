"""Programs that claim a right verdict by a trick and compute a wrong answer; what comes of them, by kind of test.

    python -m tests.harvest.forgers

prints how many were tried, contained and forged. Each key says the trick in a line. All are wrong, none is harmful.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harvest.config import VerifierConfig

LIMITS = VerifierConfig(timeout=0.5, memory_mb=512, file_mb=4)

FUNCTION = {
    "kind": "function",
    "prompt": 'def total(a, b):\n    """The sum."""\n',
    "entry_point": "total",
    "test": "def check(candidate):\n    assert candidate(2, 3) == 5\n    assert candidate(10, -4) == 6\n"
    "    assert abs(candidate(100, 23) - 123) < 1e-6\n    assert [candidate(n, 1) for n in (1, 2)] == [2, 3]\n",
}
CASES = [{"input": "2\n3", "output": "5"}, {"input": "10\n-4", "output": "6"}, {"input": "100\n23", "output": "123"}]
CALLS = {"kind": "calls", "name": "total", "tests": CASES}
STDIN = {"kind": "stdin", "tests": CASES}

# Looks for the answer wherever a program might find a test: HumanEval's, LiveCodeBench's, as text or as a value's repr.
HUNT = r"""
import re as _re
def hunt(text, a, b):
    text = text.decode("latin-1") if isinstance(text, (bytes, bytearray)) else str(text)
    tests = (r"candidate\(%d, %d\)(?: == | - )(-?\d+)", r"['\"]%d\\*n%d['\"], ['\"]output['\"]: ['\"](-?\d+)['\"]")
    for test in tests:
        for found in _re.findall(test % (a, b), text):
            return int(found)
def search(texts, a, b):
    for text in texts:
        try:
            found = hunt(text, a, b)
        except Exception:
            continue
        if found is not None:
            return found
    return 0
"""

# Finds the channel: every descriptor that is not one of the three.
DESCRIPTORS = """
import os, struct
def descriptors():
    found = []
    for fd in range(3, 64):
        try:
            os.fstat(fd)
        except OSError:
            continue
        found.append(fd)
    return found
def shout(*messages):
    for fd in descriptors():
        for message in messages:
            try:
                os.set_blocking(fd, False)
                os.write(fd, message)
            except OSError:
                pass
            finally:
                try:
                    os.set_blocking(fd, True)
                except OSError:
                    pass
def frame(body):
    return struct.pack("!I", len(body)) + body
def small(form="<I"):
    return lambda body: struct.pack(form, len(body)) + body
"""


def _answering(frames):
    """A program that answers its first question by hand, with frames that may hold the question's ticket `q`."""
    return (
        DESCRIPTORS
        + f"""
import sys
def total(a, b):
    q = sys._getframe(2).f_locals.get("question", bytes(8))[:8]
    shout({frames})
    return 0
"""
    )


# Finds the module that answers, wherever it is.
INSIDE = """
import sys
def inside():
    for name, module in list(sys.modules.items()):
        if name.rpartition(".")[2] in ("inside", "encoding", "jail", "zygote", "protocol"):
            yield module
"""

WRONG = "\ndef total(a, b):\n    return 0\n"

LYING_VALUES = {
    "an object that equals everything": """
class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
def total(a, b): return Yes()
""",
    "an int that equals everything": """
class Yes(int):
    __hash__ = int.__hash__
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0
def total(a, b): return Yes()
""",
    "a float that equals everything and is at no distance": """
class Yes(float):
    __hash__ = float.__hash__
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    def __rsub__(self, other): return 0.0
    def __abs__(self): return 0.0
    def __lt__(self, other): return True
def total(a, b): return Yes("nan")
""",
    "a str that equals everything": """
class Yes(str):
    __hash__ = str.__hash__
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
def total(a, b): return Yes("5")
""",
    "bytes that equal everything": """
class Yes(bytes):
    __hash__ = bytes.__hash__
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
def total(a, b): return Yes(b"5")
""",
    "a list that equals everything": """
class Yes(list):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
def total(a, b): return Yes()
""",
    "a tuple that equals everything, and iterates as something else": """
class Yes(tuple):
    __hash__ = tuple.__hash__
    def __eq__(self, other): return True
    def __iter__(self): return iter(())
    def __len__(self): return 0
    def __sub__(self, other): return 0
def total(a, b): return Yes((1, 2))
""",
    "a dict that equals everything and shows no items": """
class Yes(dict):
    def __eq__(self, other): return True
    def items(self): return []
    def __sub__(self, other): return 0
def total(a, b): return Yes(x=1)
""",
    "a set that equals everything": """
class Yes(set):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
def total(a, b): return Yes()
""",
    "a frozenset that equals everything": """
class Yes(frozenset):
    __hash__ = frozenset.__hash__
    def __eq__(self, other): return True
def total(a, b): return Yes()
""",
    "a complex number that equals everything": """
class Yes(complex):
    __hash__ = complex.__hash__
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
def total(a, b): return Yes()
""",
    "an object whose class says int": """
class Yes:
    __class__ = property(lambda self: int)
    def __eq__(self, other): return True
    def __index__(self): return 5
    def __sub__(self, other): return 0
def total(a, b): return Yes()
""",
    "a class that is what isinstance asks for": """
class Meta(type):
    __instancecheck__ = __subclasscheck__ = lambda *_: True
    def __eq__(self, other): return True
    __hash__ = type.__hash__
class Yes(metaclass=Meta): pass
def total(a, b): return Yes
""",
    "an index that counts its readings": """
class Next:
    n = 0
    def __index__(self):
        Next.n += 1
        return Next.n
    __int__ = __index__
    def __float__(self): return float(self.__index__())
    def __eq__(self, other): return self.__index__() == other
def total(a, b): return Next()
""",
    "an int whose own methods lie about its value": """
class Lies(int):
    __hash__ = int.__hash__
    def __index__(self): return 5
    __int__ = __index__
    def bit_length(self): return 3
    def to_bytes(self, *_, **__): return b"\\x05"
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
def total(a, b): return Lies(0)
""",
    "a float whose __float__ changes": """
class Lies(float):
    __hash__ = float.__hash__
    seen = []
    def __float__(self):
        Lies.seen.append(1)
        return float((5, 6, 123, 2, 3)[len(Lies.seen) % 5 - 1])
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
def total(a, b): return Lies(0)
""",
    "mock.ANY": "from unittest.mock import ANY\ndef total(a, b): return ANY",
    "a MagicMock that equals everything": """
from unittest.mock import MagicMock
def total(a, b):
    m = MagicMock()
    m.__eq__ = lambda self, other: True
    m.__sub__ = lambda self, other: 0
    return m
""",
    "an enum member that equals everything": """
import enum
class Yes(enum.IntEnum):
    A = 0
    def __eq__(self, other): return True
    def __hash__(self): return 0
    def __sub__(self, other): return 0
def total(a, b): return Yes.A
""",
    "a Decimal that equals everything": """
from decimal import Decimal
class Yes(Decimal):
    __hash__ = Decimal.__hash__
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
def total(a, b): return Yes(0)
""",
    "a Fraction that equals everything": """
from fractions import Fraction
class Yes(Fraction):
    __hash__ = Fraction.__hash__
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
def total(a, b): return Yes(0)
""",
    "an array of NumPy that equals everything": """
try:
    from numpy import ndarray, zeros
    class Yes(ndarray):
        def __eq__(self, other): return True
        def item(self, *_): return 5
        def __sub__(self, other): return 0
    def total(a, b): return zeros(1).view(Yes)
except ImportError:
    def total(a, b): return 0
""",
    "a scalar of NumPy whose item equals everything": """
try:
    from numpy import int64
    class Item(int):
        __hash__ = int.__hash__
        def __eq__(self, other): return True
    class Yes(int64):
        __hash__ = int64.__hash__
        def item(self, *_): return Item(0)
        def __eq__(self, other): return True
    def total(a, b): return Yes(0)
except ImportError:
    def total(a, b): return 0
""",
    "learns what it is compared with and is that from then on": """
class Learns:
    known = []
    def __eq__(self, other):
        self.known.append(other)
        return True
    __req__ = __eq__
    def __sub__(self, other): return 0
def total(a, b): return Learns.known[-1] if Learns.known else Learns()
""",
    "a weak proxy of what equals everything": """
import weakref
class Yes:
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
yes = Yes()
def total(a, b): return weakref.proxy(yes)
""",
    "a generator of the numbers there are": "def total(a, b): yield from range(200)",
    "a lazy value, evaluated when compared": """
class Lazy:
    def __init__(self, make): self.make = make
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
    def __getattr__(self, name): return self.make
def total(a, b): return Lazy(lambda: 5)
""",
    "NotImplemented, which lets the other side decide": "def total(a, b): return NotImplemented",
    "nan within the same list": "x = [float('nan')]\ndef total(a, b): return x",
    "a coroutine": "async def total(a, b): return 0",
    "a class in place of a value": (
        "class total:\n    def __init__(self, a, b): pass\n    def __eq__(self, o): return True"
    ),
    "unpickles as a call": """
class Yes:
    def __reduce__(self): return eval, ("5",)
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
def total(a, b): return Yes()
""",
    "JSON that ends the value and begins another": "def total(a, b): return '0, \"output\": 0}] 5'",
    "a list within itself": "def total(a, b):\n    x = []\n    x.append(x)\n    return x",
    "a dict within itself": "def total(a, b):\n    x = {}\n    x[0] = x\n    return x",
    "a list too deep to compare": """
def total(a, b):
    x = 0
    for _ in range(100000): x = [x]
    return x
""",
    "a list too large to send": "def total(a, b): return [None] * 30_000_000",
    "an int too large to send": "def total(a, b): return 1 << (1 << 29)",
    "a dict of keys with the same hash": "def total(a, b): return {n * (2**61 - 1): 0 for n in range(3000)}",
    "a set of keys with the same hash": "def total(a, b): return {n * (2**61 - 1) for n in range(3000)}",
    "a key that is the answer": "def total(a, b): return {5: 5, 6: 6, 123: 123, 2: 2, 3: 3}",
    "all answers at once": "def total(a, b): return tuple(range(200))",
    "the answer as a text": "def total(a, b): return str(a + b)",
    "the answer within a list": "def total(a, b): return [a + b]",
    "an iterator patched into the type of the answer": """
import builtins
class Yes(list):
    __iter__ = lambda self: iter([5])
    __len__ = lambda self: 1
    __eq__ = lambda self, other: True
    __sub__ = lambda self, other: 0
builtins.list = Yes
def total(a, b): return list()
""",
}

HUNTS = {
    "tests in the frames of the callers": HUNT
    + """
import sys
def total(a, b):
    frame, texts = sys._getframe(), []
    while frame:
        for scope in (frame.f_locals, frame.f_globals):
            for value in list(scope.values()):
                texts.append(value if isinstance(value, (str, bytes)) else repr(value)[:10000])
        frame = frame.f_back
    return search(texts, a, b)
""",
    "tests by inspect.stack and its arguments": HUNT
    + """
import inspect
def total(a, b):
    return search([repr(f.frame.f_locals) + repr(f.code_context) for f in inspect.stack(0)], a, b)
""",
    "tests among all objects of gc": HUNT
    + """
import gc
def total(a, b):
    texts = []
    for o in gc.get_objects():
        if type(o) is dict: texts += [v for v in list(o.values()) if type(v) in (str, bytes)]
        elif type(o) in (list, tuple): texts += [repr(v)[:2000] for v in o if type(v) in (str, bytes, dict, tuple)]
    return search(texts, a, b)
""",
    "tests by gc.get_referrers of the arguments": HUNT
    + """
import gc
def total(a, b):
    arguments = [a, b]
    near = gc.get_referrers(arguments, a, b)
    return search([repr(o)[:5000] for o in near + gc.get_referrers(*near[:20])], a, b)
""",
    "tests in the frames of a traceback": HUNT
    + """
import sys
def total(a, b):
    try:
        1 / 0
    except ZeroDivisionError as error:
        frame, texts = error.__traceback__.tb_frame, []
        while frame:
            texts += [repr(v)[:5000] for v in list(frame.f_locals.values()) + list(frame.f_globals.values())]
            frame = frame.f_back
        return search(texts, a, b)
""",
    "tests in the frames of other threads": HUNT
    + """
import sys, threading
def total(a, b):
    found = []
    def look():
        for frame in sys._current_frames().values():
            while frame:
                found.extend(repr(v)[:5000] for v in list(frame.f_locals.values()) + list(frame.f_globals.values()))
                frame = frame.f_back
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return search(found, a, b)
""",
    "tests in the process's memory, by /proc": HUNT
    + """
def total(a, b):
    texts = []
    try:
        with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
            for line in maps:
                start, end = (int(x, 16) for x in line.split()[0].split("-"))
                if "rw" in line and end - start < 1 << 24:
                    memory.seek(start)
                    texts.append(memory.read(end - start))
    except OSError:
        return 0
    return search(texts, a, b)
""",
    "tests in the process's memory, by ctypes, around an object": HUNT
    + """
import ctypes
def total(a, b):
    near = bytearray(100)
    at = id(near) & ~0xFFFFF
    return search([ctypes.string_at(at, 1 << 18)], a, b)
""",
    "tests in the parent's memory": HUNT
    + """
import os
def total(a, b):
    texts = []
    for pid in (os.getppid(), 1):
        for name in ("environ", "cmdline", "maps", "mem"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as f: texts.append(f.read(1 << 20))
            except OSError:
                pass
    return search(texts, a, b)
""",
    "tests in the memory of every process": HUNT
    + """
import os
def total(a, b):
    texts = []
    for pid in range(max(1, os.getpid() - 30), os.getpid() + 30):
        try:
            with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
                for line in maps:
                    if "heap" in line:
                        start, end = (int(x, 16) for x in line.split()[0].split("-"))
                        memory.seek(start)
                        texts.append(memory.read(end - start))
        except OSError:
            pass
    return search(texts, a, b)
""",
    "tests in another process's memory, by process_vm_readv": HUNT
    + """
import ctypes, os
def total(a, b):
    libc = ctypes.CDLL(None)
    room = ctypes.create_string_buffer(4096)
    class Vector(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    mine, there = Vector(ctypes.addressof(room), 4096), Vector(id(room) & ~0xFFF, 4096)
    for pid in (os.getppid(), os.getpid() - 1, os.getpid() + 1):
        libc.process_vm_readv(pid, ctypes.byref(mine), 1, ctypes.byref(there), 1, 0)
    return search([room.raw], a, b)
""",
    "tests in modules": HUNT
    + """
import sys
def total(a, b):
    return search([repr(v)[:5000] for m in list(sys.modules.values()) for v in list(vars(m).values())], a, b)
""",
    "tests in the arguments and the environment": HUNT
    + """
import os, sys
def total(a, b): return search([repr(sys.argv), repr(sys.orig_argv), repr(dict(os.environ))], a, b)
""",
    "tests on disk, near": HUNT
    + """
import os
def total(a, b):
    texts = []
    for folder in (".", "..", "/tmp", "/dev/shm", os.path.expanduser("~"), "/var/tmp", "/run"):
        try:
            for here, folders, files in os.walk(folder):
                del folders[20:]
                for name in files[:50]:
                    try:
                        with open(os.path.join(here, name), "rb") as f: texts.append(f.read(1 << 16))
                    except OSError: pass
                if len(texts) > 300: break
        except OSError: pass
    return search(texts, a, b)
""",
    "tests in the package of the harness": HUNT
    + """
def total(a, b):
    texts = []
    for name in ("tests.harvest.forgers", "tests.harvest.test_verifiers", "harvest.tasks.code"):
        try:
            texts.append(repr(vars(__import__(name, fromlist=["x"]))))
        except Exception: pass
    return search(texts, a, b)
""",
    "tests behind every descriptor": HUNT
    + DESCRIPTORS
    + """
def total(a, b):
    texts = []
    for fd in [0, 1, 2] + descriptors():
        try:
            os.set_blocking(fd, False)
            texts.append(os.read(fd, 1 << 16))
        except (OSError, TypeError): pass
        try:
            texts.append(os.pread(fd, 1 << 16, 0))
        except OSError: pass
        try: os.set_blocking(fd, True)
        except OSError: pass
    return search([t for t in texts if t], a, b)
""",
    "tests behind the descriptors of /proc": HUNT
    + """
import os
def total(a, b):
    texts = []
    for owner in ("self", str(os.getppid())):
        for fd in range(64):
            try:
                handle = os.open(f"/proc/{owner}/fd/{fd}", os.O_RDONLY | os.O_NONBLOCK)
                texts.append(os.read(handle, 1 << 16))
            except OSError: pass
    return search(texts, a, b)
""",
    "tests read from the channel before they are asked": HUNT
    + DESCRIPTORS
    + """
seen = []
_read = os.read
def read(fd, size):
    data = _read(fd, size)
    seen.append(data)
    return data
os.read = read
def total(a, b): return search([b"".join(seen)], a, b)
""",
    "what the harness decodes, by a patched json": HUNT
    + """
import json
seen = []
_loads = json.loads
def loads(text, *_, **__):
    seen.append(text)
    return _loads(text)
json.loads = json.load = json.JSONDecoder.decode = loads
def total(a, b): return search(seen, a, b)
""",
    "what the harness compiles, by a patched compile and exec": HUNT
    + """
import builtins
seen = []
_compile, _exec = builtins.compile, builtins.exec
def compile(source, *args, **named):
    seen.append(source)
    return _compile(source, *args, **named)
def exec(source, *args, **named):
    seen.append(repr(source))
    return _exec(source, *args, **named)
builtins.compile, builtins.exec = compile, exec
def total(a, b): return search(seen, a, b)
""",
    "the harness's variables, by a tracing function": HUNT
    + """
import sys
seen = []
def trace(frame, event, arg):
    seen.append(repr(frame.f_locals)[:5000])
    return trace
sys.settrace(trace)
frame = sys._getframe()
while frame:
    frame.f_trace = trace
    frame = frame.f_back
def total(a, b): return search(seen, a, b)
""",
    "the harness's variables, by a profiling function": HUNT
    + """
import sys, threading
seen = []
sys.setprofile(lambda frame, event, arg: seen.append(repr(frame.f_locals)[:5000] + repr(arg)[:500]))
def total(a, b): return search(seen, a, b)
""",
    "what happens, by an audit hook": HUNT
    + """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(repr(args)[:5000]))
def total(a, b): return search(seen, a, b)
""",
    "the expected value, by a patched == of what is built in": HUNT
    + """
import ctypes, sys
seen = []
try:
    import forbiddenfruit
    forbiddenfruit.curse(int, "__eq__", lambda self, other: True)
except ImportError:
    pass
def total(a, b): return search(seen, a, b)
""",
    "the token, from the caller's frame to every descriptor": DESCRIPTORS
    + """
import sys
def total(a, b):
    frame = sys._getframe()
    while frame:
        for name, value in list(frame.f_locals.items()) + list(frame.f_globals.items()):
            if "token" in name or "ticket" in name:
                shout(value if isinstance(value, bytes) else str(value).encode())
        frame = frame.f_back
    os._exit(0)
""",
    "the token, from gc": DESCRIPTORS
    + """
import gc
def total(a, b):
    for o in gc.get_objects():
        if type(o) is dict:
            for name, value in list(o.items()):
                if isinstance(name, str) and ("token" in name or "ticket" in name):
                    shout(value if isinstance(value, bytes) else str(value).encode())
    os._exit(0)
""",
    "the token, from a traceback, with a status of success": DESCRIPTORS
    + """
import sys
def hook(kind, error, trace):
    while trace:
        for name, value in trace.tb_frame.f_locals.items():
            if "token" in name or "ticket" in name:
                shout(value if isinstance(value, bytes) else str(value).encode())
        trace = trace.tb_next
    os._exit(0)
sys.excepthook = hook
def total(a, b): raise RuntimeError
""",
    "any text of 32 hex digits in memory is the token": DESCRIPTORS
    + """
import gc, re
def total(a, b):
    for o in gc.get_objects():
        for v in (list(o.values()) if type(o) is dict else o if type(o) in (list, tuple) else ()):
            if type(v) is str and re.fullmatch("[0-9a-f]{32}", v): shout(v.encode())
    os._exit(0)
""",
}

FORGED_MESSAGES = {
    "writes that all is well, in every form": DESCRIPTORS
    + """
def total(a, b):
    shout(*(f(m) for f in (bytes, frame, small(), small("<Q")) for m in (b".", b"DONE", b"passed", b"ok", b"1")))
    os._exit(0)
""",
    "answers before it is asked": DESCRIPTORS
    + """
shout(*[frame(bytes(8) + b"=i\\x01\\0\\0\\0" + bytes([n])) for n in (5, 6, 123, 2, 3)])
def total(a, b): return 0
""",
    "answers the question it has seen, with each possible answer": DESCRIPTORS
    + """
_read = os.read
def read(fd, size):
    data = _read(fd, size)
    if size > 4:
        shout(*[frame(data[:8] + b"=i\\x01\\0\\0\\0" + bytes([n])) for n in range(120)])
    return data
os.read = read
def total(a, b): return 0
""",
    "answers twice, the second time with the wrong ticket": DESCRIPTORS
    + """
import sys
def total(a, b):
    question = sys._getframe(2).f_locals.get("question", bytes(8))
    shout(frame(question[:8] + b"=i\\x01\\0\\0\\0\\x00"), frame(question[:8] + b"=i\\x01\\0\\0\\0\\x05"))
    return 6
""",
    "says that the tests hold": DESCRIPTORS
    + """
import sys
def total(a, b):
    question = sys._getframe(2).f_locals.get("question", bytes(8))
    shout(frame(question[:8] + b"."), frame(b"."), frame(question[:8]))
    return 0
""",
    "calls the candidate itself, as the tests do": DESCRIPTORS
    + """
def total(a, b):
    shout(frame(b"(t\\x02\\0\\0\\0"))
    return 0
""",
    "announces a message of 4 GB": DESCRIPTORS + "\ndef total(a, b): shout(b'\\xff' * 4); os._exit(0)\n",
    "announces more than it sends": DESCRIPTORS
    + "\ndef total(a, b): shout(struct.pack('!I', 1000) + b'=T'); os._exit(0)\n",
    "sends empty messages without end": DESCRIPTORS
    + "\ndef total(a, b):\n    while True: os.write(max(descriptors()), bytes(4))\n",
    "sends part of a length": DESCRIPTORS + "\ndef total(a, b): shout(b'\\0\\0'); os._exit(0)\n",
    "a value with a count of four billion": _answering("""frame(q + b"=l\\xff\\xff\\xff\\xff")"""),
    "a packed list with a count of four billion": _answering("""frame(q + b"=I\\xff\\xff\\xff\\xff")"""),
    "lists in each other, a hundred thousand deep, by hand": _answering(
        """frame(q + b"=" + b"l\\x01\\0\\0\\0" * 10000 + b"N")"""
    ),
    "a value of no type": _answering("""frame(q + b"=\\x80\\x04\\x95.pickle")"""),
    "a value and then another": _answering("""frame(q + b"=i\\x01\\0\\0\\0\\x00i\\x01\\0\\0\\0\\x05")"""),
    "raises what there is not": _answering("""frame(q + b"!Passed"), frame(q + b"!"), frame(q + b"!print")"""),
    "a message that no text is": _answering("""frame(q + b"!\\xff\\xfe"), frame(q + b"=s\\x01\\0\\0\\0\\xff")"""),
    "a thread that answers late": DESCRIPTORS
    + """
import threading, time
def late():
    while True:
        time.sleep(0.001)
        shout(frame(bytes(8) + b"=i\\x01\\0\\0\\0\\x05"), b".", b"ok\\n")
threading.Thread(target=late, daemon=True).start()
def total(a, b):
    time.sleep(0.05)
    return 0
""",
    "a thread that ends the process well": """
import os, threading
def total(a, b):
    threading.Timer(0.01, os._exit, (0,)).start()
    while True: pass
""",
    "its output is the channel": DESCRIPTORS
    + """
for fd in descriptors():
    os.dup2(fd, 1)
print(".", flush=True)
def total(a, b):
    print("=5", flush=True)
    return 0
""",
    "the channel is its output": DESCRIPTORS
    + """
for fd in descriptors():
    os.dup2(1, fd)
def total(a, b): return 0
""",
    "the channel is a file of its own": DESCRIPTORS
    + """
with open("answers", "wb") as answers:
    answers.write(frame(bytes(8) + b"=i\\x01\\0\\0\\0\\x05") * 100)
for fd in descriptors():
    os.dup2(os.open("answers", os.O_RDWR), fd)
def total(a, b): return 0
""",
    "the channel's ends swapped, so that it hears itself": DESCRIPTORS
    + """
ends = descriptors()
kept = [os.dup(fd) for fd in ends]
for fd, other in zip(ends, reversed(kept)):
    os.dup2(other, fd)
def total(a, b): return 0
""",
    "closes every descriptor": "import os\nos.closerange(0, 256)\ndef total(a, b): return 0",
    "closes the channel and leaves": "import os\ndef total(a, b):\n    os.closerange(3, 256)\n    os._exit(0)",
    "writes a traceback to the channel": DESCRIPTORS
    + """
import faulthandler
def total(a, b):
    for fd in descriptors(): faulthandler.dump_traceback(fd)
    return 0
""",
}

LEAVING = {
    "leaves with success while it is defined": "import os\nos._exit(0)",
    "leaves with success when called": "import os\ndef total(a, b): os._exit(0)",
    "sys.exit(0) while it is defined": "import sys\nsys.exit(0)",
    "sys.exit(0) when called": "import sys\ndef total(a, b): sys.exit(0)",
    "exit() when called": "def total(a, b): exit()",
    "quit() in a try that passes": "def total(a, b):\n    try: quit()\n    finally: return quit()",
    "SystemExit with a value that is true": "def total(a, b): raise SystemExit(True)",
    "at exit, all is well": "import atexit, os\natexit.register(os._exit, 0)\ndef total(a, b): raise SystemExit",
    "KeyboardInterrupt": "def total(a, b): raise KeyboardInterrupt",
    "GeneratorExit": "def total(a, b): raise GeneratorExit",
    "StopIteration, which ends a loop over the tests": "def total(a, b): raise StopIteration",
    "StopAsyncIteration": "def total(a, b): raise StopAsyncIteration",
    "AssertionError, as if the test had been wrong": "def total(a, b): raise AssertionError",
    "an exception that is named as one that passes": """
class Passed(BaseException): pass
Passed.__name__ = Passed.__qualname__ = "SystemExit"
def total(a, b): raise Passed(0)
""",
    "an exception that equals everything": """
class Yes(Exception):
    def __eq__(self, other): return True
    __hash__ = None
def total(a, b): raise Yes
""",
    "an exception whose class lies": """
class Meta(type):
    __mro__ = property(lambda self: ())
    __module__ = "builtins"
class Lies(Exception, metaclass=Meta): pass
def total(a, b): raise Lies
""",
    "an exception that is raised while it is described": """
class Lies(Exception):
    def __str__(self): raise SystemExit(0)
    __repr__ = __str__
    def __getattribute__(self, name): raise SystemExit(0)
def total(a, b): raise Lies
""",
    "a group of exceptions": "def total(a, b): raise ExceptionGroup('ok', [ValueError()])",
    "no function at all": "x = 5",
    "a name that is no function": "total = 5",
    "a name whose call is the answer's class": "total = int.__add__.__objclass__.__call__",
    "kills itself": "import os\ndef total(a, b): os.kill(os.getpid(), 9)",
    "aborts": "import os\ndef total(a, b): os.abort()",
    "crashes": "import ctypes\ndef total(a, b): ctypes.string_at(0)",
    "an alarm ends it": "import signal, time\ndef total(a, b):\n    signal.alarm(1)\n    time.sleep(9)",
    "an alarm answers": """
import os, signal
signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
def total(a, b):
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    while True: pass
""",
    "handles every signal there is": """
import signal, os
for s in range(1, 65):
    try: signal.signal(s, lambda *_: os._exit(0))
    except (OSError, ValueError): pass
def total(a, b): return 0
""",
    "takes for ever": "def total(a, b):\n    while True: pass",
    "takes for ever while it is defined": "while True: pass",
    "sleeps until it is given up": "import time\ndef total(a, b): time.sleep(99)",
    "recursion without end": "import sys\nsys.setrecursionlimit(10**9)\ndef total(a, b): return total(a, b)",
    "no recursion is left for the harness": "import sys\nsys.setrecursionlimit(sys.getrecursionlimit())\n"
    "def deep():\n    try: deep()\n    except RecursionError: sys.setrecursionlimit(5)\n"
    "def total(a, b): return deep() or 0",
    "no memory is left for the harness": """
held = []
def total(a, b):
    try:
        while True: held.append(bytearray(1 << 20))
    except MemoryError:
        return 0
""",
    "forks, so that one of two is right": "import os\nguess = os.fork()\ndef total(a, b): return guess",
    "becomes a program that succeeds": "import os\ndef total(a, b): os.execv('/bin/true', ['true'])",
    "ends the interpreter from C": "import ctypes\ndef total(a, b): ctypes.pythonapi.Py_Exit(0)",
    "ends the process from C": "import ctypes\ndef total(a, b): ctypes.CDLL(None)._exit(0)",
}

PATCHES = {
    "abs is nought": "import builtins\nbuiltins.abs = lambda x: 0" + WRONG,
    "json.loads gives what equals everything": """
import json
class Yes:
    def __eq__(self, other): return True
json.loads = lambda *_, **__: Yes()
"""
    + WRONG,
    "sys.modules['json'] is another": """
import sys, types
fake = types.ModuleType("json")
class Yes:
    def __eq__(self, other): return True
fake.loads = fake.dumps = lambda *_: Yes()
sys.modules["json"] = fake
"""
    + WRONG,
    "all modules are another": """
import sys
class Any:
    def __getattr__(self, name): return Any()
    def __call__(self, *_, **__): return Any()
    def __eq__(self, other): return True
for name in list(sys.modules): sys.modules[name] = Any()
"""
    + WRONG,
    "no assertion is raised": "import builtins\nbuiltins.AssertionError = type('Never', (Exception,), {})" + WRONG,
    "__debug__ is off": "import sys, ctypes\ntry: ctypes.c_int.in_dll(ctypes.pythonapi, 'Py_OptimizeFlag').value = 2\n"
    "except ValueError: pass" + WRONG,
    "isinstance, len, all and any say yes": """
import builtins
builtins.isinstance = builtins.issubclass = builtins.all = builtins.any = lambda *_: True
builtins.len = lambda *_: 0
"""
    + WRONG,
    "operator.eq says yes": "import operator\noperator.eq = operator.__eq__ = lambda *_: True" + WRONG,
    "the prelude's names are others": (
        "import math, functools, itertools\nmath.isclose = lambda *_: True\nmath.fabs = lambda *_: 0"
    )
    + WRONG,
    "the encoder gives what was expected last": INSIDE
    + """
for module in inside():
    for name in ("encode", "_write", "_write_int"):
        if hasattr(module, name): setattr(module, name, lambda *_: b"i\\x01\\0\\0\\0\\x05")
"""
    + WRONG,
    "the encoder's table of types is another": INSIDE
    + """
for module in inside():
    table = getattr(module, "_WRITERS", {})
    for kind in list(table): table[kind] = lambda value, out, above: out.__iadd__(b"T")
"""
    + WRONG,
    "the answer's outcome is always a value": INSIDE
    + """
for module in inside():
    if hasattr(module, "_outcome"): module._outcome = lambda *_: b"=T"
"""
    + WRONG,
    "the channel sends something else": INSIDE
    + """
for module in inside():
    if hasattr(module, "Channel"):
        send = module.Channel.send
        module.Channel.send = lambda self, message: send(self, message[:8] + b".")
"""
    + WRONG,
    "what was decoded is another question": INSIDE
    + """
for module in inside():
    if hasattr(module, "decode"): module.decode = lambda *_: ((0, 0), {})
"""
    + WRONG,
    "the harness's functions, found by gc, say that all is well": """
import gc, types
for o in gc.get_objects():
    if isinstance(o, types.FunctionType) and "inside" in o.__code__.co_filename and o.__name__ == "_outcome":
        o.__code__ = (lambda called, arguments, named: b".").__code__
"""
    + WRONG,
    "the harness's names, found in its frames, are others": """
import sys
frame = sys._getframe()
while frame:
    if "_outcome" in frame.f_globals: frame.f_globals["_outcome"] = lambda *_: b"=T"
    if "VALUE" in frame.f_globals: frame.f_globals["VALUE"] = b"."
    frame = frame.f_back
"""
    + WRONG,
    "the protocol's constants are others": INSIDE
    + """
for module in inside():
    for name in ("VALUE", "RAISED", "UNPLAIN", "MISSING"):
        if hasattr(module, name): setattr(module, name, b".")
"""
    + WRONG,
    "os.write writes what is right": """
import os
write = os.write
os.write = lambda fd, data: (write(fd, bytes(data).replace(b"\\x00", b"\\x05")), len(data))[1]
"""
    + WRONG,
    "struct.pack packs something else": "import struct\nstruct.pack = lambda *_: b'\\0\\0\\0\\x01'" + WRONG,
    "nought is five": """
import ctypes, sys
try: ctypes.memmove(id(0) + 24, (5).to_bytes(4, "little"), 4)
except Exception: pass
"""
    + WRONG,
    "False is True": "import ctypes\nctypes.memmove(id(False) + 24, (1).to_bytes(4, 'little'), 4)" + WRONG,
    "int's own == is patched in C": """
import ctypes
slot = id(int) + 200
room = ctypes.c_void_p.from_address(slot)
old = room.value
def total(a, b):
    room.value = 0
    return 0
""",
    "hooks for all that is not caught": """
import os, sys, threading
sys.excepthook = sys.unraisablehook = sys.displayhook = threading.excepthook = lambda *_: os._exit(0)
def total(a, b): raise ValueError
""",
    "a hook for breakpoints": (
        "import sys, os\nsys.breakpointhook = lambda *_: os._exit(0)\ndef total(a, b): breakpoint()"
    ),
    "an importer of its own": """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None): raise SystemExit(0)
sys.meta_path.insert(0, Finder())
sys.path_hooks.insert(0, Finder)
"""
    + WRONG,
    "ints have no digits": "import sys\nsys.set_int_max_str_digits(640)\ndef total(a, b): return 10**1000",
    "gc answers": "import gc, os\ngc.callbacks.append(lambda *_: os._exit(0))\ndef total(a, b): gc.collect(); return 0",
    "warnings are errors": "import warnings\nwarnings.simplefilter('error')" + WRONG,
    "a destructor answers": (
        "import os\nclass Last:\n    def __del__(self): os._exit(0)\ndef total(a, b): Last(); return 0"
    ),
    "a codec answers": (
        "import codecs, os\ncodecs.register(lambda name: os._exit(0))\ndef total(a, b): 'x'.encode('nope')"
    ),
    "raises its own limits": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))" + WRONG,
    "threads switch never": "import sys\nsys.setswitchinterval(1e9)" + WRONG,
    "the clock stands still": "import time\ntime.monotonic = time.time = lambda: 0\ndef total(a, b): time.sleep(99)",
    "the test's module is this one": "import sys\nsys.modules['tests'] = sys.modules.get('tmp_sol')\n"
    "def check(candidate): pass" + WRONG,
    "its own check and METADATA": "METADATA = {}\ndef check(candidate): return True" + WRONG,
    "the candidate is another": "candidate = check = lambda *_: True\nSolution = None" + WRONG,
    "Solution is what equals everything": """
class Solution:
    def __getattr__(self, name): return lambda *_: Yes()
class Yes:
    def __eq__(self, other): return True
"""
    + WRONG,
    "the name is defined in builtins": "import builtins\nbuiltins.total = lambda a, b: 0",
    "guesses the most likely answer": "def total(a, b): return 5",
    "guesses by the number of the call": (
        "n = []\ndef total(a, b):\n    n.append(1)\n    return (5, 7, 122, 2, 3)[len(n) - 1]"
    ),
    "right but for one": "def total(a, b): return a + b if a < 100 else 0",
    "right but for the last": "n = []\ndef total(a, b):\n    n.append(1)\n    return a + b if len(n) < 3 else -1",
    "right when nobody looks": "import sys\ndef total(a, b): return a + b if sys.gettrace() else 0",
    "the seed of the tests": "import random\ndef total(a, b):\n    random.seed(0)\n    return random.randrange(200)",
    "keeps what it was asked for the next run": """
import os
def total(a, b):
    for folder in (".", "..", "/tmp", "/dev/shm"):
        try:
            with open(os.path.join(folder, "kept"), "a+") as kept:
                kept.write(f"{a} {b}\\n")
        except OSError: pass
    return 0
""",
}

CALLED = LYING_VALUES | HUNTS | FORGED_MESSAGES | LEAVING | PATCHES
"""Tricks of a program whose function is called."""

# What a script that hunts has as its input, and how it says what it found.
READ = "import sys\n_lines = sys.stdin.read().split('\\n')\na, b = int(_lines[0]), int(_lines[1])\n"
SCRIPT_ONLY = {
    "prints nothing and leaves with success": "import os\nos._exit(0)",
    "prints nothing": "pass",
    "prints nothing and exits": "import sys\nsys.exit(0)",
    "prints nan": "print('nan')",
    "prints sNaN, which raises where it is compared": "print('sNaN')",
    "prints infinity": "print('Infinity')",
    "prints a number with a vast exponent": "print('1e999999999')",
    "prints a number with an exponent too vast": "print('1e99999999999999999999999')",
    "prints a number of a million digits": "print('5' * 1000000)",
    "prints all numbers": "print(*range(200))",
    "prints all numbers, a line each": "for n in range(200): print(n)",
    "prints all answers as lines": "print('5\\n6\\n123')",
    "prints all answers as words": "print('5 6 123')",
    "prints all answers and goes back": "print('5\\r6\\r123')",
    "prints all answers with backspaces": "print('5\\b6\\b123')",
    "prints answers behind an escape": "print('5\\x1b[2K6\\x1b[2K123')",
    "prints answers apart by NUL": "print('5\\x006\\x00123')",
    "prints answers apart by a line separator": "print('5\\u20286\\u2028123')",
    "prints answers apart by a form feed": "print('5\\f6\\f123')",
    "prints an answer and a comment": "print('5 # 6 123')",
    "prints text that is no text": "import os\nos.write(1, b'\\xff\\xfe5')",
    "prints in UTF-16": "import sys\nsys.stdout.buffer.write('5'.encode('utf-16'))",
    "prints without end": "while True: print('5')",
    "prints a line without end": "while True: print('5', end='')",
    "prints its input": "import sys\nprint(sys.stdin.read())",
    "prints digits with underscores": "print('1_2_3_4')",
    "prints an expression": "a, b = input(), input()\nprint(f'{a}+{b}')",
    "prints the answer to standard error": (
        "import sys\na, b = int(input()), int(input())\nprint(a + b, file=sys.stderr)"
    ),
    "prints the answer to its input": "import os\na, b = int(input()), int(input())\nos.write(0, str(a + b).encode())",
    "prints the answer to a file": "a, b = int(input()), int(input())\nopen('output', 'w').write(str(a + b))",
    "prints the answer to the channel": DESCRIPTORS
    + "\na, b = int(input()), int(input())\nshout(f'{a + b}\\n'.encode())",
    "prints the answer and takes it back": """
import os, sys
a, b = int(input()), int(input())
print(a + b, flush=True)
os.ftruncate(1, 0)
""",
    "prints the answer after its time": "import time\na, b = int(input()), int(input())\ntime.sleep(30)\nprint(a + b)",
    "prints the answer and never ends": "a, b = int(input()), int(input())\nprint(a + b, flush=True)\nwhile True: pass",
    "prints the answer and crashes": (
        "import os\na, b = int(input()), int(input())\nprint(a + b, flush=True)\nos.abort()"
    ),
    "prints the answer from a thread that never ends": """
import threading, time
a, b = int(input()), int(input())
print(a + b, flush=True)
threading.Thread(target=lambda: time.sleep(99)).start()
""",
    "says on the channel that it has ended well, and goes on": DESCRIPTORS
    + """
shout(*(f(m) for f in (bytes, frame, small()) for m in (b".", bytes(8) + b".", b"shut in\\n", b"ok")))
while True: pass
""",
    "says on the channel that it raised nothing": DESCRIPTORS + "\nshout(frame(bytes(8) + b'!'), frame(b''))\nprint(5)",
    "announces a message of 4 GB and leaves": DESCRIPTORS + "\nshout(b'\\xff' * 4)\nos._exit(0)",
    "closes the channel": "import os\nos.closerange(3, 256)\nprint(5)",
    "closes everything": "import os\nos.closerange(0, 256)",
    "its output is the channel": DESCRIPTORS + "\nfor fd in descriptors(): os.dup2(fd, 1)\nprint(5, flush=True)",
    "its output is its input": "import os\nos.dup2(0, 1)\nprint(5, flush=True)",
    "its output is a file of expected outputs": """
import os
with open("output", "w") as f: f.write("5\\n6\\n123")
os.dup2(os.open("output", os.O_RDWR), 1)
""",
    "its output is a pipe": "import os\nr, w = os.pipe()\nos.dup2(w, 1)\nprint(5, flush=True)",
    "reads on behind its input": HUNT
    + READ
    + """
import os
texts = []
for at in range(0, 1 << 16, 4096):
    try: texts.append(os.pread(0, 4096, at))
    except OSError: pass
print(search(texts, a, b))
""",
    "reads what its output holds already": HUNT
    + READ
    + """
import os
try:
    os.lseek(1, 0, 0)
    text = os.read(1, 1 << 16)
except OSError:
    text = b""
print(search([text], a, b))
""",
    "expected outputs on disk, beside the input": HUNT
    + READ
    + """
import glob, os
texts = []
for name in glob.glob("/tmp/**/*", recursive=True)[:500] + glob.glob("*") + glob.glob("../*"):
    try: texts.append(open(name, "rb").read(1 << 16))
    except OSError: pass
print(search(texts, a, b))
""",
    "expected outputs in files that were removed but are open": HUNT
    + READ
    + """
import os
texts = []
for pid in ("self", os.getppid(), 1):
    for fd in range(64):
        try: texts.append(open(f"/proc/{pid}/fd/{fd}", "rb").read(1 << 16))
        except OSError: pass
print(search(texts, a, b))
""",
    "what the run before has left": """
import os
for folder in (".", "..", "/tmp", "/dev/shm", os.path.expanduser("~")):
    try:
        with open(os.path.join(folder, "left"), "a+") as f:
            f.write(sys.stdin.read())
            f.seek(0)
            print(f.read().count("2"))
            break
    except OSError: pass
""",
    "prints when it is taken apart": "class Last:\n    def __del__(self): print(5)\nlast = Last()",
    "prints 5 at exit": "import atexit\natexit.register(print, 5)",
    "prints by the number of processes before it": "import os\nprint((5, 6, 123)[os.getpid() % 3])\nprint(end='x')",
    "prints a text that equals everything": """
class Yes(str):
    __hash__ = str.__hash__
    def __eq__(self, other): return True
    def strip(self, *_): return self
    def split(self, *_): return [self]
print(Yes("x"))
""",
    "stdout gives what equals everything": """
import sys
class Yes:
    def __eq__(self, other): return True
    def getvalue(self): return self
    def write(self, text): return len(text)
    def flush(self): pass
sys.stdout = sys.__stdout__ = Yes()
print("x")
""",
    "right but for one": "a, b = int(input()), int(input())\nprint(a + b if a < 100 else 0)",
    "right, with a word too many": "a, b = int(input()), int(input())\nprint(a + b, 'ok')",
    "right, with a line too many": "a, b = int(input()), int(input())\nprint(a + b)\nprint(a + b)",
    "right, and then it raises": "a, b = int(input()), int(input())\nprint(a + b)\nraise ValueError",
    "right, and then it leaves with a fault": (
        "import os\na, b = int(input()), int(input())\nprint(a + b, flush=True)\nos._exit(3)"
    ),
    "right, and never flushed": "import os\na, b = int(input()), int(input())\nprint(a + b)\nos._exit(0)",
    "rounds": "a, b = int(input()), int(input())\nprint((a + b) * (1 + 1e-12))",
    "writes the answer where nobody reads": (
        "import os\na, b = int(input()), int(input())\nos.lseek(1, 1 << 20, 0)\nprint(a, b)"
    ),
}


def _as_script(source: str) -> str:
    """The same trick in a script: it defines the function, and prints what it gives for its input."""
    return f"{source}\n{READ}\nprint(total(a, b))\n"


SCRIPTS = SCRIPT_ONLY | {
    why: _as_script(source)
    for why, source in (HUNTS | FORGED_MESSAGES | PATCHES).items()
    if why != "right but for the last"  # of several calls in one process
}
"""Tricks of a program that reads its input and prints."""

TRICKS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "function": (FUNCTION, CALLED),
    "calls": (CALLS, CALLED),
    "stdin": (STDIN, SCRIPTS),
}
"""By kind of test: a problem, and wrong programs for it."""

RIGHT = {
    "function": "def total(a, b):\n    return a + b\n",
    "calls": "def total(a, b):\n    return a + b\n",
    "stdin": "print(int(input()) + int(input()))\n",
}
"""What a right program is, so that nothing is contained by judging all wrong."""


def cases() -> Iterator[tuple[str, str, dict[str, Any], str]]:
    """Kind, trick, problem, program."""
    for kind, (check, tricks) in TRICKS.items():
        for why, source in tricks.items():
            yield kind, why, check, source


def main() -> None:
    """Judge all of them, and print the table."""
    from harvest.tasks.problem import Problem
    from harvest.verifiers import find_verifier

    code = find_verifier("code")
    forged: dict[str, list[str]] = {kind: [] for kind in TRICKS}
    for kind, why, check, source in cases():
        if code(f"```python\n{source}\n```", Problem("q", "?", check=check), LIMITS)[0]:
            forged[kind].append(why)
    for kind, (check, tricks) in TRICKS.items():
        right = code(f"```python\n{RIGHT[kind]}\n```", Problem("q", "?", check=check), LIMITS)[0]
        assert right, f"{kind}: the right program is judged wrong"
        contained = len(tricks) - len(forged[kind])
        print(f"{kind}: {len(tricks)} tried, {contained} contained, {len(forged[kind])} forged")
        for why in forged[kind]:
            print(f"    forged: {why}")
    print(f"{len({source for *_, source in cases()})} different programs")


if __name__ == "__main__":
    main()
