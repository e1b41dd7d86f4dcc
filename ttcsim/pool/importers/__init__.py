"""Foreign formats, one a file; each turns a file or folder into a `Pool`."""

from ttcsim.pool.importers import counts, inspect_logs, lm_eval, monkeys, samples
from ttcsim.pool.importers.importer import Importer

FORMATS: dict[str, Importer] = {
    module.IMPORTER.name: module.IMPORTER for module in (samples, counts, lm_eval, inspect_logs, monkeys)
}
"""Importer of each format that ``ttcsim pool import`` knows, in the order in which it lists them."""
