"""Waves: what it costs to decide many draws before the first of them is seen."""
