"""``[model]``: what is sampled, in vLLM here or behind the address of a server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from harvest.config.table import Table

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_KEYS = ("api_key", "apikey", "key", "token", "secret", "password")


class Price(Table):
    """``price``: dollars per million tokens."""

    input: float = Field(0.0, ge=0, allow_inf_nan=False)
    output: float = Field(0.0, ge=0, allow_inf_nan=False)

    def of(self, prompt_tokens: float, tokens: float) -> float:
        """Dollars for so many tokens read and written."""
        return (prompt_tokens * self.input + tokens * self.output) / 1e6


class ModelConfig(Table):
    """``[model]``: what is sampled, and how a server is asked for it."""

    path: str  # a folder, or a name on the Hugging Face hub; at an endpoint the name by which the server knows it
    name: str = ""  # for the manifest; the last part of the path by default
    revision: str | None = None
    licence: str = ""  # of the samples it generates
    source: str = ""  # where the weights come from, for the manifest

    endpoint: str | None = None  # of an OpenAI-compatible API, such as http://127.0.0.1:8000/v1
    api_key_env: str | None = None  # the environment variable that holds the key; without it none is sent
    concurrency: int = Field(64, ge=1)  # requests under way at once
    choices: int = Field(8, ge=1)  # responses a request, where the server takes `n`
    logprobs: bool = True  # whether it tells log-probabilities
    extra: dict[str, Any] = Field(default_factory=dict)  # more of every request, as it stands: reasoning_effort = "low"
    requests_per_minute: float | None = Field(None, gt=0, allow_inf_nan=False)
    tokens_per_minute: float | None = Field(None, gt=0, allow_inf_nan=False)  # of prompts and responses
    timeout: float = Field(1800.0, gt=0)  # seconds for one answer, the longest included
    retries: int = Field(5, ge=0)  # of a request whose answer is late or no answer
    patience: float = Field(600.0, ge=0)  # seconds without any use of the server until it is given up
    price: Price | None = None
    max_dollars: float | None = Field(None, gt=0, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _holds_no_key(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and any(str(key).lower() in _KEYS for key in given):
            raise ValueError(
                "a key is not written in the config; put it into an environment variable and name that: "
                'api_key_env = "OPENAI_API_KEY"'
            )
        return given

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good or not url.isprintable() or " " in url:
            raise ValueError("is no address such as http://127.0.0.1:8000/v1")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError(
                "has more than scheme, host, port and path; a key or a password goes into an environment variable, "
                "named by model.api_key_env"
            )
        return url.rstrip("/")

    @field_validator("api_key_env")
    @classmethod
    def _names_a_variable(cls, name: str | None) -> str | None:
        if name is not None and not _VARIABLE.fullmatch(name):  # it may be a key: what it is goes unsaid
            raise ValueError(
                "is no name of an environment variable (A to Z, 0 to 9, _); name the variable, such as "
                "OPENAI_API_KEY, and keep the key out of the config"
            )
        return name

    @model_validator(mode="after")
    def _is_here_or_there(self) -> ModelConfig:
        if self.endpoint is None:
            for key in _AT_ENDPOINTS:  # a default that is written out, as a config is told whole, says nothing
                if getattr(self, key) != type(self).model_fields[key].get_default(call_default_factory=True):
                    raise ValueError(f"`{key}` is of an endpoint; set endpoint = 'http://...' or leave it out")
        elif own := [key for key in self.extra if key in _OWN]:
            raise ValueError(f"`extra.{own[0]}` is said by the harvest itself; see [sampling] and the keys of [model]")
        elif self.revision is not None:
            raise ValueError("`revision` is of a model that is loaded here; at an endpoint the server decides")
        if self.price is not None and not (self.price.input or self.price.output):
            raise ValueError("`price` costs nothing; give input or output in dollars per million tokens")
        if self.max_dollars is not None and self.price is None:
            raise ValueError("`max_dollars` needs to know the price: price = { input = ..., output = ... }")
        return self


_AT_ENDPOINTS = (
    "api_key_env", "concurrency", "choices", "logprobs", "extra", "requests_per_minute", "tokens_per_minute",
    "timeout", "retries", "patience", "price", "max_dollars",
)  # fmt: skip
_OWN = (
    "model", "messages", "prompt", "n", "seed", "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k",
    "min_p", "stop", "logprobs", "top_logprobs", "stream", "echo", "best_of", "return_tokens_as_token_ids",
)  # fmt: skip

UNMEASURED = frozenset(_AT_ENDPOINTS) - {"logprobs", "extra"}
"""Keys that decide no sample: how fast, how patiently and at what price a server is asked."""
