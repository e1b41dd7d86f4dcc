"""Whole methods run on every query: search against a scorer, chains of revisions (Snell et al., arXiv 2408.03314)."""

import polars as pl

STRATEGY_SCHEMA = {
    "query_id": pl.String,
    "strategy": pl.String,
    "budget": pl.Int32,
    "run": pl.Int32,
    "correct": pl.Boolean,
    "reward": pl.Float32,
    "tokens": pl.Int32,
    "answer": pl.String,
}
"""One row a run of a strategy on a query at a budget (in generations)."""
