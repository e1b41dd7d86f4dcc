"""Foreign formats, one a file; each turns a file or folder into a `Pool`."""

from collections.abc import Callable

from ttcsim.pool import Pool
from ttcsim.pool.importers.counts import import_counts as import_counts
from ttcsim.pool.importers.inspect_logs import import_inspect as import_inspect
from ttcsim.pool.importers.lm_eval import import_lm_eval as import_lm_eval
from ttcsim.pool.importers.monkeys import import_monkeys as import_monkeys
from ttcsim.pool.importers.samples import import_samples as import_samples

FORMATS: dict[str, Callable[..., Pool]] = {
    "samples": import_samples,
    "counts": import_counts,
    "lm-eval": import_lm_eval,
    "inspect": import_inspect,
    "monkeys": import_monkeys,
}
"""Importer of each format that `ttcsim pool import` knows."""
