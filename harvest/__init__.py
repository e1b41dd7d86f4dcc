"""Harvest: sample a language model with vLLM and write pools.

Only `generate` imports vllm. Nothing imports numba but what `deciding` starts, in a process without an engine.
"""

VERSION = "0.5.0"
"""Changes when the same config would give other numbers."""
