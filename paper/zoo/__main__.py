"""``python -m paper.zoo [FOLDER]``: the study of the whole zoo alone."""

import sys
from pathlib import Path

from paper.zoo.figure import build

out = Path(sys.argv[1] if len(sys.argv) > 1 else "paper/out/zoo")
build(out)
print((out / "findings.md").read_text())
