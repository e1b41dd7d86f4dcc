"""FrugalGPT's search: in which order sources are asked, and which score each has to reach to be the last one asked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ttcsim.policies import policy
from ttcsim.policies.base import Policy
from ttcsim.pool import Pool

DEPTH = 3
"""Sources of a cascade, at most, as in FrugalGPT."""
_FEW = 3
"""Sources of which all orders are tried; of more only those from cheap to dear."""
_COARSE = 4
"""Parts into which the quantiles of a score are cut at first."""
_FINEST = 64


@dataclass(frozen=True)
class Tuned:
    """A cascade whose thresholds are quantiles of each source's scores, which can be moved."""

    order: tuple[str, ...]
    at: tuple[int, ...]  # quantile of the threshold of each source but the last, in 1 / `parts`
    parts: int
    quantiles: Mapping[str, NDArray[np.float64]]  # of each source's scores, f8[_FINEST + 1]
    score: str

    @property
    def policy(self) -> Policy:
        """The cascade itself."""
        values = [
            f"{float(self.quantiles[name][at * _FINEST // self.parts]):.4g}"
            for name, at in zip(self.order, self.at, strict=False)
        ]
        quoted = [text.replace("'", "''") for text in (">".join(self.order), ">".join(values))]
        return policy(f"cascade(order='{quoted[0]}',signal={self.score},accept='{quoted[1]}')")

    def around(self) -> Iterator[Tuned]:
        """Its neighbours at half the distance, each threshold moved or not; none at the finest."""
        if 2 * self.parts > _FINEST:
            return
        for step in itertools.product((-1, 0, 1), repeat=len(self.at)):
            at = tuple(2 * own + move for own, move in zip(self.at, step, strict=True))
            if any(step) and all(0 < place < 2 * self.parts for place in at):
                yield Tuned(self.order, at, 2 * self.parts, self.quantiles, self.score)


def first_cascades(pool: Pool, score: str, price: NDArray[np.int64]) -> list[Tuned]:
    """Every order with thresholds at the quartiles of the scores, those of equal thresholds first.

    Parameters
    ----------
    price : i8[N]
        Of every sample, or nothing where each is one unit.
    """
    units = pool.units
    values = pool.score(score)
    own = {name: _of_source(pool, code) for code, name in enumerate(pool.sources)}
    complete = [name for code, name in enumerate(pool.sources) if (units.source == code).sum() == pool.n_queries]
    spread = {
        name: np.quantile(values[own[name]].astype(np.float64), np.linspace(0, 1, _FINEST + 1)) for name in complete
    }
    means = {name: float(price[own[name]].mean()) if len(price) else 1.0 for name in complete}
    found = []
    for order in _orders(complete, means):
        places = itertools.product(range(1, _COARSE), repeat=len(order) - 1)
        found += [Tuned(order, at, _COARSE, spread, score) for at in places]
    return sorted(found, key=lambda one: max(one.at) - min(one.at))


def _orders(sources: list[str], price: Mapping[str, float]) -> list[tuple[str, ...]]:
    """All orders of two and three sources; of more than three sources, those of rising price."""
    rising = sorted(sources, key=lambda name: (price[name], name))
    lengths = range(2, min(DEPTH, len(sources)) + 1)
    of = itertools.permutations if len(sources) <= _FEW else itertools.combinations
    return [order for length in lengths for order in of(rising, length)]


def _of_source(pool: Pool, code: int) -> NDArray[np.bool_]:
    """Which samples are of a source, b1[N]."""
    if pool.source is None:
        return np.ones(pool.n_samples, np.bool_)
    return np.asarray(pool.source == code)
