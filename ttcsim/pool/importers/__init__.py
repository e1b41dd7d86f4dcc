"""Foreign formats, one a file; each turns a file or folder into a `Pool`."""

from ttcsim.pool.importers.importer import Importer as Importer
from ttcsim.registry import collect

_FILES = (
    "samples",
    "counts",
    "lm_eval",
    "inspect_logs",
    "monkeys",
    "best_of_infinity",
)

FORMATS: dict[str, Importer] = {importer.name: importer for importer in collect(__name__, "IMPORTER", _FILES)}
"""Importer of each format that ``ttcsim pool import`` knows, in the order in which it lists them."""
