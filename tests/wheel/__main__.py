"""The wheel, made of the source distribution, works in an empty environment from another folder: ``make test-wheel``.

Both hold what git knows and nothing else; then what a user does first is done with what was installed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
VERSION = re.search(r'^__version__ = "(.+)"$', (ROOT / "ttcsim" / "__init__.py").read_text(), re.MULTILINE)[1]
PACKAGES = ("ttcsim", "harvest")
MUST = (
    "ttcsim/py.typed", "harvest/py.typed", "ttcsim/theory/theory.md", "ttcsim/report/page/run.html",
    "ttcsim/pool/data/smollm2-arithmetic/manifest.json", "ttcsim/pool/data/aime2025/samples/part-00000.parquet",
    "harvest/recipes/builtin-smollm2.toml",
)  # fmt: skip
"""What no code imports, so that its absence would be seen late."""


def run(*words, cwd, fails=False, **environment):
    """The output of a command, in an environment that knows nothing of the checkout."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "COV_"))}
    done = subprocess.run(words, cwd=cwd, env=clean | environment, capture_output=True, text=True, timeout=600)
    if bool(done.returncode) != fails:
        sys.exit(f"{' '.join(map(str, words))} exited {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr * fails


def tracked(*folders):
    """Files that git knows, as they lie in the checkout."""
    listed = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}


def same(found, wanted, where):
    """Say what is too much and what is missing."""
    if found != wanted:
        sys.exit(f"{where}: too much {sorted(found - wanted)[:9]}, missing {sorted(wanted - found)[:9]}")


def check_contents(sdist, wheel):
    """What is in the two files."""
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    same(names - {"PKG-INFO"}, tracked(), sdist.name)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        about = next(name for name in names if name.endswith(".dist-info/METADATA"))
        told = Parser().parsestr(archive.read(about).decode())
        scripts = archive.read(about.replace("METADATA", "entry_points.txt")).decode()
    info = {name for name in names if ".dist-info/" in name}
    same(names - info, tracked(*PACKAGES), wheel.name)
    same(set(MUST) & names, set(MUST), wheel.name)
    same({Path(name).name for name in info if "/licenses/" in name}, {"LICENSE", "NOTICE"}, "licences")
    assert (told["Name"], told["Version"], told["Requires-Python"]) == ("ttcsim", VERSION, PROJECT["requires-python"])
    assert told["License-Expression"] == PROJECT["license"]
    assert told.get_payload().strip() == (ROOT / "README.md").read_text().strip()
    for name, place in PROJECT["scripts"].items():
        assert f"{name} = {place}" in scripts


def check_use(bin_, folder):
    """What a user does first."""
    assert run(bin_ / "ttcsim", "--version", cwd=folder) == f"ttcsim {VERSION}\n"
    place = run(bin_ / "python", "-c", "import ttcsim; print(ttcsim.__file__)", cwd=folder).strip()
    assert Path(place).is_relative_to(bin_.parent), f"{place} is not what was installed"
    looked = json.loads(run(bin_ / "ttcsim", "doctor", "builtin:math500", "--json", cwd=folder))
    verdicts = {row["subject"]: row["verdict"] for row in looked["rows"]}
    assert "problem" not in verdicts.values() and verdicts["replay"] == verdicts["pool"] == "ok", looked
    said = run(bin_ / "ttcsim", "demo", "--reps", "40", "--out", "first", cwd=folder)
    assert re.search(r"elimination solves 5\d\.\d% of the queries, uniform 4\d\.\d%", " ".join(said.split())), said
    files = {path.name: path.stat().st_size for path in (folder / "first").iterdir()}
    assert (
        set(files) == {"coverage.png", "efficiency.png", "allocation.png", "report.html"} and min(files.values()) > 9e3
    )
    assert "Harvest a pool." in run(bin_ / "harvest", "--help", cwd=folder)
    assert "recipe" in run(bin_ / "harvest", "tasks", cwd=folder).lower()
    assert "stretch" in run(bin_ / "ttcsim", "explain", "G7", cwd=folder)


def main():
    """Build, look, install, use; say how long each took."""
    began = time.perf_counter()

    def done(what):
        nonlocal began
        now = time.perf_counter()
        print(f"{what}: {now - began:.0f} s", flush=True)
        began = now

    with tempfile.TemporaryDirectory(prefix="ttcsim-wheel-") as place:
        folder = Path(place)
        run(sys.executable, "-m", "build", "--outdir", folder / "dist", ROOT, cwd=folder)  # the wheel of the sdist
        (sdist,), (wheel,) = (folder / "dist").glob("*.tar.gz"), (folder / "dist").glob("*.whl")
        done("built " + ", ".join(f"{path.name} ({path.stat().st_size / 1e6:.1f} MB)" for path in (sdist, wheel)))
        check_contents(sdist, wheel)
        run(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel, cwd=folder)
        done("their contents are what git knows")
        venv.create(folder / "env", with_pip=True)
        bin_ = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
        run(bin_ / "python", "-m", "pip", "install", "--quiet", "--no-compile", wheel, cwd=folder)
        run(bin_ / "python", "-m", "pip", "check", cwd=folder)
        done("installed into an empty environment")
        (folder / "elsewhere").mkdir()
        check_use(bin_, folder / "elsewhere")
        done("used from another folder")
        shutil.rmtree(folder / "env")


main()
