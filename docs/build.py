"""The site, from the documents to ``site/``: ``python -m docs.build``. A broken link is an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from docs.assemble import ROOT, assemble


def build(project: Path = ROOT) -> Path:
    """Build the site of a folder with a ``zensical.toml`` and the packages to document; the folder that holds it."""
    assemble(project / "build" / "docs")
    subprocess.run([sys.executable, "-m", "zensical", "build", "--strict", "--clean"], cwd=project, check=True)
    # A page that is opened from a folder cannot fetch the index of the search, but it can run it: see site/worker.js.
    site = project / "site"
    (site / "search.js").write_text(f"var __index = {(site / 'search.json').read_text()}")
    return site


if __name__ == "__main__":
    try:
        build()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
