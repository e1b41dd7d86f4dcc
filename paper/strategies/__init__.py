"""Snell et al. in simulated worlds: search, revisions, the compute-optimal strategy, the FLOPs exchange."""
