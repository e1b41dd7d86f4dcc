"""Foreign formats, one a file; each turns a file into a `Pool`."""

from ttcsim.importers.counts import import_counts as import_counts
from ttcsim.importers.samples import import_samples as import_samples

FORMATS = {"counts": import_counts, "samples": import_samples}
"""Importer of each format that `ttcsim pool import` knows."""
