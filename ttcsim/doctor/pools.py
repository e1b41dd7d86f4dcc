"""Whether a pool is whole, what can be asked of it, and up to which budget its samples last."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ttcsim.doctor.line import OK, PROBLEM, WARNING, Line, size
from ttcsim.errors import InputError
from ttcsim.pool import Pool

_USUAL = 8.0
"""The largest of the budgets 1, 2, 4, 8, which most comparisons need."""


def look(source: str) -> Iterator[Line]:
    """Load it, and say what it is fit for."""
    from ttcsim.pool.files import load
    from ttcsim.pool.format import FORMAT_VERSION
    from ttcsim.replay.remarks import sampled_adaptively, unknown_tokens

    try:
        pool = load(source)
    except InputError as error:
        yield Line("pool", PROBLEM, str(error))
        return
    made = (pool.manifest or {}).get("format_version")
    form = f"format {made} of {FORMAT_VERSION}" if made else "no manifest"
    least, most = int(pool.sizes.min()), int(pool.sizes.max())
    each = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    facts = [form, f"{pool.n_queries:,} queries", f"{pool.n_samples:,} samples ({each} of each query)"]
    facts += [f"{len(pool.sources)} sources"] if pool.several else []
    yield Line("pool", OK, f"{pool.name}: {', '.join([*facts, size(pool.nbytes), f'hash {pool.hash[:16]}'])}")
    yield Line("columns", OK, ", ".join(["correct", *sorted(pool.columns())]))
    yield from _rates(pool)
    said = filter(None, (sampled_adaptively(pool), unknown_tokens(pool, "tokens")))
    yield from (Line("samples", WARNING, remark) for remark in said)
    yield _policies(pool)
    yield _budgets(pool)


def _rates(pool: Pool) -> Iterator[Line]:
    """Nothing but one outcome is mostly a column that means something else."""
    for right, words in ((0, "no sample is correct"), (pool.n_samples, "every sample is correct")):
        if int(pool.successes.sum()) == right:
            yield Line("outcomes", WARNING, f"{words}: all policies do the same", "check what `correct` was made of")


def _policies(pool: Pool) -> Line:
    """What `-p all` would replay."""
    from ttcsim.policies import ZOO, ZOO_OF_SOURCES, policy
    from ttcsim.replay.setting import lacking

    every = [policy(text) for text in (ZOO_OF_SOURCES if pool.several else ZOO)]
    missing: dict[str, list[str]] = {}
    for one in every:
        if (column := lacking(one, pool)) is not None:
            missing.setdefault(column, []).append(one.name)
    without = sum(map(len, missing.values()))
    says = [f"{len(every) - without} of the {len(every)} of -p all fit"]
    says += [f"{', '.join(dict.fromkeys(names))} would need {column}" for column, names in missing.items()]
    says += ["those that choose queries only take --source NAME"] if pool.several else []
    return Line("policies", OK, "; ".join(says))


def _budgets(pool: Pool) -> Line:
    """The average budgets at which the first query runs out of samples, so that values begin to be biased."""
    from ttcsim.theory.first_success import unsolved

    units = pool.units
    sizes = np.diff(units.offsets)
    least = int(sizes.min())
    if pool.several:
        return Line("budgets", OK, f"{least:,} samples or more of each query and source")
    kinds, members = np.unique(np.stack([sizes, pool.successes]), axis=1, return_counts=True)
    spent = float(members @ unsolved(kinds[0], kinds[1], least)[:, :least].sum(axis=1)) / pool.n_queries
    says = f"uniform's samples last for {least:,} per query, elimination's for about {spent:.3g}"
    if spent < _USUAL:
        return Line("budgets", WARNING, says, "stay below, sample more, or `ttcsim pool continue` (a fitted law)")
    return Line("budgets", OK, says)
