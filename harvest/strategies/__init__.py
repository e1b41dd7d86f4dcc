"""Whole methods run on every query: search against a scorer, chains of revisions (Snell et al., arXiv 2408.03314)."""
