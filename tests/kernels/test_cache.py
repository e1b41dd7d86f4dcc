"""The cache of kernels: what a kernel follows from, what is trusted, and what happens when files are damaged."""

import importlib
import importlib.util
import os
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import numpy as np
import pytest
from numba import types
from numba.core.dispatcher import Dispatcher

import ttcsim
from ttcsim.compiled import kernel_files
from ttcsim.compiled.depends import Unknown, digest
from ttcsim.compiled.jit import JIT_DISABLED, njit_signature
from ttcsim.engine import loops, selection
from ttcsim.engine.selectors import SELECTORS
from ttcsim.policies.rules import Rule

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="nothing is compiled")
NUMBER = types.float64(types.float64)

SOURCE = '''
"""A module."""
import math
from typing import NamedTuple

import numba
import numpy as np

WEIGHT = 2.0
TABLE = np.array([1.0, 2.0])


class Pair(NamedTuple):
    a: float
    b: float


@numba.njit
def helper(x):
    """A helper."""
    return x + WEIGHT


def unused(x):
    return x


def plain(x):
    # A comment.
    return math.sqrt(x) + helper(x) * TABLE[1] + Pair(1.0, x).b
'''


def module(path, text, name):
    """A module of this text that nobody else can import."""
    path.write_text(textwrap.dedent(text))
    spec = importlib.util.spec_from_file_location(name, path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture
def cache(tmp_path, monkeypatch):
    place = tmp_path / "kernels"
    place.mkdir(mode=0o700)
    monkeypatch.setattr(kernel_files, "folder", lambda: place)
    monkeypatch.setattr(kernel_files, "_noted", set())
    return place


def compiled(function):
    """A fresh dispatcher, and whether it came from the cache."""
    made = njit_signature(NUMBER, function)
    return made, bool(sum(made.stats.cache_hits.values()))


EDITS = [
    ("# A comment.", "# Another\n    # comment."), ('"""A helper."""', '"""Helps, at length.\n\n    It adds."""'),
    ('"""A module."""', '"""A module."""\n\n# that begins later\n'), ("return x\n", "return x * 3\n"),
    ("a: float", "a: int"),
]  # fmt: skip
CHANGES = [
    ("WEIGHT = 2.0", "WEIGHT = 2.5"), ("WEIGHT = 2.0", "WEIGHT = 2"), ("x + WEIGHT", "x - WEIGHT"),
    ("[1.0, 2.0]", "[1.0, 3.0]"), ("TABLE[1]", "TABLE[0]"), ("math.sqrt", "math.exp"), ("a: float\n", "c: float\n"),
    ("@numba.njit\n", "@numba.njit(fastmath=True)\n"), ("def plain(x)", "def plain(x=1.0)"),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "same"), [(EDITS, True), (CHANGES, False)])
def test_a_kernel_is_keyed_by_what_it_follows_from(tmp_path, edits, same):
    before = digest(module(tmp_path / "own.py", SOURCE, "own").plain)
    for old, new in edits:
        assert SOURCE.count(old) == 1
        after = digest(module(tmp_path / "own.py", SOURCE.replace(old, new), "own").plain)
        assert (after == before) == same, (old, new)


@pytest.mark.parametrize(
    "text",
    [
        "import threading\nlock = threading.Lock()\ndef f(x):\n    return x if lock else -x\n",
        "from llvmlite import ir\ndef f(x):\n    return x if ir.Undefined else -x\n",  # an object of a package
    ],
)
def test_a_value_that_nobody_can_name_has_no_key(tmp_path, text):
    with pytest.raises(Unknown):
        digest(module(tmp_path / "own.py", text, "own").f)


def test_every_kernel_and_rule_of_the_package_has_a_key():
    """What has none would be compiled in every process."""
    for kind in ttcsim.ALL.values():
        for rule in kind().setup(100, 10):
            if isinstance(rule, Rule):
                assert digest(rule.function)
    parts = ("engine.loops", "engine.prophet", "engine.rounds", "engine.selection", "strategies.worlds.revisions")
    modules = [importlib.import_module(f"ttcsim.{part}") for part in parts]
    kernels = [v for m in modules for v in vars(m).values() if isinstance(v, Dispatcher)]
    assert len(kernels) > 20
    for kernel in kernels:
        assert digest(kernel.py_func)
    by_index = loops._by_index, loops._by_index_simple, loops._in_waves
    for loop in (loops._in_rounds, loops._streamed, *by_index, loops._step, selection._add_accuracy):
        assert digest(loop)
    for selector in SELECTORS.values():
        assert digest(getattr(selector.value, "py_func", selector.value))


def test_found_again_and_an_edit_of_a_comment_finds_it_too(cache, tmp_path):
    own = module(tmp_path / "own.py", SOURCE, "own")
    first, hit = compiled(own.plain)
    assert not hit
    own = module(tmp_path / "own.py", SOURCE.replace("# A comment.", "# Edited."), "own")
    again, hit = compiled(own.plain)
    assert hit and again(4.0) == first(4.0) == own.plain(4.0)
    own = module(tmp_path / "own.py", SOURCE.replace("WEIGHT = 2.0", "WEIGHT = 5.0"), "own")
    changed, hit = compiled(own.plain)
    assert not hit and changed(4.0) == own.plain(4.0) == first(4.0) + 6.0


def test_a_constant_that_a_notebook_changes(cache):
    scope = {"__name__": "__main__", "WEIGHT": 2.0}
    exec("def f(x):\n    return x * WEIGHT\n", scope)
    assert compiled(scope["f"])[0](3.0) == 6.0
    scope["WEIGHT"] = 4.0
    assert compiled(scope["f"])[0](3.0) == 12.0
    scope["WEIGHT"] = 2.0
    again, hit = compiled(scope["f"])
    assert hit and again(3.0) == 6.0


def test_one_file_under_two_names_and_two_files_under_one(cache, tmp_path):
    """Modules that cannot be imported by their name, as those that a test runner or a command line loads."""
    text = "def f(x):\n    if x < 0:\n        raise ValueError('{}')\n    return x + {}\n"
    for _ in range(2):
        for stem, name, word, number in (("a", "mine", "a", 1), ("b", "mine", "b", 2), ("a", "other", "a", 1)):
            made, hit = compiled(module(tmp_path / f"{stem}.py", text.format(word, number), name).f)
            assert hit == bool(_) and made(1.0) == 1 + number
            with pytest.raises(ValueError, match=f"^{word}$"):
                made(-1.0)


def damaged(path, how):
    data = path.read_bytes()
    if how == "folder":
        path.unlink()
        path.mkdir()
        (path / "inside").touch()
    elif how == "others may write":
        path.chmod(0o666)
    elif how == "unreadable":
        path.chmod(0)
    else:
        path.write_bytes({"empty": b"", "cut": data[: len(data) // 2], "longer": data + b"x", "text": b"text"}[how])


@pytest.mark.parametrize("how", ["empty", "cut", "longer", "text", "folder", "others may write", "unreadable"])
def test_a_damaged_kernel_is_compiled_again_with_one_note(cache, tmp_path, how):
    if how == "unreadable" and os.geteuid() == 0:
        pytest.skip("root reads everything")
    function = module(tmp_path / "own.py", "def f(x):\n    return x + 1\n", "own").f
    compiled(function)
    (path,) = cache.iterdir()
    damaged(path, how)
    with pytest.warns(RuntimeWarning, match="the kernel cache is mended: ") as notes:
        made, hit = compiled(function)
    assert len(notes) == 1 and "\n" not in str(notes[0].message)
    assert not hit and made(1.0) == 2.0
    assert [*cache.iterdir()] == [path] and compiled(function)[1]


def test_no_flipped_byte_passes(cache):
    kernel_files.write("f", "key", bytes(range(256)) * 40)
    data = (cache / "f").read_bytes()
    for at in np.linspace(0, len(data) - 1, 400).astype(int):
        broken = bytearray(data)
        broken[at] ^= 1 << at % 8
        (cache / "f").write_bytes(broken)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert kernel_files.read("f", "key") is None
        assert not (cache / "f").exists()
    kernel_files._noted.clear()
    (cache / "f").write_bytes(data)
    assert kernel_files.read("f", "key") == bytes(range(256)) * 40
    with pytest.warns(RuntimeWarning, match="mended"):
        assert kernel_files.read("f", "another key") is None  # a file that was renamed


@pytest.mark.slow
def test_a_sweep_on_a_cache_with_flips_at_100_places(tmp_path):
    """Every run ends well, with the same numbers, and mends the cache; none crashes."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    code = (
        "import ttcsim; from ttcsim.pool.worlds import make_pool\n"
        "r = ttcsim.sweep(make_pool('beta(1,1)', 8, 8), ['elimination'], [2], reps=5)\n"
        "print(r.frame['mean'].to_list())"
    )

    def run():
        arguments = [sys.executable, "-W", "always::RuntimeWarning", "-W", "ignore::UserWarning", "-c", code]
        return subprocess.run(arguments, capture_output=True, text=True, env=environment)

    first = run()
    assert first.returncode == 0 and not first.stderr
    files = sorted((tmp_path / "ttcsim" / "kernels").iterdir())
    assert len(files) > 12
    choose = np.random.default_rng(0)
    for _ in range(2):
        for path in choose.choice(files, 50):
            data = bytearray(path.read_bytes())
            data[choose.integers(len(data))] ^= 1 << int(choose.integers(8))
            path.write_bytes(data)
        for path in files[:: choose.integers(2, 9)]:
            path.write_bytes(path.read_bytes()[: choose.integers(200)])
        found = run()
        assert (found.returncode, found.stdout) == (0, first.stdout), found.stderr
        assert found.stderr.count("RuntimeWarning: the kernel cache is mended") <= 1


def test_what_cannot_be_kept_is_said_once(cache, tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kernel_files.os, "replace", full)
    with pytest.warns(RuntimeWarning, match=r"cannot be kept in .*No space left on device") as notes:
        for name in ("f", "g"):
            kernel_files.write(name, "key", b"code")
    assert len(notes) == 1 and not [*cache.iterdir()]


def test_writers_and_readers_at_once(cache):
    """Whole or not at all: a reader sees one of the texts that were written, or none."""
    texts = [bytes([i]) * 50_000 for i in range(4)]
    seen, faults = [], []

    def write(text):
        for _ in range(25):
            kernel_files.write("f", "key", text)

    def look():
        for _ in range(100):
            try:
                seen.append(kernel_files.read("f", "key"))
            except Exception as error:
                faults.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts] + [threading.Thread(target=look)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults and set(seen) <= {None, *texts}
    assert [path.name for path in cache.iterdir()] == ["f"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A place for `NUMBA_CACHE_DIR` and one for temporary files; `folder` asked anew."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "chosen"))
    monkeypatch.setattr(kernel_files.tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(kernel_files, "_noted", set())
    return tmp_path, kernel_files.folder.__wrapped__


def test_the_folder_is_for_the_user_alone(home):
    base, folder = home
    assert folder() == base / "chosen" / "ttcsim" / "kernels"
    assert folder().stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("how", ["open", "link", "another's"])
def test_a_folder_that_others_could_have_filled_is_refused(home, monkeypatch, how):
    base, folder = home
    place = base / "chosen" / "ttcsim" / "kernels"
    place.mkdir(parents=True)
    if how == "open":
        place.chmod(0o777)
    elif how == "link":
        place.rmdir()
        (base / "elsewhere").mkdir()
        place.symlink_to(base / "elsewhere")
    else:
        monkeypatch.setattr(kernel_files.os, "getuid", lambda: place.stat().st_uid + 1)
    with pytest.warns(RuntimeWarning, match=r"kernels are not kept in .*set NUMBA_CACHE_DIR"):
        spare = folder()
    assert base / "temporary" in spare.parents and spare.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("planted", [False, True])
def test_the_spare_folder_is_not_one_that_another_user_planted(home, planted):
    base, folder = home
    (base / "chosen").touch()  # nothing can be made below a file
    spare = base / "temporary" / f"ttcsim-{os.getuid()}"
    if planted:
        spare.mkdir()
        spare.chmod(0o777)
        assert folder() not in (spare, *spare.iterdir()) and base / "temporary" in folder().parents
    else:
        assert folder() == spare and spare.stat().st_mode & 0o777 == 0o700


def test_nowhere_to_write_is_no_fault(home, monkeypatch):
    base, folder = home
    (base / "chosen").touch()
    (base / "temporary").rmdir()
    (base / "temporary").touch()
    assert folder() is None
    monkeypatch.setattr(kernel_files, "folder", folder)
    kernel_files.write("f", "key", b"code")
    assert kernel_files.read("f", "key") is None


def test_what_nobody_used_lately_is_removed(cache, monkeypatch):
    now, day = time.time(), 86_400
    ages = {"used": 0.1, "idle": 29, "old": 31, "f.x.partial": 2, "g.y.partial": 0.5}
    for name, age in ages.items():
        (cache / name).write_bytes(b"x" * 100)
        os.utime(cache / name, (now - age * day,) * 2)
    kernel_files.prune(cache, now)
    assert {path.name for path in cache.iterdir()} == {"used", "idle", "g.y.partial"}
    monkeypatch.setattr(kernel_files, "KEPT_BYTES", 50)
    kernel_files.prune(cache, now)
    assert {path.name for path in cache.iterdir()} == {"used", "g.y.partial"}


def test_folders_of_earlier_versions_go_when_they_are_old(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_files.platformdirs, "user_cache_path", lambda name: tmp_path)
    now = time.time()
    for name in ("kernels", "kernels-0123456789abcdef", "kernels-fedcba9876543210", "kernels-mine"):
        (tmp_path / name).mkdir()
    for name in ("kernels-0123456789abcdef", "kernels-mine"):
        os.utime(tmp_path / name, (now - 40 * 86_400,) * 2)
    kernel_files.prune(tmp_path / "kernels", now)
    assert {p.name for p in tmp_path.iterdir()} == {"kernels", "kernels-fedcba9876543210", "kernels-mine"}


def test_use_is_remembered(cache):
    kernel_files.write("f", "key", b"code")
    os.utime(cache / "f", (0, time.time() - 2 * 86_400))
    kernel_files.read("f", "key")
    assert time.time() - (cache / "f").stat().st_mtime < 86_400
