"""UCB and GAP with a reward for the verifier, on the one pool that has rewards."""

from __future__ import annotations

import polars as pl

import ttcsim
from paper.tables import markdown
from paper.words import paragraph, points, share
from paper.zoo.study import GAMMAS, REWARDED, SIGNALLED, Study, only
from paper.zoo.sweep import BUDGET

REWARDS = ("policy", "gamma", "coverage", "difference", "accuracy (best)", "difference")


def rewards_rows(study: Study) -> list[tuple[object, ...]]:
    """Coverage and accuracy of the best-rewarded answer, against elimination by the same signal and threshold."""
    result = study.rewarded
    rows: list[tuple[object, ...]] = []
    for gamma in GAMMAS:
        names = [f"{label} {gamma}" for label in SIGNALLED]
        base = names[0]
        same = only(result, *names)
        compared = ttcsim.compare(same, baseline=base)
        for name in names:
            cells = []
            for metric in ("coverage", "accuracy_best"):
                at = same.frame.filter(policy=name, metric=metric, budget=BUDGET).row(0, named=True)
                over = compared.filter(policy=name, metric=metric, budget=BUDGET)
                cells += [share(at), points(over.row(0, named=True)) if over.height else ""]
            rows.append((name.removesuffix(f" {gamma}"), gamma, *cells))
    return rows


def rewards_lines(study: Study) -> list[str]:
    """The table, and what the thresholds pass."""
    correct, reward = study.studied[REWARDED].pool.correct, study.studied[REWARDED].pool.score("reward")
    right = (
        pl.DataFrame({"correct": correct, "reward": reward})
        .group_by("correct")
        .agg(*((pl.col("reward") >= gamma).mean().alias(str(gamma)) for gamma in GAMMAS))
        .sort("correct")
    )
    kept = "; ".join(f"{g}: {right[str(g)][1]:.0%} and {right[str(g)][0]:.0%}" for g in GAMMAS)
    return [
        *paragraph(
            f"{REWARDED} has a reward, the mean probability of the model's own tokens; here it stands for the",
            f"verifier, at {BUDGET:g} samples a query. At a threshold it passes so many of the correct and of the",
            f"wrong samples: {kept}. Differences are to elimination by the same reward and threshold, with 95 %",
            "limits for new queries.",
        ),
        "",
        *markdown(REWARDS, rewards_rows(study)),
    ]  # fmt: skip
