"""The other half of every comparison: replays and exact values once more, slow and obvious, sharing no code."""
