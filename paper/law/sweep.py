"""What is compared: rows of Zuo & Zhu's table, second-hand (uniform and elimination are implied by the gains)."""

from __future__ import annotations

ROWS = (
    # row, budget, uniform's coverage, elimination's coverage, multiple of the budget that uniform needs
    ("MATH-500, Llama-3.1-8B", 8, 0.738, 0.849, 3.93),
    ("MATH-500, Llama-3.2-1B", 16, 0.596, 0.703, 2.00),
    ("AIME25, Qwen3-4B", 16, 0.749, 0.858, 4.00),
    ("LiveCodeBench, DeepSeek-R1-8B", 8, 0.811, 0.910, 4.00),
    ("LiveCodeBench, Llama-3.1-8B", 8, 0.515, 0.589, 3.11),
)
