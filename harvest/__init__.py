"""Harvest: sample a language model with vLLM and write pools. Never imports numba; only `generate` imports vllm."""

VERSION = "0.5.0"
"""Changes when the same config would give other numbers."""
