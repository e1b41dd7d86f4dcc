"""What pages show works as it is written there: every block of Python and every command, in their order."""

import ast
import importlib.util
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import commands
import pytest
from prepared import FEWER, prepare_pages
from tree import PROGRAMS, parsed, typed

import ttcsim

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "harvest" / "README.md", *sorted(ROOT.glob("docs/*.md"))]
BLOCK = re.compile(r"^```(python|console|toml)\n(.*?)^```(?:\n+```text\n(.*?)^```)?", re.DOTALL | re.MULTILINE)
"""A block, and below one of Python the error that it ends with."""

QUICKER = {**FEWER, ("ttcsim", "sweep"): "--reps 5"}
OUTSIDE = {
    "source": "a shell", "wait": "a shell", "pip": "a package manager", "ray": "tests/sweep/test_cluster.py has one",
    "pre-commit": "a tool of its own, .pre-commit-config.yaml"
}  # fmt: skip
"""Words that are no program of ours, and who knows them."""
ONLY_PARSED = {
    r"harvest (run|live) (?!.*--dry-run)": "needs vLLM: tests/harvest_vllm",
    r"harvest .*recipe:(?!builtin)": "needs a file of problems",
    r"ttcsim live-check": "needs a live run: tests/sweep/test_live_check.py",
    r"ttcsim pool import inspect logs ": "needs the log of the block above it: tests/adapters",
    r".*--executor ray": "needs a cluster: tests/sweep/test_cluster.py",
    r".*--reps 2386295": "benchmarks/forecast.py runs it",
}
ELSEWHERE = re.compile(r"^(from|import) (vllm|inspect_ai)\b", re.MULTILINE)
"""Blocks that import what is not installed here: tests/harvest_vllm and tests/adapters run them."""
SLOW = re.compile(
    r"ttcsim (sweep .*-p all|report zoo|check|demo|extrapolate|plan|predict|.*found/held-out|"
    r"strategies (findings|bins|optimal|bandit|flops|ratio))"
)
"""What takes a second or more, and what needs what that made."""
MADE_THERE = {
    "docs/importing.md": ["mypool"],
    "docs/gpu.md": ["my.toml", "my-pool"],
    "README.md": ["mypool", "runs.jsonl", "run1"],
}
"""What a page makes itself, and has not before."""

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # what a reader is told, too


def reason_to_skip(line):
    return next((why for pattern, why in ONLY_PARSED.items() if re.match(pattern, line)), None)


def defined(block):
    """The imports and classes of a block, as a file with policies has them."""
    kept = [n for n in ast.parse(block).body if isinstance(n, ast.Import | ast.ImportFrom | ast.ClassDef)]
    return "\n".join(map(ast.unparse, kept))


def run_python(block, folder):
    """As a file that somebody runs."""
    (folder / "block.py").write_text(block)
    return runpy.run_path(str(folder / "block.py"), run_name="block")


def run_line(line):
    """A command as a reader types it; a harvest, which forks, never shares a process with kernels and their threads."""
    own, arguments = parsed(line)
    more = QUICKER.get(own, "").split()
    if own[0] == "harvest":
        return subprocess.run([sys.executable, "-m", *own, *arguments], capture_output=True, text=True, timeout=120)
    return commands.run(*own[1:], *arguments, *more)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The files that pages use, made once."""
    folder = tmp_path_factory.mktemp("pages")
    prepare_pages(folder)
    return folder


@pytest.fixture
def begun(files, tmp_path, monkeypatch):
    """A folder with the files that a page finds, and has not made itself."""

    def begin(page, found_all=False):
        folder = tmp_path / page.stem
        shutil.copytree(files, folder)
        for name in () if found_all else MADE_THERE.get(named(page), ()):
            place = folder / name
            shutil.rmtree(place) if place.is_dir() else place.unlink()
        monkeypatch.chdir(folder)
        return folder

    return begin


def assert_shown(said, shown):
    """That what was said is what a page shows, where ``...`` stands for anything."""
    pattern = ".*".join(map(re.escape, "\n".join(shown).split("...")))
    assert re.fullmatch(pattern, "\n".join(said), re.DOTALL), f"shown: {shown}\nsaid: {said}"


def run_page(page, folder, slow=False):
    """Run what a page shows; by line what it said. Lines of `SLOW` are run with `slow`, the others without."""
    said, mine = {}, [(folder / "mine.py").read_text()]
    for kind, block, error in BLOCK.findall(page.read_text()):
        if kind == "toml":
            (folder / "my.toml").write_text(block)
        elif kind == "python":
            if "(ttcsim.Policy)" in block:
                mine.append(defined(block))
                (folder / "mine.py").write_text("\n".join(mine))
            if error:
                with pytest.raises((ttcsim.InputError, TypeError)) as raised:
                    run_python(block, folder)
                assert_shown([f"{raised.type.__name__}: {raised.value}"], error.splitlines())
            elif not slow and '"all"' not in block and not ELSEWHERE.search(block):  # which test_readme.py runs
                run_python(block, folder)
        else:
            for line, shown in typed(f"```console\n{block}```"):
                if line.startswith("printf "):
                    subprocess.run(line, shell=True, check=True)
                elif line.split()[0] in PROGRAMS and not reason_to_skip(line) and bool(SLOW.match(line)) == slow:
                    done = run_line(line)
                    refused = shown and re.match(r"(ttcsim|harvest): (?!note)", shown[-1])
                    assert done.returncode == (2 if refused else 0), (line, done.stderr)
                    if shown:
                        assert_shown((done.stdout + done.stderr).splitlines(), shown)
                    said[line] = done.stdout
    return said


def named(page):
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_does_what_it_shows(page, begun, capsys):
    said = run_page(page, begun(page))
    if page == ROOT / "README.md":
        imported, described, swept, *_ = said.values()
        assert "80 queries, 3840 samples" in imported
        assert "answer" in described and "tokens" in described
        for word in ("coverage", "accuracy_majority", "elimination", "consensus"):
            assert word in swept
        report = Path("run1/report.html").read_text()
        assert "coverage" in report and "elimination" in report


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if SLOW.search(p.read_text())], ids=named)
def test_a_page_does_what_it_shows_at_length(page, begun):
    run_page(page, begun(page, found_all=True), slow=True)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=named)
def test_every_command_exists_and_takes_its_arguments(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for line, _ in typed(page.read_text()):
        program, *words = shlex.split(line)
        program = program.removeprefix(".venv/bin/")
        if program in PROGRAMS:
            parsed(line)
        elif program == "make":
            assert {word for word in words if "=" not in word} <= set(targets), line
        elif program in ("python", "python3"):
            assert words[0] != "-m" or importlib.util.find_spec(words[1]), line
        else:
            assert program in {*OUTSIDE, "printf"}, f"{line}: say in OUTSIDE who knows {program}"


def test_the_lines_of_a_document_are_found():
    text = "```console\n$ A=1 ttcsim demo &   # note\n$ wait; ttcsim report x && harvest tasks\nout\n```\n$ not this\n"
    assert list(typed(text)) == [("ttcsim demo", []), ("wait", []), ("ttcsim report x", []), ("harvest tasks", ["out"])]
