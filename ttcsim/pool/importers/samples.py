"""Any table with one row a sample."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ttcsim.pool import Pool
from ttcsim.pool.checks import pool_from_frame
from ttcsim.pool.importers.importer import Importer
from ttcsim.pool.importers.tables import check_column, read_table
from ttcsim.pool.reading import text_of


def import_samples(
    src: str | Path, *, mapping: Mapping[str, str] | None = None, where: Mapping[str, str] | None = None
) -> Pool:
    """Import a table of samples.

    Parameters
    ----------
    mapping : mapping, optional
        Pool column to source column, for example ``{"query_id": "task_id", "correct": "passed"}``.
    where : mapping, optional
        Column to value: keep only these rows.
    """
    table = read_table(src, where)
    for column in (mapping or {}).values():
        check_column(table, column, src)
    taken = {source: target for target, source in (mapping or {}).items()}
    table = table.drop([t for t in taken.values() if t in table.columns and t not in taken]).rename(taken)
    return pool_from_frame(table, where=str(src), name=text_of(Path(src).stem))


IMPORTER = Importer(
    "samples", "any table (.parquet, .csv, .jsonl, Dataset.save_to_disk), one row a sample", import_samples
)
