"""What kernels stand on: the cached compiler, counter-based random numbers, special functions."""
