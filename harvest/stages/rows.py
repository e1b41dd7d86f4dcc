"""Responses and their verdicts as rows of samples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from harvest import confidence
from harvest.config import Config
from harvest.engine import Response
from harvest.verifiers import Verdict
from ttcsim.pool.format import CONFIDENCE, SAMPLE_COLUMNS

_LARGEST = 3.4028234e38  # of a Float32


def columns(config: Config) -> dict[str, Any]:
    """Columns of a part of samples, which keeps the text until rewards have read it."""
    confidences = confidence.COLUMNS if config.confidence else ()
    known = {c: t for c, t in SAMPLE_COLUMNS.items() if c != "logprob" or config.model.logprobs}
    return {**known, **dict.fromkeys(confidences, CONFIDENCE), "text": pl.String}


def rows(
    query_id: str, first: int, responses: Sequence[Response], verdicts: Sequence[Verdict]
) -> Iterator[tuple[Any, ...]]:
    """Rows of a query's samples, numbered from `first`, in the order of `columns`."""
    for sample, (r, verdict) in enumerate(zip(responses, verdicts, strict=True), first):
        logprob = () if r.logprob is None else (_finite(r.logprob),)
        yield (
            query_id, sample, verdict.right, verdict.answer, r.tokens, *logprob, r.prompt_tokens, verdict.reason,
            *map(_finite, r.confidence or ()), r.text,
        )  # fmt: skip


def _finite(value: float) -> float:
    """A number that is none as the least that a column holds, and one beyond: a pool has no other word for it."""
    return max(-_LARGEST, min(value, _LARGEST)) if not math.isnan(value) else -_LARGEST
