"""A language model asked whether a response is right."""

from __future__ import annotations

from collections.abc import Sequence

from harvest.config import JudgeReward
from harvest.engine import Generator, conversation
from harvest.prompts import fields_of, fill
from harvest.queries import Query

PROMPT = "Question: {question}\n\nProposed answer: {response}\n\nIs the proposed answer correct? Answer with Yes or No."


class Judge:
    """P(yes) / (P(yes) + P(no)) of the judge's next token, as in self-evaluation (Kadavath et al., 2022)."""

    def __init__(self, config: JudgeReward, model: Generator) -> None:
        self.config, self.model = config, model

    def scores(self, items: Sequence[tuple[Query, str]]) -> list[list[float]]:
        """One value a response, or beginning of one."""
        prompts = [self._prompt(query, text) for query, text in items]
        return [[p] for p in self.model.choose(prompts, self.config.yes, self.config.no)]

    def _prompt(self, query: Query, text: str) -> str:
        asked = fill(self.config.prompt or PROMPT, {**fields_of(query.problem), "response": text.strip()})
        return self.model.render(conversation(self.config.system, asked)) if self.config.chat else asked
