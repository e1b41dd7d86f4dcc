"""What a policy is: frozen parameters, a few small rules, and some declared facts."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ttcsim import grammar
from ttcsim.errors import InputError, among, closest
from ttcsim.policies import rules
from ttcsim.policies.parameters import Knobs, check, number
from ttcsim.policies.priors import Prior
from ttcsim.policies.reads import Reads, reads_of
from ttcsim.policies.rules import FIELDS, PRIOR, RATES, Rule
from ttcsim.policies.sources import Sources
from ttcsim.pool.format import is_confidence, is_reward

_SIGNALS = ("correct", "reward", "confidence")


def _is_label(text: str) -> bool:
    """Whether strings and their lists can have it in front of a policy; nothing is one."""
    return text == text.strip() and text.isprintable() and not set(text) & set("()=,'\"")


@rules.score
def level(s, p, key):
    """No preference: ties are broken by fewest draws, then by a random priority."""
    return 0.0


@rules.quantile
def certain(s, p, tail):
    """No random index."""
    return 0.0


@rules.stop
def on_success(s, p, key):
    """Drop a query once a draw had a signal of at least gamma (Zuo & Zhu, Algorithm 1)."""
    return s.successes > 0


@rules.stop
def never(s, p, key):
    """Keep every query."""
    return False


@rules.see
def blind(s, p, key):
    """Remember nothing."""


@rules.fit
def unfitted(rows, p):
    """Leave the parameters as they are."""


class Setup(NamedTuple):
    """What a configured policy asks of the engine, for one total budget."""

    score: Rule | None  # None: in rounds, fewest draws first; or a quantile
    bonus: Rule
    stop: Rule
    see: Rule
    fit: Rule
    memory: np.dtype[Any] | None  # record that `see` keeps of each query, zeros before the first draw
    warmup: int  # draws every query gets before scores count
    explore: int = 0  # units spent evenly before any query is dropped
    params: Mapping[str, Any] = {}  # what the rules need beside the policy's own fields, by name

    @property
    def alike(self) -> bool:
        """Whether indices are random, and of one law where there are equally many draws."""
        return self.score is not None and self.score.kind == "quantile"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Base of every policy: a frozen dataclass of parameters.

    Subclasses add fields (numbers reach the rules by name, as ``p.weight``) and set class variables. With a
    ``@ttcsim.score`` rule `score` the engine draws the active query with the largest value; with none it goes round by
    round. A plain Python policy defines the method ``scores(self, s, active)`` instead, which gets the rows of all
    queries (``s.draws`` is an array) and returns one number for each query index in `active`; it works everywhere, a
    few hundred times slower.

    Parameters
    ----------
    k : int
        Draws each time a query is chosen; all are charged.
    gamma : float
        Signal at which a draw counts as a success.
    signal : str
        What the policy sees of a draw: "correct" (the verifier), or the name of a reward or confidence column.
    cap : float
        Most draws a query may get.
    on : str
        On a pool of several sources, the one that it draws from, or "mixed": a random one for every draw.
    label : str
        What results call this policy; its string form by default.
    """

    k: int = number(1, "[1, inf)")
    gamma: float = number(1.0)
    signal: str = "correct"
    cap: float = number(math.inf, "[1, inf]", whole=True)
    on: str = ""
    label: str = field(default="", compare=False)

    name: ClassVar[str] = ""
    source: ClassVar[str] = ""
    place: ClassVar[str] = ""
    """Where strings find it, such as ``mine.py:Thrifty``, when it was loaded by a string."""
    knobs: ClassVar[Knobs] = {}
    """What ``ttcsim plan`` tries of its parameters: all combinations of these values."""
    score: ClassVar[Rule | None] = None
    bonus: ClassVar[Rule] = level
    """Added to the score times sqrt(ln(t + 1)), t = draws over all queries."""
    stop: ClassVar[Rule] = on_success
    see: ClassVar[Rule] = blind
    """Told of every draw; may write to ``s.memory``."""
    fit: ClassVar[Rule] = unfitted
    """Fits parameters to the whole batch: first after the warm-up, then whenever the draws have grown by `refit`."""
    refit: ClassVar[float] = 1.25
    memory: ClassVar[np.dtype[Any] | None] = None
    warmup: ClassVar[int] = 1
    anytime: ClassVar[bool] = True
    """Whether a larger budget only continues what a smaller one did."""
    signal_within: ClassVar[str] = "(-inf, inf)"
    """Interval in which its signal has to lie; rewards lie in [0, 1], confidences anywhere."""
    chooses_sources: ClassVar[bool] = False
    """Whether it says from which source a query's next sample comes: its rules are asked about units."""
    oracle: ClassVar[str] = ""
    """What no policy can know and this one does: "rates" (success rates, as ``s.rate``) or "outcomes" (the prophet)."""

    def __post_init__(self) -> None:
        """Check every field against its declaration."""
        check(self)
        if not (isinstance(self.label, str) and _is_label(self.label)):
            raise InputError(f"label {self.label!r}: use letters, digits, spaces and signs other than ()=,'\"")
        if not isinstance(self.on, str) or (self.on and self.chooses_sources):
            why = "it chooses the source itself" if self.chooses_sources else "name a source of the pool, or mixed"
            raise InputError(f"policy {self.name or type(self).__name__}: on={self.on!r}: {why}")
        signal = self.signal
        if not isinstance(signal, str) or not (signal == "correct" or is_reward(signal) or is_confidence(signal)):
            meant = closest(str(signal), _SIGNALS)
            raise InputError(
                f"policy {self.name or type(self).__name__}: signal={signal!r}: {meant}it must be 'correct', 'reward', "
                "'confidence' or a column 'reward_*' or 'confidence_*' of the pool"
            )

    def setup(self, total: int, queries: int) -> Setup:
        """What this configuration asks of the engine when `total` units may be spent on `queries` queries."""
        kinds = {"score": self.score, "bonus": self.bonus, "stop": self.stop, "see": self.see, "fit": self.fit}
        for label, rule in kinds.items():
            if rule is not None and not isinstance(rule, Rule):
                raise InputError(
                    f"policy {type(self).__name__}: {label} is a plain function; decorate it with "
                    f"@ttcsim.{'score' if label == 'bonus' else label} (or define `scores` for a plain Python policy)"
                )
        return Setup(**kinds, memory=self.memory, warmup=self.warmup)  # type: ignore[arg-type]

    def by_source(self, sources: Sources, total: int) -> Mapping[str, Any]:
        """Parameters of the rules that depend on the sources: numbers, and arrays by source (``sources.by_number``)."""
        return {}

    def prior(self) -> Prior | None:
        """What the rules may know of a query before any draw, as ``s.prior_mean`` and ``s.prior_draws``."""
        return None

    def streamed(self) -> bool:
        """Whether queries come one at a time."""
        return False

    def reads(self) -> tuple[frozenset[str], bool]:
        """Fields of the row that this configuration reads, and whether its code shows them all.

        Raises
        ------
        InputError
            For a field that no row has, and for one that this policy may not read.
        """
        setup = self.setup(1, 1)
        used = [rule.reads for rule in (setup.score, setup.bonus, setup.stop, setup.see, setup.fit) if rule is not None]
        plain = getattr(type(self), "scores", None)
        if plain is not None:
            used.append(reads_of(plain, 1))
        seen = [r.row if r.exact else r.row & FIELDS.keys() for r in used if r.row is not None]
        found: frozenset[str] = frozenset().union(*seen)
        known = {*FIELDS, *(("memory",) if setup.memory is not None else ()), *(dir(np.ndarray) if plain else ())}
        self._refuse_unknown(found, known)
        return found & frozenset(FIELDS), all(r.row is not None for r in used)

    def _refuse_unknown(self, found: frozenset[str], known: set[str]) -> None:
        label = f"policy {self.name or type(self).__name__}"
        for name in sorted(found - known):
            raise InputError(f"{label}: a rule reads s.{name}, which no row has; {among(name, FIELDS)}")
        for name in sorted(found & FIELDS.keys()):
            if FIELDS[name].needs == RATES and not self.oracle:
                raise InputError(f"{label}: s.{name} is for oracles; declare oracle = 'rates', or predict by a prior")
            if FIELDS[name].needs == PRIOR and self.prior() is None:
                raise InputError(f"{label}: s.{name} needs a prior; define prior(self) to return a ttcsim.Prior")

    def depends_on_everything(self, setup: Setup) -> bool:
        """Whether an index can change without a draw of its query: it reads the clock, or draws at random."""
        used: list[Reads] = [rule.reads for rule in (setup.score, setup.bonus) if rule is not None]
        return not setup.alike and any(r.key or r.row is None or "t" in r.row for r in used)

    def columns(self) -> tuple[str, ...]:
        """Columns of the pool that this configuration reads; those of its queries as ``queries.NAME``."""
        needs = {FIELDS[name].needs for name in self.reads()[0]} - {"", RATES, PRIOR}
        prior = self.prior()
        return (
            *sorted(needs),
            *(() if self.signal == "correct" else (self.signal,)),
            *(() if prior is None else (f"queries.{prior.column}",)),
        )

    def form(self) -> str:
        """String form: the name and every parameter that differs from its default."""
        return self._form(self.name if self._is_named() else self._found())

    def written(self) -> str:
        """What ``ttcsim.policy`` builds the same policy from, its label included."""
        form = self._form(self.name if type(self).__module__.startswith("ttcsim.") else self._found())
        return f"{self.label}={form}" if self.label else form

    def _form(self, name: str) -> str:
        own = [f for f in fields(self) if f.name != "label"]
        return grammar.form(name, {f.name: getattr(self, f.name) for f in own if getattr(self, f.name) != f.default})

    def _is_named(self) -> bool:
        """Whether the class has a name of its own: what it inherits is another's."""
        return bool(vars(type(self)).get("name"))

    def _found(self) -> str:
        kind = type(self)
        return str(vars(kind).get("place") or f"{kind.__module__}:{kind.__name__}")

    def __str__(self) -> str:
        return self.label or self.form().encode(errors="backslashreplace").decode()  # paths need not be Unicode


def is_plain(policy: Policy) -> bool:
    """Whether a policy scores queries in plain Python."""
    return inspect.isfunction(getattr(type(policy), "scores", None))
