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

_LARGEST = 3.4028234e38  # of a Float32


def rows(
    query_id: str, first: int, responses: Sequence[Response], verdicts: Sequence[Verdict]
) -> Iterator[tuple[Any, ...]]:
    """Rows of a query's samples, numbered from `first`, in the order of `COLUMNS`."""
    for sample, (r, verdict) in enumerate(zip(responses, verdicts, strict=True), first):
        yield query_id, sample, verdict.right, verdict.answer, r.tokens, _finite(r.logprob), verdict.reason, r.text


def _finite(logprob: float) -> float:
    """A sum that is none, or beyond what the column holds, as the least: a pool has no other word for it."""
    return max(-_LARGEST, min(logprob, _LARGEST)) if not math.isnan(logprob) else -_LARGEST
