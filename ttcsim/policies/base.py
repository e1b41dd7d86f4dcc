"""What a policy is: frozen parameters, at most three small rules, and a few declared facts."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.policies.priors import Predictions
from ttcsim.policies.rules import QueryStats, Rule, Stats, fit, score, see, stop
from ttcsim.pool import Pool


@score
def zero(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    """No preference: ties are broken by fewest draws, then by a random priority."""
    return 0.0


@stop
def on_success(s: QueryStats, p: NDArray[np.float64], key: int) -> bool:
    """Drop a query once a draw had a signal of at least gamma (Zuo & Zhu, Algorithm 1)."""
    return s.successes > 0


@stop
def never(s: QueryStats, p: NDArray[np.float64], key: int) -> bool:
    """Keep every query."""
    return False


@see
def blind(s: QueryStats, p: NDArray[np.float64], key: int) -> float:
    """Remember nothing."""
    return 0.0


@fit
def unfitted(stats: Stats, p: NDArray[np.float64]) -> int:
    """Leave the parameters as they are."""
    return 0


class Rules(NamedTuple):
    """The rules of one configured policy."""

    score: Rule | None  # None: in rounds, fewest draws first
    bonus: Rule
    stop: Rule
    see: Rule = blind
    fit: Rule = unfitted


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Base of every policy: a frozen dataclass of parameters.

    Subclasses add fields of type float (they reach the rules as ``p[0], p[1], ...`` in order) and set class
    variables. With ``@score``-decorated `score` the engine draws the active query with the largest value; with
    none it goes round by round. A plain Python policy defines the method ``scores(self, s, active)`` instead, which
    returns one number for each query index in `active`; it works everywhere, a few hundred times slower.

    Parameters
    ----------
    k : int
        Draws each time a query is chosen; all are charged.
    gamma : float
        Signal at which a draw counts as a success.
    signal : str
        What the policy sees of a draw: "correct" (the verifier), or the name of a reward column.
    cap : float
        Most draws a query may get.
    """

    k: int = 1
    gamma: float = 1.0
    signal: str = "correct"
    cap: float = math.inf

    name: ClassVar[str] = ""
    source: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    """Columns beyond `correct` that the rules read through `Stats`."""
    score: ClassVar[Rule | None] = None
    bonus: ClassVar[Rule] = zero
    """Added to the score times sqrt(ln(t + 1)), t = draws over all queries."""
    stop: ClassVar[Rule] = on_success
    depends: ClassVar[str] = "everything"
    """What the score depends on: "own draws" is scored again only after a draw (fast), "everything" at every step."""
    anytime: ClassVar[bool] = True
    """Whether a larger budget only continues what a smaller one did."""
    foresight: ClassVar[bool] = False
    """Whether the rules may read the true success rates `s.rate` (oracles)."""
    see: ClassVar[Rule] = blind
    """Told of every draw; may write to the query's memory (`room`)."""
    fit: ClassVar[Rule] = unfitted
    """Fits parameters to the whole batch: first after the warm-up, then whenever the draws have grown by `refit`."""
    refit: ClassVar[float] = 1.25
    warmup: ClassVar[int] = 1
    """Draws every query gets before scores count."""
    prophetic: ClassVar[bool] = False
    """Whether the policy is the oracle that knows outcomes, which no rule can express."""

    def __post_init__(self) -> None:
        """Check the shared parameters."""
        label = type(self).__name__
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type in ("float", float) and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise InputError(f"policy {label}: {field.name}={value!r} is not a number")
            if field.type in ("float", float) and math.isnan(value):
                raise InputError(f"policy {label}: {field.name} is NaN; give a number")
        if isinstance(self.k, bool) or not isinstance(self.k, int) or self.k < 1:
            raise InputError(f"policy {label}: k={self.k!r} must be a whole number of draws, 1 or more")
        if not self.cap >= 1 or (math.isfinite(self.cap) and self.cap != int(self.cap)):
            raise InputError(f"policy {label}: cap={self.cap!r} must be a whole number of draws, 1 or more, or inf")
        if not isinstance(self.signal, str) or (self.signal != "correct" and not self.signal.startswith("reward")):
            raise InputError(
                f"policy {label}: signal={self.signal!r} must be 'correct', 'reward' or a column 'reward_*' of the pool"
            )

    def params(self) -> NDArray[np.float64]:
        """Own numeric fields in order, f8[P]: the `p` of the rules."""
        shared = {f.name for f in fields(Policy)}
        values = [getattr(self, f.name) for f in fields(self) if f.name not in shared]
        numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
        return np.array(numbers, dtype=np.float64)

    def rules(self) -> Rules:
        """The rules that this configuration uses."""
        rules = {"score": self.score, "bonus": self.bonus, "stop": self.stop, "see": self.see, "fit": self.fit}
        for label, rule in rules.items():
            if rule is not None and not isinstance(rule, Rule):
                raise InputError(
                    f"policy {type(self).__name__}: {label} is a plain function; decorate it with "
                    f"@ttcsim.{'score' if label == 'bonus' else label} (or define `scores` for a plain Python policy)"
                )
        return Rules(**rules)  # type: ignore[arg-type]

    def exploration(self) -> float:
        """Share of the budget spent evenly before any query is dropped."""
        return 0.0

    def params_at(self, total: int, queries: int) -> NDArray[np.float64]:
        """The `p` of the rules when the budget is `total` over all queries."""
        return self.params()

    def streamed(self) -> bool:
        """Whether queries come one at a time."""
        return False

    def warmup_draws(self, total: int, queries: int) -> int:
        """Draws every query gets before scores count, when the budget is `total` over all queries."""
        return self.warmup

    def room(self, total: int, queries: int) -> int:
        """Numbers that rules may remember of each query."""
        return 0

    def predictions(self, pool: Pool) -> Predictions | None:
        """Success rates predicted before any draw, for rules that read ``s.prediction`` and ``s.weight``."""
        return None

    def columns(self) -> tuple[str, ...]:
        """Columns of the pool that this configuration reads."""
        return (*self.needs, *(() if self.signal == "correct" else (self.signal,)))

    def label(self) -> str:
        """String form: the name and every parameter that differs from its default."""
        changed = [
            f"{f.name}={_plain(getattr(self, f.name))}" for f in fields(self) if getattr(self, f.name) != f.default
        ]
        name = self.name or f"{type(self).__module__}:{type(self).__name__}"
        return f"{name}({','.join(changed)})" if changed else name

    def __str__(self) -> str:
        return self.label()


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
