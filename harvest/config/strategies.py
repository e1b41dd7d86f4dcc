"""``[[strategy]]`` by kind: whole methods run on every query."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from harvest.config.table import Kept


class SearchStrategy(Kept):
    """What beam and lookahead search share."""

    kind: str
    scorer: str = Field(description="the name of a [[reward]] that scores steps")
    budgets: tuple[int, ...] = Field(description="numbers of beams N, such as [4, 16, 64]")
    width: int | Literal["sqrt"] = 4  # M
    steps_ahead: int = 0  # k
    rounds: int = Field(40, ge=1)
    runs: int = Field(1, ge=1)
    step_tokens: int = Field(256, ge=1)
    separator: str = "\n\n"

    @model_validator(mode="after")
    def _budgets_fit(self) -> SearchStrategy:
        if not self.budgets:
            raise ValueError(f"kind '{self.kind}' needs `budgets`, such as [4, 16, 64]")
        if self.width != "sqrt" and self.width < 1:
            raise ValueError("width must be 1 or more, or 'sqrt'")
        for budget in self.budgets:
            width = self.width_at(budget)
            if budget < 1 or budget % width:
                raise ValueError(
                    f"budget {budget} is no multiple of the width {width}; N / M beams are kept each round"
                )
        return self

    def width_at(self, budget: int) -> int:
        """M at N beams."""
        return round(budget**0.5) if self.width == "sqrt" else self.width

    def generations(self, budget: int) -> int:
        """What N beams cost, in generations: N (k + 1)."""
        return budget * (1 + self.steps_ahead)

    @property
    def per_query(self) -> int:
        """Generations of all its runs on a query, at most."""
        return self.runs * sum(map(self.generations, self.budgets))

    @property
    def label(self) -> str:
        """Name of the strategy in the pool: ``beam(m=4)``, ``beam(m=sqrt)``, ``lookahead(k=3,m=4)``."""
        return f"lookahead(k={self.steps_ahead},m={self.width})" if self.steps_ahead else f"beam(m={self.width})"


class BeamStrategy(SearchStrategy):
    """Beam search."""

    kind: Literal["beam"]
    steps_ahead: Literal[0] = 0


class LookaheadStrategy(SearchStrategy):
    """Beam search by the scores of greedy rollouts."""

    kind: Literal["lookahead"]
    steps_ahead: int = Field(ge=1, description="steps of a rollout, 1 or more (0 is beam search)")


class RevisionsStrategy(Kept):
    """Chains of revisions."""

    kind: Literal["revisions"]
    scorer: str | None = None  # a [[reward]] to select by; without it, a majority vote
    chains: int = Field(4, ge=1)  # a query
    length: int = Field(8, ge=1)  # attempts a chain
    memory: int = Field(4, ge=1)  # attempts kept in context
    prompt: str | None = None  # template of a revision: {question}, {attempts}

    @property
    def per_query(self) -> int:
        """Attempts at a query."""
        return self.chains * self.length

    @property
    def label(self) -> str:
        """Name of the strategy in the pool, but for its split into sequential and parallel."""
        return "revisions"


StrategyConfig = Annotated[
    BeamStrategy | LookaheadStrategy | RevisionsStrategy,
    Field(discriminator="kind"),
]
"""One ``[[strategy]]``."""
