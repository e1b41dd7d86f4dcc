"""Responses and their verdicts as rows of samples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from harvest.engine import Response
from harvest.verifiers import Verdict
from ttcsim.pool.format import PLACES, SAMPLE_COLUMNS

COLUMNS = {**SAMPLE_COLUMNS, "text": pl.String}
"""Columns of a part of samples, which keeps the text until rewards have read it."""

CHAIN_COLUMNS = {**COLUMNS, **PLACES}
"""Columns of a part of revision chains."""


def rows(
    query_id: str, first: int, responses: Sequence[Response], verdicts: Sequence[Verdict]
) -> Iterator[tuple[Any, ...]]:
    """Rows of a query's samples, numbered from `first`, in the order of `COLUMNS`."""
    for sample, (r, (right, answer)) in enumerate(zip(responses, verdicts, strict=True), first):
        yield query_id, sample, right, answer, r.tokens, r.logprob if math.isfinite(r.logprob) else None, r.text
