"""The two APIs in words: what a request says, and what is read out of an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harvest.confidence import TOP, confidence
from harvest.config import SamplingConfig
from harvest.engine import Messages, Request, Response

COMPLETIONS, CHAT = "completions", "chat/completions"


_MOST = 2**31 - 1  # tokens, of a column


class Chat(str):
    """A conversation in JSON, as a prompt: the server writes it by its own chat template."""

    @classmethod
    def of(cls, messages: Messages) -> Chat:
        """A conversation."""
        return cls(json.dumps(messages, ensure_ascii=False))


class Garbage(Exception):
    """An answer that is none; the message says why."""


@dataclass(frozen=True)
class Question:
    """What is asked, but for how many responses and from which seed on."""

    path: str
    body: Mapping[str, Any]
    window: int | None
    logprobs: bool


class Answer(NamedTuple):
    """What a server said."""

    responses: list[Response] | None  # None where it does not say how many tokens each of several has
    finished: list[str]  # why each ended, in the server's words
    prompt_tokens: int
    tokens: int  # of all responses
    model: str
    fingerprint: str


NEUTRAL = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""What servers of open models otherwise take from the model's own defaults, and OpenAI's API does not know."""


def question(
    request: Request, model: str, sampling: SamplingConfig, extra: Mapping[str, Any], *, logprobs: bool
) -> Question:
    """A request as the body of one to the API that its prompt is for."""
    chat, window = isinstance(request.prompt, Chat), request.window
    body: dict[str, Any] = {
        "model": model,
        **({"messages": json.loads(request.prompt)} if chat else {"prompt": request.prompt}),
        "max_tokens": request.max_tokens or sampling.max_tokens,
        "temperature": sampling.temperature if request.temperature is None else request.temperature,
        "top_p": sampling.top_p,
    }
    body |= {"top_k": sampling.top_k} if sampling.top_k else {}
    body |= {"min_p": sampling.min_p} if sampling.min_p else {}
    stop = sampling.stop if request.stop is None else request.stop
    body |= {"stop": list(stop)} if stop else {}
    if logprobs and chat:
        body |= {"logprobs": True} | ({"top_logprobs": TOP} if window else {})
    elif logprobs:
        # Tokens by number: different ones may be written alike, and would be one key of the answer.
        body |= {"logprobs": TOP, "return_tokens_as_token_ids": True} if window else {"logprobs": 0}
    return Question(CHAT if chat else COMPLETIONS, {**body, **extra}, window, logprobs)


def read(told: Any, question: Question, n: int) -> Answer:
    """The responses in an answer to a question for `n` of them.

    Raises
    ------
    Garbage
        For an answer of another shape.
    """
    try:
        choices = sorted(told["choices"], key=lambda choice: int(choice.get("index", 0)))
        usage = told["usage"]
        prompt_tokens, total = int(usage["prompt_tokens"]), int(usage["completion_tokens"])
        if not (0 <= prompt_tokens <= _MOST and 0 <= total <= _MOST):
            raise Garbage(f"it counts {prompt_tokens} tokens of the prompt and {total} of responses")
        if not 1 <= len(choices) <= n:
            raise Garbage(f"it has {len(choices)} choices, and {n} were asked for")
        texts = [_text(choice, question.path) for choice in choices]
        logprobs = [_logprobs(choice, question, text) for choice, text in zip(choices, texts, strict=True)]
        finished = [str(choice.get("finish_reason")) for choice in choices]
        answerer = str(told.get("model") or ""), str(told.get("system_fingerprint") or "")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Garbage(f"it is no completion ({type(error).__name__}: {error})") from error
    counts = [total] if len(choices) == 1 else [len(own) for own, _ in logprobs]
    if sum(counts) != total or not (question.logprobs or len(choices) == 1):
        return Answer(None, finished, prompt_tokens, total, *answerer)
    responses = [
        Response(
            text, max(1, tokens), sum(own) if question.logprobs else None, prompt_tokens, cut=why == "length",
            confidence=None if question.window is None else confidence(sure, question.window),
        )
        for text, tokens, (own, sure), why in zip(texts, counts, logprobs, finished, strict=True)
    ]  # fmt: skip
    return Answer(responses, finished, prompt_tokens, total, *answerer)


def _text(choice: Mapping[str, Any], path: str) -> str:
    text = choice["message"].get("content") if path == CHAT else choice["text"]
    if text is None:  # a response that is all thought, or a call of a tool
        return ""
    if not isinstance(text, str):
        raise Garbage("the text of a choice is no text")
    return text


def _logprobs(choice: Mapping[str, Any], question: Question, text: str) -> tuple[list[float], list[float]]:
    """Log-probability of each token, and its confidence where that is asked for."""
    told = choice.get("logprobs")
    if not question.logprobs or (told is None and not text):
        return [], []
    if told is None or told.get("content" if question.path == CHAT else "token_logprobs") is None:
        raise Garbage(NO_LOGPROBS)
    if question.path == CHAT:
        own = [float(token["logprob"]) for token in told["content"]]
        tops = [[float(t["logprob"]) for t in token["top_logprobs"]] for token in told["content"] if question.window]
    else:
        own = [float(value) for value in told["token_logprobs"]]
        tops = [[float(v) for v in token.values()] for token in told["top_logprobs"] or () if question.window]
    if question.window is None:
        return own, []
    if len(tops) != len(own):
        raise Garbage(NO_LOGPROBS)
    return own, [_sureness(top) for top in tops]


NO_LOGPROBS = "it has no log-probabilities, or too few"


def _sureness(top: Sequence[float]) -> float:
    """Confidence of a token: minus the mean of the `TOP` largest log-probabilities at its place."""
    if len(top) < TOP:
        raise Garbage(f"{NO_LOGPROBS}: {len(top)} at a token, and confidence is of {TOP}")
    return -sum(sorted(top, reverse=True)[:TOP]) / TOP
