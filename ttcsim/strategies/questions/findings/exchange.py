"""Test-time compute against a larger model (Snell et al., section 7)."""

from __future__ import annotations

from ttcsim.strategies.questions.findings.ask import Answer, Ask
from ttcsim.strategies.questions.flops import flops_matched


def flops(ask: Ask) -> Answer:
    """Test-time compute wins the easiest bin at every R, pretraining the hardest at the largest."""
    rows = flops_matched(ask.table, ask.which, seed=ask.seed)

    def winners(ratio: float, better: str) -> str:
        return ", ".join(str(r["bin"]) for r in rows if r["R"] == ratio and r["better"] == better) or "none"

    told = [
        f"R = {ratio:g}: test-time in bins {winners(ratio, 'test-time compute')}, pretraining in "
        f"{winners(ratio, 'pretraining')}"
        for ratio in sorted({r["R"] for r in rows})
    ]
    easy = all(r["better"] == "test-time compute" for r in rows if r["bin"] == 1)
    last, worst = max(r["bin"] for r in rows), max(r["R"] for r in rows)
    hard = any(r["better"] == "pretraining" for r in rows if r["bin"] == last and r["R"] == worst)
    return Answer(easy and hard, "; ".join(told))
