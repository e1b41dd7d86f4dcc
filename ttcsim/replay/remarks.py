"""What is to be known of a pool before a replay of it is believed, as it stands in its manifest."""

from __future__ import annotations

from collections.abc import Mapping

from ttcsim.pool import Pool


def sampled_adaptively(pool: Pool) -> str:
    """What is biased in a pool whose number of samples followed from outcomes; nothing in another."""
    adaptive = (pool.manifest or {}).get("adaptive")
    if not isinstance(adaptive, Mapping):
        return ""
    if "policy" in adaptive:
        return (
            f"pool {pool.name} is a live run of policy '{adaptive['policy']}', which stopped by outcomes: its success "
            "rates are biased; `ttcsim live-check` holds it against a harvested pool"
        )
    return (
        f"pool {pool.name} was sampled until solved: queries have {adaptive.get('initial')} to "
        f"{adaptive.get('until_solved')} samples, and the success rates of the hard ones are biased; `ttcsim pool "
        "initial` keeps the unbiased first round"
    )


def unknown_tokens(pool: Pool, cost: str) -> str:
    """What samples without a token count are charged where tokens are; nothing where all have one."""
    unknown = (pool.manifest or {}).get("unknown_tokens")
    if not isinstance(unknown, Mapping) or not unknown or cost == "samples":
        return ""
    return (
        f"pool {pool.name}: {unknown.get('samples')} samples have no token count and are charged "
        f"{unknown.get('charged')}"
    )
