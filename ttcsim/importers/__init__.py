"""Foreign formats, one a file; each turns a file or folder into a `Pool`."""

from collections.abc import Callable

from ttcsim.importers.counts import import_counts as import_counts
from ttcsim.importers.inspect_logs import import_inspect as import_inspect
from ttcsim.importers.lm_eval import import_lm_eval as import_lm_eval
from ttcsim.importers.monkeys import import_monkeys as import_monkeys
from ttcsim.importers.samples import import_samples as import_samples
from ttcsim.pool import Pool

FORMATS: dict[str, Callable[..., Pool]] = {
    "samples": import_samples,
    "counts": import_counts,
    "lm-eval": import_lm_eval,
    "inspect": import_inspect,
    "monkeys": import_monkeys,
}
"""Importer of each format that `ttcsim pool import` knows."""
