"""Replay kernels: pure jitted functions over arrays. No policy is named here and nothing is read or written."""
