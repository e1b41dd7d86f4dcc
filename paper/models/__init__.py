"""Several models and their prices: which model answers which query next, at the same dollars."""
