"""The judge: no wrong program is right by a trick, no right one is wrong for an oddity."""

import json
import sys
import time

import pytest

from harvest.config import VerifierConfig
from harvest.tasks import Problem
from harvest.verifiers import judge
from harvest.verifiers.judge.programs import extract_program
from harvest.verifiers.sandbox import Ended
from harvest.verifiers.verdict import Verdict
from tests.harvest import forgers
from ttcsim.errors import InputError

LIMITS = VerifierConfig(timeout=10, memory_mb=512)


def verdict(source, check, limits=LIMITS):
    return judge.code(f"```python\n{source}\n```", Problem("q", "?", check=check), limits)


@pytest.mark.parametrize(
    ("kind", "why", "check", "source"), [pytest.param(*case, id=f"{case[0]}: {case[1]}") for case in forgers.cases()]
)
def test_no_verdict_is_forged(kind, why, check, source):
    assert not verdict(source, check, forgers.LIMITS).right


@pytest.mark.parametrize("kind", forgers.RIGHT)
def test_a_right_program_is_right(kind):
    """The control: what contains the others lets it pass."""
    check, _ = forgers.TRICKS[kind]
    assert verdict(forgers.RIGHT[kind], check, forgers.LIMITS.model_copy(update={"timeout": 10})) == Verdict(True)


def test_tricks_are_many_and_different():
    assert len({source for _, _, _, source in forgers.cases()}) >= 141
    assert min(len(tricks) for _, tricks in forgers.TRICKS.values()) >= 100


def calls(name, *tests):
    return {"kind": "calls", "name": name, "tests": [{"input": i, "output": o} for i, o in tests]}


def stdin(*tests):
    return {"kind": "stdin", "tests": [{"input": i, "output": o} for i, o in tests]}


SUM = stdin(("1 2\n3\n", "6\n"), ("4\n", "4"))
SQUARE = calls("f", ("2", "4"), ("3", "9"))
SIX = stdin(("", "6\n"))

RIGHT = {
    # calls
    "prelude: pow of three is builtins'": ("def f(x): return pow(x, 2, 1000)", SQUARE),
    "prelude: names of all its modules": (
        "def f(x):\n    heappush([], 1); Counter(); deque(); lru_cache; accumulate; List[int]; math.pi; reduce; inf\n"
        "    return x * x",
        SQUARE,
    ),
    "a guard of __main__ does not run": (
        "def f(x): return x * x\nif __name__ == '__main__':\n    print(f(int(input())))",
        SQUARE,
    ),
    "prints in calls": ("def f(x):\n    print('x' * 1000)\n    return x * x", SQUARE),
    "prints more than an output may have": (
        "def f(x):\n    print('x' * 10**7)\n    print('x' * 10**7)\n    return x * x",
        SQUARE,
    ),
    "a tuple at the top": ("def f(x): return x, x", calls("f", ("1", "[1, 1]"))),
    "a namedtuple at the top": ("P = namedtuple('P', 'x y')\ndef f(x): return P(x, x)", calls("f", ("1", "[1, 1]"))),
    "a defaultdict": (
        "def f(x):\n    d = defaultdict(list)\n    d['a'].append(x)\n    return d",
        calls("f", ("1", '{"a": [1]}')),
    ),
    "a Counter": ("def f(x): return Counter(x)", calls("f", ('"aab"', '{"a": 2, "b": 1}'))),
    "a generator made a list": ("def f(x): return list(i for i in range(x))", calls("f", ("3", "[0, 1, 2]"))),
    "True for 1 and 4.0 for 4": (
        "def f(x): return float(x * x) if x > 1 else True",
        calls("f", ("1", "1"), ("2", "4")),
    ),
    "large numbers": ("def f(x): return x ** 100", calls("f", ("7", str(7**100)))),
    "lone surrogates": ("def f(x): return x + '\\ud800'", calls("f", ('"a"', '"a\\ud800"'))),
    "a hundred thousand numbers": (
        "def f(x): return [i * i for i in range(x)]",
        calls("f", ("100000", str([i * i for i in range(100000)]))),
    ),
    "a hundred thousand strings": (
        "def f(x): return x",
        calls("f", (str(["ab"] * 100000).replace("'", '"'), str(["ab"] * 100000).replace("'", '"'))),
    ),
    "recursion, 10,000 deep": ("def f(x): return 1 + f(x - 1) if x else 0", calls("f", ("10000", "10000"))),
    "recursion with a cache, 10,000 deep": (
        "@cache\ndef f(x): return 1 + f(x - 1) if x else 0",
        calls("f", ("10000", "10000")),
    ),
    "recursion within sort and map": (
        "def f(x): return sum(map(f, [x - 1])) + 1 if x else 0",
        calls("f", ("2000", "2000")),
    ),
    "a Solution with a constructor and state": (
        "class Solution:\n    def __init__(self): self.seen = []\n    def f(self, x):\n        self.seen.append(x)\n"
        "        return len(self.seen)",
        calls("f", ("5", "1"), ("5", "2")),
    ),
    "a static method": ("class Solution:\n    @staticmethod\n    def f(x): return x * x", SQUARE),
    "a function beside a comment on class Solution": ("# class Solution is not needed\ndef f(x): return x * x", SQUARE),
    "global state": ("n = 0\ndef f(x):\n    global n\n    n += 1\n    return n", calls("f", ("1", "1"), ("1", "2"))),
    "a __future__ import": ("from __future__ import annotations\ndef f(x: Nothing) -> Nothing: return x * x", SQUARE),
    "dataclasses with annotations as text": (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n"
        "def f(x): return P(x).x ** 2",
        SQUARE,
    ),
    "shadows builtins": ("list = None\nmin = 3\ndef f(x): return x * x", SQUARE),
    "changes its argument": ("def f(x):\n    x.sort()\n    return x", calls("f", ("[2, 1]", "[1, 2]"))),
    "NumPy's numbers": ("import numpy as np\ndef f(x): return np.int64(x) ** 2", SQUARE),
    "a list of NumPy's numbers": (
        "import numpy as np\ndef f(x): return [np.float64(x), np.int32(x), np.bool_(x)]",
        calls("f", ("1", "[1, 1, true]")),
    ),
    "empty lines between arguments": ("def f(x, y): return x + y", calls("f", ("1\n\n2\n", "3"))),
    "text with line breaks": ("def f(x): return x.split('\\n')", calls("f", ('"a\\nb"', '["a", "b"]'))),
    "a thread of its own": (
        "import threading\ndef f(x):\n    got = []\n"
        "    t = threading.Thread(target=lambda: got.append(x * x))\n    t.start()\n"
        "    t.join()\n    return got[0]",
        SQUARE,
    ),
    "swallows its own recursion": (
        "def g(): return g()\ndef f(x):\n    try: g()\n    except RecursionError: return x * x",
        SQUARE,
    ),
    "sys.exit at the end of a guard": (
        "import sys\ndef f(x): return x * x\nif __name__ == '__main__': sys.exit(0)",
        SQUARE,
    ),
    "reads its input to the end while defined": ("import sys\nsys.stdin.read()\ndef f(x): return x * x", SQUARE),
    # stdin
    "input()": ("a, b = map(int, input().split())\nprint(a + b + int(input()))", stdin(("1 2\n3\n", "6"))),
    "input() to EOFError": (
        "t = 0\ntry:\n    while True: t += sum(map(int, input().split()))\nexcept EOFError: print(t)",
        SUM,
    ),
    "lines of stdin": ("print(sum(int(w) for line in sys.stdin for w in line.split()))", SUM),
    "stdin's buffer": ("import sys\nprint(sum(map(int, sys.stdin.buffer.read().split())))", SUM),
    "descriptor 0 opened": ("print(sum(map(int, open(0).read().split())))", SUM),
    "os.read of all there is": ("import os\nprint(sum(map(int, os.read(0, os.fstat(0).st_size).split())))", SUM),
    "stdin mapped into memory": (
        "import mmap\nprint(sum(map(int, mmap.mmap(0, 0, access=mmap.ACCESS_READ).read().split())))",
        SUM,
    ),
    "reads twice": (
        "import sys\nfirst = sys.stdin.readline()\nrest = sys.stdin.read()\n"
        "print(sum(map(int, (first + rest).split())))",
        SUM,
    ),
    "stdin replaced by a StringIO": (
        "import io, sys, os\nsys.stdin = io.StringIO(os.read(0, 1000).decode())\n"
        "print(sum(map(int, sys.stdin.read().split())))",
        SUM,
    ),
    "input is readline": (
        "import sys\ninput = sys.stdin.readline\na, b = map(int, input().split())\nprint(a + b + int(input()))",
        stdin(("1 2\n3", "6")),
    ),
    "a guard of __main__ runs": ("def main():\n    print(6)\nif __name__ == '__main__':\n    main()", SIX),
    "a guard of __main__ in the middle runs": ("if __name__ == '__main__':\n    x = 6\nprint(x)", SIX),
    "a guard in double quotes": ('if "__main__" == __name__:\n    print(6)', SIX),
    "__main__ as a module": ("import __main__\nx = 6\nprint(__main__.x)", SIX),
    "globals of functions": ("t = 0\ndef add(x):\n    global t\n    t += x\nadd(6)\nprint(t)", SIX),
    "sys.exit at the end": ("print(6)\nimport sys\nsys.exit()", SIX),
    "sys.exit with a status": ("print(6)\nsys.exit(1)", SIX),
    "sys.exit with a text": ("print(6)\nsys.exit('done')", SIX),
    "exit() and quit()": ("print(6)\nexit()\nquit()", SIX),
    "raise SystemExit": ("print(6)\nraise SystemExit(main) if 0 else SystemExit", SIX),
    "os._exit(0) after a flush": ("import os\nprint(6, flush=True)\nos._exit(0)", SIX),
    "os._exit(0) from a function": (
        "import os, sys\ndef main():\n    sys.stdout.write('6')\n    sys.stdout.flush()\n    os._exit(0)\nmain()",
        SIX,
    ),
    "stdout closed early": ("import sys\nprint(6)\nsys.stdout.close()", SIX),
    "descriptor 1 closed early": ("import os\nprint(6, flush=True)\nos.close(1)", SIX),
    "os.write": ("import os\nos.write(1, b'6\\n')", SIX),
    "stdout's buffer": ("import sys\nsys.stdout.buffer.write(b'6\\n')", SIX),
    "stdout replaced, written at exit": (
        "import atexit, io, sys\nbuffer = io.StringIO()\nsys.stdout = buffer\n@atexit.register\ndef write():\n"
        "    sys.__stdout__.write(buffer.getvalue())\nprint(6)",
        SIX,
    ),
    "stdout replaced by a writer that flushes to descriptor 1": (
        "import io, os, sys\nclass W(io.StringIO):\n    def flush(self):\n"
        "        os.write(1, self.getvalue().encode())\n"
        "        self.seek(0)\n        self.truncate()\nsys.stdout = W()\nprint(6)",
        SIX,
    ),
    "a file over descriptor 1 that nobody closes": ("out = open(1, 'w', closefd=False)\nout.write('6')", SIX),
    "stdout reconfigured": ("import sys\nsys.stdout.reconfigure(line_buffering=True)\nprint(6)", SIX),
    "print(end='') and no newline": ("print(6, end='')", SIX),
    "prints a float": ("print('6.0 ')", SIX),
    "prints Windows's line ends": ("print('6', end='\\r\\n')", SIX),
    "warns": ("import warnings\nwarnings.warn('old')\nprint(6)", SIX),
    "prints to standard error": ("import sys\nprint('debug', file=sys.stderr)\nprint(6)", SIX),
    "a thread with a larger stack": (
        "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(2**27)\n"
        "def deep(n): return 1 + deep(n - 1) if n else 0\ndef main(): print(deep(50000) - 49994)\n"
        "t = threading.Thread(target=main)\nt.start()\nt.join()",
        SIX,
    ),
    "a thread that nobody joins": (
        "import threading, time\ndef main():\n    time.sleep(0.1)\n    print(6)\nthreading.Thread(target=main).start()",
        SIX,
    ),
    "recursion, 10,000 deep, of a script": (
        "def deep(n): return 1 + deep(n - 1) if n else 0\nprint(deep(10000) - 9994)",
        SIX,
    ),
    "NumPy": ("import numpy as np\nprint(np.array(sys.stdin.read().split(), int).sum())", SUM),
    "NumPy reads stdin": (
        "import numpy as np, sys\nprint(int(np.fromstring(sys.stdin.read(), int, sep=' ').sum()))",
        SUM,
    ),
    "sortedcontainers, where installed": (
        "try:\n    from sortedcontainers import SortedList\n"
        "    print(SortedList([6])[0])\nexcept ImportError: print(6)",
        SIX,
    ),
    "a file of its own": ("open('notes.txt', 'w').write('6')\nprint(open('notes.txt').read())", SIX),
    "a temporary file": (
        "import tempfile\nwith tempfile.TemporaryFile() as f:\n"
        "    f.write(b'6')\n    f.seek(0)\n    print(f.read().decode())",
        SIX,
    ),
    "many modules": (
        "import array, asyncio, calendar, cmath, decimal, dataclasses, enum, fractions, graphlib, hashlib, numbers\n"
        "import pprint, queue, secrets, textwrap, threading, time, traceback, types, unicodedata, uuid, zlib\n"
        "print(6)",
        SIX,
    ),
    "the prelude's names at the top": (
        "print(len(list(permutations(range(3)))), end='')\nassert pow(2, 3, 7) == 1 and inf > 0",
        SIX,
    ),
    "its own module globals are new for each test": (
        "try: seen\nexcept NameError: print(6)\nseen = 1",
        stdin(("", "6"), ("", "6")),
    ),
    "unicode": ("print('ж→' + input())", stdin(("é\n", "ж→é"))),
    "sleeps a little": ("import time\ntime.sleep(0.05)\nprint(6)", SIX),
    "time and random": ("import time, random\nrandom.seed(time.time())\nrandom.random()\nprint(6)", SIX),
    "signal handlers": ("import signal\nsignal.signal(signal.SIGINT, signal.SIG_DFL)\nprint(6)", SIX),
    "resource limits, lowered": (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_STACK, resource.getrlimit(resource.RLIMIT_STACK))\nprint(6)",
        SIX,
    ),
    "__file__ and argv": (
        "import os, sys\nassert os.path.basename(__file__) == sys.argv[0] and len(sys.argv) == 1\nprint(6)",
        SIX,
    ),
    "an assertion that holds, and __debug__": ("assert __debug__\nprint(6)", SIX),
    "pickles its own class": (
        "import pickle\nclass A: pass\nassert type(pickle.loads(pickle.dumps(A()))) is A\nprint(6)",
        SIX,
    ),
    "long output": ("print('\\n'.join(map(str, range(200000))))", stdin(("", "\n".join(map(str, range(200000)))))),
    "a million lines of input": ("import sys\nprint(sum(map(int, sys.stdin)))", stdin(("1\n" * 1000000, "1000000"))),
    # function
    "raises what the tests expect": (
        "def f(x):\n    raise json.JSONDecodeError('no', '', 0)",
        {
            "kind": "function",
            "entry_point": "f",
            "prompt": "import json\ndef f(x):\n    'Raises.'\n",
            "test": "def check(c):\n    try:\n        c(1)\n    except ValueError:\n        return\n    assert False\n",
        },
    ),
    "named arguments and defaults": (
        "def f(x, y=1, *, z=2): return x + y + z",
        {
            "kind": "function",
            "entry_point": "f",
            "prompt": "def f(x, y=1, *, z=2):\n    'Adds.'\n",
            "test": "def check(c): assert c(1) == 4 and c(1, z=3, y=2) == 6\n",
        },
    ),
    "tuples stay tuples, sets sets, True is True": (
        "def f(x): return {'t': (1, (2,)), 's': {1}, 'b': True, 'f': frozenset([1]), 'y': b'a', 'n': None}",
        {
            "kind": "function",
            "entry_point": "f",
            "prompt": "def f(x):\n    'Many.'\n",
            "test": "def check(c):\n    v = c(1)\n"
            "    assert v == {'t': (1, (2,)), 's': {1}, 'b': True, 'f': frozenset([1]), 'y': b'a', 'n': None}\n"
            "    assert v['b'] is True and type(v['f']) is frozenset\n",
        },
    ),
    "the prompt's helpers are the prompt's, in the tests too": (
        "def helper(x): return None\ndef f(x): return x + 1",
        {
            "kind": "function",
            "entry_point": "f",
            "prompt": "def helper(x):\n    return x + 1\n\ndef f(x):\n    'One more.'\n",
            "test": "def check(c): assert c(1) == helper(1)\n",
        },
    ),
    "a prompt without a docstring": (
        "    return x + 1",
        {"kind": "function", "entry_point": "f", "prompt": "def f(x):\n", "test": "def check(c): assert c(1) == 2\n"},
    ),
    "a guard of __main__ in a function's program": (
        "def f(x): return x + 1\nif __name__ == '__main__':\n    f(input())",
        {
            "kind": "function",
            "entry_point": "f",
            "prompt": "def f(x):\n    'One more.'\n",
            "test": "def check(c): assert c(1) == 2\n",
        },
    ),
    "as many calls as the tests like": (
        "def f(x): return x",
        {
            "kind": "function",
            "entry_point": "f",
            "prompt": "def f(x):\n    'Same.'\n",
            "test": "def check(c):\n    for n in range(500): assert c(n) == n\n",
        },
    ),
}


DEEP_IN_C = ("recursion with a cache, 10,000 deep", "recursion within sort and map")
"""From Python 3.12 on, calls through C have a limit of their own, which no program can raise (CPython gh-112215)."""


@pytest.mark.parametrize("name", RIGHT)
def test_right_programs_are_right_however_odd(name):
    source, check = RIGHT[name]
    found = verdict(source, check)
    if name in DEEP_IN_C and sys.version_info >= (3, 12) and found.reason:
        assert "RecursionError" in found.reason
        return
    assert found == Verdict(True)


FUNCTION = forgers.FUNCTION


@pytest.mark.parametrize(
    ("source", "check", "reason"),
    [
        ("def f(x): return x", SQUARE, None),
        ("def f(x): return x - 1", calls("f", ("2", "4")), None),
        ("print(5)", SIX, None),
        ("", SIX, None),
        ("def total(a, b): return a - b", FUNCTION, None),
        ("def total(a, b): return None", FUNCTION, None),
        ("def f(x):\n    while True: pass", SQUARE, "timeout"),
        ("while True: pass", SQUARE, "timeout"),
        ("while True: pass", SIX, "timeout"),
        ("def total(a, b):\n    while True: pass", FUNCTION, "timeout"),
        ("def f(x): return bytearray(2**40)", SQUARE, "memory"),
        ("x = bytearray(2**40)", SIX, "memory"),
        ("def total(a, b): return [0] * 2**40", FUNCTION, "memory"),
        ("def f(x): return 1 / 0", SQUARE, "raised ZeroDivisionError"),
        ("1 / 0", SQUARE, "raised ZeroDivisionError"),
        ("1 / 0", SIX, "raised ZeroDivisionError"),
        ("input()", SIX, "raised EOFError"),
        ("def total(a, b): raise KeyError(a)", FUNCTION, "raised KeyError"),
        ("class Mine(ValueError): pass\ndef f(x): raise Mine('0x7f')", SQUARE, "raised ValueError"),
        ("def f(x): return lambda: x", SQUARE, "cannot be encoded"),
        ("def total(a, b): return (x for x in ())", FUNCTION, "cannot be encoded"),
        ("import sys\nsys.exit(0)", SQUARE, "left early"),
        ("def f(x): exit()", SQUARE, "left early"),
        ("import os\ndef f(x): os._exit(0)", SQUARE, "left early"),
        ("import os\nos._exit(3)", SIX, "left early"),
        ("def total(a, b): exit()", FUNCTION, "left early"),
        ("def g(x): return x", SQUARE, "not defined"),
        ("class Solution:\n    def g(self, x): return x", SQUARE, "not defined"),
        ("def total2(a, b): return 1\ndef f(): pass", {**FUNCTION, "prompt": "x = 1\n"}, "not defined"),
        ("def (", SQUARE, "not a program"),
        ("def (", SIX, "not a program"),
        ("x = '\ud800'", SIX, "not a program"),
        ("x = 1\0", SQUARE, "not a program"),
        ("x = " + "(" * 100000, SQUARE, "not a program"),
        ("\tdef total(a, b):\n x", FUNCTION, "not a program"),
        ("while True: print('x' * 10**6)", SIX, "output too long"),
        ("import ctypes\nctypes.string_at(0)", SIX, "crash"),
    ],
)  # fmt: skip
def test_reasons_are_few_and_fixed(source, check, reason):
    limits = LIMITS.model_copy(update={"timeout": 0.5 if reason == "timeout" else 10, "file_mb": 2})
    assert verdict(source, check, limits) == Verdict(False, None, reason)


def test_values_come_back_as_they_are():
    values = [
        None,
        True,
        -1,
        2**70,
        0.1,
        -0.0,
        1e300,
        "",
        "\ud800é\0",
        [],
        {},
        [[], {}],
        {"": None},
        {"b": [1.5, "x"], "a": 1},
    ]
    check = calls("f", *[(json.dumps(value), json.dumps(value)) for value in values])
    assert verdict("def f(x): return x", check) == Verdict(True)
    assert verdict("def f(x): return [x]", check) == Verdict(False)


def test_each_test_has_its_own_time():
    check = calls("f", *[(str(n), str(n * n)) for n in range(8)])
    slow = "import time\ndef f(x):\n    time.sleep(0.3)\n    return x * x"
    assert verdict(slow, check, LIMITS.model_copy(update={"timeout": 2})) == Verdict(True)
    started = time.monotonic()
    endless = "def f(x):\n    while True: pass"
    assert verdict(endless, check, LIMITS.model_copy(update={"timeout": 1})).reason == "timeout"
    assert time.monotonic() - started < 6  # and not 8, a second for each


@pytest.mark.parametrize("exception", ["StopIteration", "StopAsyncIteration"])
def test_an_exception_that_ends_loops_ends_no_loop_of_the_tests(exception):
    check = {
        **FUNCTION,
        "test": "def check(c):\n    for a, b in zip(map(c, [1, 2], [3, 4]), [4, 6]):\n        assert a == b\n",
    }
    assert verdict(f"def total(a, b): raise {exception}", check) == Verdict(False, None, f"raised {exception}")


def test_tests_that_cannot_be_run_are_no_verdict_on_comparison():
    check = {**FUNCTION, "test": "def check(c"}
    assert verdict("def total(a, b): return a + b", check) == Verdict(False, None, "tests cannot be run")


def test_no_program_in_a_response():
    for text in ("  \n", "#" * (20 << 20)):
        assert judge.code(text, Problem("q", "?", check=SIX), LIMITS) == Verdict(False, None, "not a program")


class Failing:
    """A sandbox of which some starts fail."""

    def __init__(self, *fails):
        self.real, self.fails, self.starts = judge._sandbox(LIMITS), fails, 0

    def start(self, limits, *, stdin=b""):
        self.starts += 1
        if self.starts in self.fails:
            raise Ended(None, "sandbox")
        return self.real.start(limits, stdin=stdin)


def test_a_sandbox_that_fails_is_no_verdict(monkeypatch):
    def judged(*fails):
        sandbox = Failing(*fails)
        monkeypatch.setattr(judge, "_sandbox", lambda config: sandbox)
        return verdict("def f(x): return x * x", SQUARE)

    assert judged(1) == Verdict(True)  # what is known to be right can be run, so this is tried again
    assert judged(1, 3) == Verdict(False, None, "could not be run")
    with pytest.raises(InputError, match=r"cannot be run here any more .*--resume"):
        judged(1, 2)


# Programs in responses


@pytest.mark.parametrize(
    "text",
    [
        "```aaa" * 20000,
        "```\n" * 20000,
        "``" * 40000,
        "```python\n" * 10000,
        "def f" + " " * 40000,
        "```" + " " * 40000 + "x\n",
    ],
)
def test_a_program_is_found_in_one_pass(text):
    started = time.process_time()
    extract_program(text)
    assert time.process_time() - started < 0.5
