"""What the harvest asks of an engine; `generate` answers with vLLM, `endpoint` by HTTP, tests with a few lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Protocol

from harvest.confidence import Confidence, confidence
from harvest.config import SamplingConfig
from harvest.progress import Report

Messages = list[dict[str, str]]


def conversation(system: str, *turns: str) -> Messages:
    """A conversation: what the system says, if anything, then user and assistant in turn."""
    messages = [{"role": "system", "content": system}] if system else []
    return messages + [{"role": role, "content": said} for role, said in zip(cycle(("user", "assistant")), turns)]


@dataclass(frozen=True)
class Request:
    """`n` responses to one prompt."""

    key: Any  # comes back with the responses
    prompt: str
    n: int
    seed: int
    max_tokens: int | None = None  # else as the sampling says; so for the rest
    temperature: float | None = None
    stop: tuple[str, ...] | None = None
    keep_stop: bool = False  # the text keeps the string that stopped it
    window: int | None = None  # responses come with their confidence, by windows of so many tokens
    grown: bool = False  # the prompt holds what a model said: where that leaves no room, responses are empty


@dataclass(frozen=True)
class Response:
    """One sampled response; lone surrogates in it become question marks, since no file could hold them."""

    text: str
    tokens: int  # generated tokens, the one that stopped it included; at least 1
    logprob: float | None  # summed over tokens, nats; None from a server that does not tell it
    prompt_tokens: int  # tokens of the prompt, those that were read before for another response too
    cut: bool = False  # ended by max_tokens, or by the end of the context
    confidence: Confidence | None = None  # where the request asked for it

    @classmethod
    def none(cls, request: Request) -> Response:
        """What comes where a prompt leaves no room: it is not read."""
        return cls("", 1, 0.0, 0, cut=True, confidence=confidence([], request.window) if request.window else None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.text.encode("utf-8", "replace").decode())


class Generator(Protocol):
    """A language model that samples."""

    def render(self, messages: Messages) -> str:
        """A conversation as the text that the model continues, by its chat template."""

    def stream(self, requests: Iterable[Request], sampling: SamplingConfig) -> Iterator[tuple[Any, list[Response]]]:
        """Responses by key, in the order in which they are ready; requests are taken as room comes free."""

    def choose(self, prompts: Sequence[str], yes: Sequence[str], no: Sequence[str]) -> list[float]:
        """Probability of a `yes` token against `yes` and `no` ones, right after each prompt; 0 after one too long."""

    def fresh(self) -> None:
        """Forget everything that could touch what comes next (cached prefixes)."""

    def facts(self) -> dict[str, Any]:
        """Engine and its version, for the manifest."""

    def begin(self, received: Path, report: Report) -> None:
        """Keep what is paid for in that file from now on, and go by what it has; say what people should know."""

    def costs(self) -> dict[str, Any]:
        """What was asked of a server and paid for it, for the manifest; nothing where the model runs here."""

    def close(self) -> None:
        """Free the device."""


class RewardModel(Protocol):
    """A model that scores texts."""

    def render(self, messages: Messages) -> str:
        """A finished conversation as text, by its chat template."""

    def outcomes(self, prompts: Sequence[str]) -> list[list[float] | None]:
        """Logits of each text as a whole; None of one that is too long for the model."""

    def steps(self, prompts: Sequence[str]) -> list[list[list[float]] | None]:
        """Logits at every step tag of each text; None of one that is too long for the model."""

    def close(self) -> None:
        """Free the device."""


def request_seed(seed: int, *what: object) -> int:
    """A seed for one request: a hash, so that no two requests of a harvest share random numbers, in whatever order."""
    digest = hashlib.sha256("/".join(map(str, (seed, *what))).encode()).digest()
    return int.from_bytes(digest[:7])  # 56 bits: sample i of the request draws from seed + i, which must fit 63
