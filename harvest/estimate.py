"""What a harvest will cost, before it starts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from harvest.config import Config, LogprobReward, RevisionsStrategy, RolloutsReward
from harvest.deciding import Asked, Decider
from harvest.run import destination

RATES = (1_000, 5_000, 20_000)
"""Generated tokens per second for which hours are given where no rate is known."""


def estimate(
    config: Config, queries: int, prompt_tokens: int, *, rate: float | None, shard: tuple[int, int] = (0, 1)
) -> dict[str, Any]:
    """Samples, tokens and hours, at most: every response may be as long as max_tokens allows.

    Parameters
    ----------
    prompt_tokens : int
        Tokens of all prompts, each counted once: prefix caching reads it once for all samples.
    rate : float, optional
        Generated tokens per second.
    """
    sampling = config.sampling
    samples = queries * sampling.most
    generations = {
        "samples": samples,
        **{s.label: queries * s.per_query for s in config.strategy},
        **{f"reward {r.name}, each step": samples * r.rollouts for r in config.reward if isinstance(r, RolloutsReward)},
    }
    of_these = {name: number * sampling.max_tokens for name, number in generations.items()}
    generated = sum(of_these.values())
    return {
        **_paid(config, queries, prompt_tokens, generated),
        "pool": str(destination(config, shard)),
        "queries": queries,
        "samples": samples,
        "prompt_tokens": prompt_tokens,
        "generated_tokens_at_most": generated,
        "of_these": of_these,
        "hours_at_most": _hours(generated, rate),
        "scored_at_most": {r.name: samples for r in config.reward if not isinstance(r, LogprobReward)},
    }


def _paid(config: Config, queries: int, prompt_tokens: int, generated: int) -> dict[str, Any]:
    """Dollars at most; nothing where no price is known. A prompt is paid for with every request."""
    model, sampling = config.model, config.sampling
    if model.price is None:
        return {}
    several = model.choices if model.logprobs else 1
    rounds = [min(sampling.n, sampling.most - drawn) for drawn in range(0, sampling.most, sampling.n)]
    read = prompt_tokens * sum(math.ceil(n / several) for n in rounds)
    for s in config.strategy:
        if isinstance(s, RevisionsStrategy):  # whose prompts hold earlier attempts
            shown = s.per_query * s.memory * sampling.max_tokens
            read += s.per_query * prompt_tokens + queries * shown
    return {
        "dollars_at_most": {
            "prompts": model.price.of(read, 0),
            "responses": model.price.of(0, generated),
            "together": model.price.of(read, generated),
        },
        "max_dollars": model.max_dollars,
    }


def estimate_live(
    config: Config, asked: Asked, decider: Decider, queries: int, prompt_tokens: int, *, rate: float | None
) -> dict[str, Any]:
    """What a live run costs at most; when it stops is up to the policy, and what responses cost to the model.

    Parameters
    ----------
    prompt_tokens : int
        Tokens of all prompts, each counted once.
    rate : float, optional
        Generated tokens per second.
    """
    longest, total = config.sampling.max_tokens, decider.total
    known = [config.model.price.model_dump()] if config.model.price else []
    rates = {"request": 0.0, "input": 0.0, "output": 0.0} | next(iter([*(decider.prices or {}).values(), *known]), {})
    dollars = rates["request"] + (rates["input"] * prompt_tokens / queries + rates["output"] * longest) / 1e6
    one = {"samples": 1.0, "tokens": float(longest), "dollars": 1e6 * dollars}[asked.cost]
    # What a wave costs is known once it is whole: the last one may cost more than what is left, and is kept unseen.
    samples = math.ceil(total / one) + (0 if asked.cost == "samples" else asked.wave)
    return {
        "pool": str(destination(config)),
        "policy": decider.policy,
        "queries": queries,
        "cost": asked.cost,
        "samples": samples,
        "prompt_tokens": prompt_tokens,
        "generated_tokens_at_most": samples * longest,
        "hours_at_most": _hours(samples * longest, rate),
        **({"dollars_at_most": round(samples * dollars, 6)} if dollars else {}),
    }


def live_lines(cost: dict[str, Any]) -> Sequence[str]:
    """The bounds for people."""
    longest = "" if cost["cost"] == "samples" else ", each as long as max_tokens allows, or more that are shorter"
    told = [
        f"{cost['queries']:,} queries into {cost['pool']}, as {cost['policy']} decides",
        f"at most {cost['samples']:,} samples{longest}: {cost['generated_tokens_at_most']:,} new tokens",
        *(f"at {rate}: at most {hours:,} hours" for rate, hours in cost["hours_at_most"].items()),
    ]
    if "dollars_at_most" in cost:
        told.append(f"at most {cost['dollars_at_most']:,} dollars, with a last wave that the budget may not pay for")
    return told


def _hours(tokens: int, rate: float | None) -> dict[str, float]:
    return {f"{int(r)} tokens/s": round(tokens / r / 3600, 2) for r in ([rate] if rate else RATES)}


def lines(cost: dict[str, Any]) -> Sequence[str]:
    """The estimate for people."""
    told = [
        f"{cost['queries']:,} queries, {cost['samples']:,} samples into {cost['pool']}",
        f"at most {cost['generated_tokens_at_most']:,} new tokens, {cost['prompt_tokens']:,} prompt tokens read once",
    ]
    told += [f"  {name}: {tokens:,} tokens" for name, tokens in cost["of_these"].items() if len(cost["of_these"]) > 1]
    told += [f"at {rate}: at most {hours:,} hours" for rate, hours in cost["hours_at_most"].items()]
    told += [f"reward {name}: {n:,} responses to score" for name, n in cost["scored_at_most"].items()]
    if paid := cost.get("dollars_at_most"):
        limit, parts = cost["max_dollars"], " and ".join(f"${paid[k]:,.2f} for {k}" for k in ("prompts", "responses"))
        stops = "" if limit is None else f"; it stops before ${limit:,.2f} (model.max_dollars)"
        told.append(f"at most ${paid['together']:,.2f}, {parts}{stops}")
    return told
