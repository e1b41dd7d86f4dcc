"""``[[reward]]`` by kind: a column ``reward_<name>`` in [0, 1], or ``reward`` where that is its name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from harvest.config.table import Kept

Aggregate = Literal["last", "min", "prod", "mean"]


class _Reward(Kept):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    kind: str

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name

    @property
    def column(self) -> str:
        """The column that it fills."""
        return "reward" if self.name == "reward" else f"reward_{self.name}"


class ModelReward(_Reward):
    """What rewards by a model share."""

    model: str | None = None
    engine: dict[str, Any] = Field(default_factory=dict)
    prompt: str | None = None
    system: str = ""
    chat: bool = True


class LogprobReward(_Reward):
    """How sure the model was: it needs no text."""

    kind: Literal["logprob"]


class OutcomeReward(ModelReward):
    """An outcome reward model."""

    kind: Literal["outcome"]
    model: str = Field(description="a reward model's folder or hub name")
    positive: int = Field(1, ge=0)  # which of several classes means right


class ProcessReward(ModelReward):
    """A process reward model, which scores steps."""

    kind: Literal["process"]
    model: str = Field(description="a reward model's folder or hub name")
    aggregate: Aggregate = "last"
    separator: str = "\n\n"  # between steps
    step_tag: str = "<extra_0>"  # stands after every step
    positive: int = Field(1, ge=0)


class JudgeReward(ModelReward):
    """A language model asked whether the response is right: `model`, or the generator."""

    kind: Literal["judge"]
    yes: tuple[str, ...] = ("Yes", " Yes", "yes", " yes")
    no: tuple[str, ...] = ("No", " No", "no", " no")


class RolloutsReward(_Reward):
    """The share of rollouts from every step that end right."""

    kind: Literal["rollouts"]
    aggregate: Aggregate = "last"
    separator: str = "\n\n"
    rollouts: int = Field(16, ge=1)  # per step


RewardConfig = Annotated[
    LogprobReward | OutcomeReward | ProcessReward | JudgeReward | RolloutsReward,
    Field(discriminator="kind"),
]
"""One ``[[reward]]``."""
