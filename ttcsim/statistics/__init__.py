"""Intervals and what is asked of results with them: comparison, significance, regret, claims."""
