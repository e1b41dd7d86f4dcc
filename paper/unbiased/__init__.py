"""When a replay is unbiased: random parts of a large pool against the pool itself."""
