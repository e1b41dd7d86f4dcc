"""What k samples of a query are worth, exactly from a pool: any of them right, or all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.statistics.intervals import column_means, share_interval
from ttcsim.theory.uniform import pass_at_k, pass_hat_k

METRICS = {"pass@k": pass_at_k, "pass^k": pass_hat_k}


def passes(pool: Pool, ks: Sequence[int]) -> pl.DataFrame:
    """Share of queries that k samples solve: pass@k, any of them correct, and pass^k, all of them; one row each.

    Both are unbiased for k fresh samples of each query (without replacement), and the limits are 95 % for new queries.
    Columns: source (of a pool of several), metric, k, mean, lo_queries, hi_queries.

    Parameters
    ----------
    ks : sequence of int
        Numbers of samples, none above the smallest that a query has.

    Raises
    ------
    InputError
        For a k below 1, or one that a query has not enough samples for.
    """
    parts = [(name, pool.of(name)) for name in pool.sources] if pool.several else [("", pool)]
    frames = []
    for source, own in parts:
        least = int(own.sizes.min())
        for k in ks:
            if not 1 <= k <= least:
                of = f" of source '{source}'" if source else ""
                raise InputError(
                    f"k: {k} is no number from 1 to {least}, the samples{of} that query "
                    f"'{own.query_ids[int(own.sizes.argmin())]}' of pool {pool.name} has; give others"
                )
        for metric, chances in METRICS.items():
            values = np.array([chances(own.sizes, own.successes, int(k)) for k in ks]).T
            lo, hi = share_interval(values)
            columns = {"metric": metric, "k": list(map(int, ks)), "mean": column_means(values)}
            limits = {"lo_queries": lo, "hi_queries": hi}
            frames.append(pl.DataFrame({**({"source": source} if source else {}), **columns, **limits}))
    return pl.concat(frames)
