"""What the project says of itself is true: citation, changelog, versions, hooks, the map of the house."""

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import test_house
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

import ttcsim

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAKEFILE = (ROOT / "Makefile").read_text()
GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
CHANGES = (ROOT / "CHANGELOG.md").read_text()
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")


def recipe(target):
    """The commands of a target of the Makefile, with lines that go on joined."""
    (found,) = re.findall(rf"^{target}:[^\n]*\n((?:\t[^\n]*\n)+)", MAKEFILE, re.MULTILINE)
    return [line.strip() for line in found.replace("\\\n", " ").splitlines()]


def requirements(*groups):
    """What the project requires, and some of its extras, without itself."""
    every = [*PROJECT["dependencies"], *(one for g in groups for one in PROJECT["optional-dependencies"][g])]
    return {one.name.lower(): one for one in map(Requirement, every) if one.name != "ttcsim"}


def test_the_citation_is_of_this_version_and_names_both_papers():
    pytest.importorskip("check_jsonschema")  # of `dev`; the lowest versions are those of what is used
    path = ROOT / "CITATION.cff"
    checked = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.citation-file-format", str(path)]
    done = subprocess.run(checked, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    cited = yaml.safe_load(path.read_text())
    assert (cited["version"], cited["license"]) == (ttcsim.__version__, PROJECT["license"])
    papers = {one["identifiers"][0]["value"]: one["title"] for one in cited["references"]}
    assert set(papers) == {"arXiv:2506.12721", "arXiv:2408.03314"}


def test_the_changelog_has_the_form_of_keepachangelog():
    heads = re.findall(r"^## (.+)$", CHANGES, re.MULTILINE)
    assert CHANGES.startswith("# Changelog\n") and heads[0] == "[Unreleased]"
    released = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}", head)[1] for head in heads[1:]]
    assert released == sorted(set(released), key=Version, reverse=True)
    for section in re.split(r"^## .+$", CHANGES, flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"^### (.+)$", section, re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds], "these kinds, in this order, each once"
        before = section.partition("### ")[0]
        assert not re.search(r"^- ", before, re.MULTILINE), f"a change that is of no kind:{before}"


def test_the_version_is_the_next_one_or_was_just_released():
    unreleased, *parts = re.split(r"^## \[", CHANGES, flags=re.MULTILINE)[1:]
    newest = parts[0].partition("]")[0] if parts else "0"
    ahead = re.search(r"^- ", unreleased, re.MULTILINE) is not None
    assert (Version(ttcsim.__version__) > Version(newest)) == ahead
    assert not ahead or f"The next version is {ttcsim.__version__}." in unreleased


def test_the_hook_is_make_lint_and_runs_what_is_installed():
    pytest.importorskip("pre_commit")
    path = ROOT / ".pre-commit-config.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (repo,) = yaml.safe_load(path.read_text())["repos"]
    (hook,) = repo["hooks"]
    assert (repo["repo"], hook["language"], hook["entry"]) == ("local", "system", "make lint")
    assert recipe("lint") == ["$(BIN)/ruff check .", "$(BIN)/ruff format --check .", "$(BIN)/mypy"]


def test_the_lowest_versions_are_those_that_are_tested():
    """Of what a user installs, and of what the tests stand on, at the first version that pyproject.toml allows."""
    installed = dict(re.findall(r"([\w-]+)==([\w.]+)", " ".join(recipe("test-lowest"))))
    allowed = requirements("import", "ray", "tasks", "endpoint")
    for name, one in allowed.items():
        (lowest,) = [bound.version for bound in one.specifier if bound.operator == ">="]
        assert name in installed, f"make test-lowest installs no {name}; add {name}=={lowest}"
        assert Version(installed[name]) == Version(lowest), (
            f"{name}: pyproject.toml says {lowest}, the Makefile another"
        )
    for name in installed.keys() - allowed.keys():
        assert requirements(*PROJECT["optional-dependencies"])[name].specifier.contains(installed[name])


def test_the_classifiers_name_the_versions_of_python():
    versions = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", c)]
    assert versions[0] == PROJECT["requires-python"].removeprefix(">=")
    assert "Typing :: Typed" in PROJECT["classifiers"]
    assert all((ROOT / package / "py.typed").is_file() for package in ("ttcsim", "harvest"))


def test_the_street_of_the_guide_is_the_one_that_is_tested():
    (told,) = re.findall(r"^    (container.*?)\n\n", GUIDE, re.MULTILINE | re.DOTALL)
    floors = [{name.strip() for name in floor.split(",")} for floor in re.sub(r"\s+", " ", told).split("->")]
    assert floors == [set(floor) for floor in test_house.STREET if floor not in (("",), ("__main__",))]


PATHS = {
    path for path in re.findall(r"`([\w./-]+)`", GUIDE)
    if ("/" in path or path.endswith((".py", ".md", ".toml"))) and "NAME" not in path
}  # fmt: skip


@pytest.mark.parametrize("path", sorted(PATHS))
def test_every_path_of_the_guide_is_there(path):
    elsewhere = ("ttcsim/guarantees/plain", "ttcsim")  # "`policies.py` beside it", `pool.format` of the package
    assert any((ROOT / place / path).exists() for place in ("", *elsewhere)), f"CONTRIBUTING.md names {path}"


def test_every_folder_of_tests_is_in_the_table_or_has_a_command_of_its_own():
    ran = set(re.findall(r"tests/(\w+)", GUIDE)) | set(re.findall(r"tests[/.](\w+)", MAKEFILE))
    folders = {path.parent.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").glob("*/*.py")}
    assert folders <= ran, f"CONTRIBUTING.md does not say when to run tests/{folders - ran}"


def test_every_folder_is_on_the_map():
    folders = {
        f"{package}/{path.name}/" for package in ("ttcsim", "harvest") for path in (ROOT / package).iterdir()
        if path.is_dir() and not path.name.startswith("__")
    }  # fmt: skip
    told = set(re.findall(r"`((?:ttcsim|harvest)/\w+/)`", GUIDE.partition("## Edit, test")[0]))
    assert told == folders


def test_what_takes_one_line_in_a_list_has_that_list():
    rows = re.findall(r"^\| [\w .]+ \| `(ttcsim/[\w/]+)/` \| `(\w+)` in its `__init__.py` \|", GUIDE, re.MULTILINE)
    assert len(rows) >= 6
    for folder, name in rows:
        package = importlib.import_module(folder.replace("/", "."))
        listed = list(getattr(package, name))
        if name == "FINDINGS":  # functions, not files
            continue
        assert all((ROOT / folder / f"{file}.py").is_file() for file in listed), f"{folder}: {name}"


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make\s([a-z-]+)`", GUIDE))))
def test_every_target_of_the_guide_is_in_the_makefile(target):
    assert recipe(target)


def test_ci_runs_every_check_of_the_makefile():
    """All but the ones that need what CI has not, or that say so themselves."""
    ran = set(re.findall(r"^(?:make|wait)\s+([\w-]+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE))
    checks = set(re.findall(r"^(test[\w-]*|lint):", MAKEFILE, re.MULTILINE))
    assert checks - ran <= {"test", "test-lowest"}  # the first is a part of test-all
