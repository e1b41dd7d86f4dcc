"""Intervals, comparisons and regret of results."""
