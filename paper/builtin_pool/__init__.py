"""The built-in pool: coverage and efficiency of every policy it can serve."""
