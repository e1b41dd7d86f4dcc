"""Harvest: sample a language model with vLLM and write pools. Never imports numba; only `generate` imports vllm."""
