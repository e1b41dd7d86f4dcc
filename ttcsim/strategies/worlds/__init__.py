"""Simulated worlds of strategies: a reasoning tree, chains of revisions."""
