"""Outcome and process reward models."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harvest.config import OutcomeReward, ProcessReward
from harvest.engine import RewardModel, conversation
from harvest.prompts import fields_of, fill
from harvest.queries import Query
from harvest.steps import split
from ttcsim.errors import InputError


def chance(logits: Sequence[float], positive: int) -> float:
    """Probability of the positive class: sigmoid of a single logit, softmax of several."""
    if len(logits) == 1:
        return 1 / (1 + math.exp(-logits[0])) if logits[0] > -700 else 0.0
    if positive >= len(logits):
        raise InputError(f"the reward model has {len(logits)} classes; `positive` = {positive} is none of them")
    top = max(logits)
    weights = [math.exp(x - top) for x in logits]
    return weights[positive] / math.fsum(weights)


def _text(config: OutcomeReward | ProcessReward, model: RewardModel, query: Query, response: str) -> str:
    """What the model reads: a rendered conversation, or the bare template."""
    asked = fill(config.prompt or "{question}", {**fields_of(query.problem), "response": response})
    if not config.chat:
        return asked if config.prompt and "{response}" in config.prompt else f"{asked}\n{response}"
    return model.render(conversation(config.system, asked, response))


class Outcome:
    """An outcome reward model: one score for the whole response, 0 for one that is too long for it."""

    def __init__(self, config: OutcomeReward, model: RewardModel) -> None:
        self.config, self.model = config, model

    def scores(self, items: Sequence[tuple[Query, str]]) -> list[list[float]]:
        """One value a response."""
        texts = [_text(self.config, self.model, query, text.strip()) for query, text in items]
        found = self.model.outcomes(texts)
        return [[0.0 if logits is None else chance(logits, self.config.positive)] for logits in found]


class Process:
    """A process reward model: a score after every step, read at its step tag (Qwen2.5-Math-PRM: ``<extra_0>``).

    A response that is too long for it has 0 at every step.
    """

    def __init__(self, config: ProcessReward, model: RewardModel) -> None:
        self.config, self.model = config, model

    def scores(self, items: Sequence[tuple[Query, str]]) -> list[list[float]]:
        """One value a step."""
        tag = self.config.step_tag
        steps = [[s.replace(tag, "") for s in split(text, self.config.separator)] for _, text in items]
        texts = [
            _text(self.config, self.model, query, "".join(step + tag for step in own))
            for (query, _), own in zip(items, steps, strict=True)
        ]
        values = [
            [0.0] * len(own) if row is None else [chance(logits, self.config.positive) for logits in row]
            for own, row in zip(steps, self.model.steps(texts), strict=True)
        ]
        for (query, _), own, found in zip(items, steps, values, strict=True):
            if len(found) != len(own):
                raise InputError(
                    f"reward '{self.config.name}', query {query.query_id}: {len(own)} steps, but {len(found)} scores; "
                    f"is '{tag}' the step tag of this model?"
                )
        return values
