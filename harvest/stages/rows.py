"""Responses and their verdicts as rows of samples."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from harvest.engine import Response
from harvest.verifiers import Verdict
from ttcsim.pool.format import PLACES, SAMPLE_COLUMNS

COLUMNS = {**SAMPLE_COLUMNS, "text": pl.String}
"""Columns of a part of samples, which keeps the text until rewards have read it."""

CHAIN_COLUMNS = {**COLUMNS, **PLACES}
"""Columns of a part of revision chains."""


def row(query_id: str, sample: int, response: Response, verdict: Verdict) -> tuple[Any, ...]:
    """One row, in the order of `COLUMNS`."""
    right, answer = verdict
    logprob = response.logprob if math.isfinite(response.logprob) else None
    return query_id, sample, right, answer, response.tokens, logprob, response.text
