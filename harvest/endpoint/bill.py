"""What a server was paid: tokens as it reports them, dollars by the price in the config, and the limit."""

from __future__ import annotations

from harvest.config import ModelConfig

_AROUND = 256  # tokens that a chat template may put around a prompt


class Bill:
    """What was spent, and what requests under way may cost yet."""

    def __init__(self, model: ModelConfig) -> None:
        self._price, self._limit = model.price, model.max_dollars
        self.requests = self.prompt_tokens = self.tokens = 0
        self._under_way = 0.0
        self._around = _AROUND

    def add(self, prompt_tokens: int, tokens: int) -> None:
        """An answer is there."""
        self.requests += 1
        self.prompt_tokens += prompt_tokens
        self.tokens += tokens

    @property
    def spent(self) -> float | None:
        """Dollars; None where no price is known."""
        return None if self._price is None else self._price.of(self.prompt_tokens, self.tokens)

    def most(self, prompt: bytes, n: int, max_tokens: int) -> float:
        """The most that a request for `n` responses can cost: no token is shorter than a byte."""
        return 0.0 if self._price is None else self._price.of(len(prompt) + self._around, n * max_tokens)

    def saw(self, prompt: bytes, prompt_tokens: int) -> None:
        """How many tokens a prompt was, by which templates are known that put more around it."""
        self._around = max(self._around, prompt_tokens - len(prompt))

    def affords(self, most: float) -> bool:
        """Whether that may be spent beside what is under way."""
        spent = self.spent
        return self._limit is None or spent is None or spent + self._under_way + most <= self._limit

    def begin(self, most: float) -> None:
        """A request is under way."""
        self._under_way += most

    def end(self, most: float) -> None:
        """It no longer is."""
        self._under_way = max(0.0, self._under_way - most)

    def line(self) -> str:
        """For people who wait; nothing where no price is known."""
        if self.spent is None:
            return ""
        return f"${self.spent:.4g}" + (f" of ${self._limit:.4g}" if self._limit is not None else "")
