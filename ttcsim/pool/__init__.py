"""Pools: samples of queries with verifier outcomes, in memory and on disk (format version 1)."""

from ttcsim.pool.pool import Pool as Pool
