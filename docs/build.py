"""The site, from the documents to ``site/``: ``python -m docs.build``. A broken link is an error."""

from __future__ import annotations

import subprocess
import sys

from docs.assemble import ROOT, assemble

if __name__ == "__main__":
    assemble(ROOT / "build" / "docs")
    built = subprocess.run([sys.executable, "-m", "zensical", "build", "--strict", "--clean"], cwd=ROOT)
    if built.returncode:
        sys.exit(built.returncode)
    # A page that is opened from a folder cannot fetch the index of the search, but it can run it: see site/worker.js.
    index = (ROOT / "site" / "search.json").read_text()
    (ROOT / "site" / "search.js").write_text(f"var __index = {index}")
