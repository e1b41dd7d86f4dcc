"""Chains of revisions: every attempt sees the last few before it (Snell et al., section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import polars as pl

from harvest.config import RevisionsStrategy, SamplingConfig
from harvest.engine import Generator, Request, Response, request_seed
from harvest.prompts import fields_of, fill
from harvest.queries import Query
from harvest.strategies.select import Candidate, hierarchical, majority

PROMPT = (
    "{question}\n\nHere are earlier attempts at this, each of which may be wrong:\n\n{attempts}\n\n"
    "Find the mistakes in them, and give a new and correct solution in the form asked for."
)


def revise(
    queries: Sequence[Query],
    strategy: RevisionsStrategy,
    model: Generator,
    sampling: SamplingConfig,
    window: int | None = None,
) -> dict[tuple[str, int, int], Response]:
    """Attempts by (query_id, chain, step), with their confidence where there is a window; step 0 is an ordinary one."""
    attempts: dict[tuple[str, int, int], Response] = {}
    first = [
        Request(q.query_id, q.prompt, strategy.chains, request_seed(sampling.seed, q.query_id, "chains"), window=window)
        for q in queries
    ]
    for query_id, responses in model.stream(first, sampling):
        for chain, response in enumerate(responses):
            attempts[query_id, chain, 0] = response
    for step in range(1, strategy.length):
        further = []
        for q, chain in product(queries, range(strategy.chains)):
            seen = range(max(0, step - strategy.memory), step)
            prompt = revision_prompt(q, [attempts[q.query_id, chain, s].text for s in seen], strategy)
            seed = request_seed(sampling.seed, q.query_id, "chains", chain, step)
            further.append(Request((q.query_id, chain, step), prompt, 1, seed, window=window, grown=True))
        for key, responses in model.stream(further, sampling):
            attempts[key] = responses[0]
    return attempts


def revision_prompt(query: Query, attempts: Sequence[str], strategy: RevisionsStrategy) -> str:
    """The prompt that shows earlier attempts, oldest first."""
    listed = "\n\n".join(f"Attempt {i}:\n{text.strip()}" for i, text in enumerate(attempts, 1))
    ask = fill(strategy.prompt or PROMPT, {**fields_of(query.problem), "attempts": listed})
    return query.prompter.prompt(query.problem, ask)


def revision_rows(chains: pl.DataFrame, reward: str | None) -> list[dict[str, object]]:
    """Outcomes of every sequential x parallel split of the chains in powers of two, on disjoint groups of chains.

    Parameters
    ----------
    chains : DataFrame
        query_id, chain, step, correct, answer, tokens and the reward column.
    reward : str, optional
        Column to select by, within chains and then across them; without it, one majority vote over all.
    """
    rows: list[dict[str, object]] = []
    for (query_id,), own in chains.sort("chain", "step").group_by("query_id", maintain_order=True):
        table = [list(part.iter_rows(named=True)) for part in own.partition_by("chain", maintain_order=True)]
        candidates = [[Candidate(r["answer"], r["correct"], r[reward] if reward else 1.0) for r in c] for c in table]
        for seq in _powers(min(map(len, table))):
            for par in _powers(len(table)):
                for run in range(len(table) // par):
                    group = range(run * par, (run + 1) * par)
                    shown = [candidates[c][:seq] for c in group]
                    chosen = hierarchical(shown) if reward else majority([c for chain in shown for c in chain])
                    rows.append(
                        {
                            "query_id": query_id, "strategy": f"revisions(seq={seq},par={par})", "budget": seq * par,
                            "run": run, "correct": chosen.right, "reward": chosen.score if reward else None,
                            "tokens": sum(r["tokens"] for c in group for r in table[c][:seq]), "answer": chosen.answer,
                        }
                    )  # fmt: skip
    return rows


def _powers(limit: int) -> list[int]:
    return [1 << i for i in range(limit.bit_length())]
