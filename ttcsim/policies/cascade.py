"""One source after the other: the cheap model first, the strong one where it fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.policies import rules
from ttcsim.policies.base import Policy, Setup
from ttcsim.policies.parameters import Knobs, number
from ttcsim.policies.sources import Sources, by_number


@rules.stop
def _accepted(s, p, key):
    return s.signal_max >= p.accepts[s.source]


@dataclass(frozen=True, kw_only=True)
class Cascade(Policy):
    """Sources in a fixed order: a query goes on to the next after `patience` failures, or after one low score.

    FrugalGPT (Chen et al., arXiv 2305.05176): a cheap model answers, a scorer accepts the answer or passes the query on
    to a dearer one. Here a draw is accepted at `gamma`, by the verifier or, with ``signal=reward`` or ``confidence``,
    by a score. Queries advance in rounds; the last source is drawn from until the budget ends. FrugalGPT's own form,
    three models and a threshold for all but the last, is ``cascade(order=a>b>c,signal=reward,accept=0.9>0.7)``.

    Parameters
    ----------
    order : str
        Names of sources with ``>`` between them, as in ``small>large``; by default all, in the order of the pool.
    patience : int
        Draws of a source before the next one has its turn.
    low : float
        A signal below it ends the turn of a source at once.
    accept : str
        Signals at which a draw is accepted, for the sources of `order` one by one, as in ``0.9>0.7``, in the place of
        `gamma`. Without one for the last source, whatever that answers is accepted.
    """

    order: str = ""
    patience: int = number(1, "[1, inf)")
    low: float = number(-np.inf, "[-inf, inf)")
    accept: str = ""

    name: ClassVar[str] = "cascade"
    source: ClassVar[str] = "FrugalGPT: Chen, Zaharia & Zou 2023"
    knobs: ClassVar[Knobs] = {"patience": (1, 2, 4)}
    warmup: ClassVar[int] = 0
    chooses_sources: ClassVar[bool] = True
    memory: ClassVar[np.dtype[Any] | None] = np.dtype([("failed", "f8")])

    @rules.score
    def score(s, p, key):
        place = p.places[s.source]
        if place < 0.0:
            return -np.inf
        if place < p.last and (s.draws >= p.patience or s.memory.failed > 0.0):
            return -np.inf
        return -float(s.query_draws) - place / (p.last + 1.0)

    @rules.see
    def see(s, p, key):
        if s.signal < p.low:
            s.memory.failed = 1.0

    def setup(self, total: int, queries: int) -> Setup:
        """Draws are accepted at `gamma`, or source by source."""
        chosen = super().setup(total, queries)
        return chosen._replace(stop=_accepted) if self.accept else chosen

    def by_source(self, sources: Sources, total: int) -> Mapping[str, Any]:
        """Place of each source in the order, -1 for one that is not in it, and the signal that it has to reach."""
        names = self.order.split(">") if self.order else list(sources.names)
        places = np.full(len(sources.names), -1.0)
        accepts = np.full(len(sources.names), -np.inf)
        for place, name in enumerate(names):
            found = sources.number(name.strip(), f"policy '{self}': order")
            if places[found] >= 0:
                raise InputError(f"policy '{self}': order: source '{name.strip()}' comes twice; name each once")
            places[found] = place
        if self.accept:
            wanted = self._thresholds(len(names))
            accepts[np.argsort(places)[-len(names) :][: len(wanted)]] = wanted
        return {"places": by_number(places), "last": float(len(names) - 1), "accepts": by_number(accepts)}

    def _thresholds(self, sources: int) -> NDArray[np.float64]:
        """The numbers of `accept`."""
        try:
            wanted = np.array([float(part) for part in self.accept.split(">")])
        except ValueError:
            wanted = np.zeros(0)
        if len(wanted) not in (sources, sources - 1) or np.isnan(wanted).any():
            raise InputError(
                f"policy '{self}': accept: give a number for each of {sources} sources, or all but the last, with > "
                "between them"
            )
        return wanted.astype(np.float32).astype(np.float64)  # as signals are stored: 0.9 has to reach 0.9
