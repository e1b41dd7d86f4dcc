"""Rebuild every figure and table: ``python -m paper.build [FOLDER]``."""

from __future__ import annotations

import sys
from pathlib import Path

from paper.builtin_pool import figure as builtin_pool
from paper.law import figure as law
from paper.strategies import figure as strategies
from paper.zoo import figure as zoo

PARTS = {"builtin_pool": builtin_pool.build, "law": law.build, "zoo": zoo.build, "strategies": strategies.build}


def main(folder: str = "paper/out", **options: int) -> None:
    """Build every part into its own folder."""
    for name, build in PARTS.items():
        for path in build(Path(folder) / name, **options):
            print(path)


if __name__ == "__main__":
    main(*sys.argv[1:2])
