"""Test-time compute against a larger model (Snell et al., section 7)."""

from __future__ import annotations

from ttcsim.strategies.questions.findings.ask import Answer, Ask, Gap, every
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
    last, most = max(r["bin"] for r in rows), max(r["R"] for r in rows)
    ahead = {(r["bin"], r["R"]): Gap(r["difference"], r["se"], r["queries"]) for r in rows if r["se"] is not None}
    wanted = [ahead.get((r["bin"], r["R"])) for r in rows if r["bin"] == 1]
    easy = every(1.0 if gap is None else gap.p_above for gap in wanted)
    hard = (-ahead[last, most]).p_above if (last, most) in ahead else 1.0
    return Answer(every([easy, hard]), "; ".join(told))
