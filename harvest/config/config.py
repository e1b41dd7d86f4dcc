"""The config as a whole: its tables, how it is read, and what has to agree in it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from harvest.confidence import TOP
from harvest.config.model import UNMEASURED, ModelConfig
from harvest.config.rewards import (
    JudgeReward,
    LogprobReward,
    ModelReward,
    ProcessReward,
    RewardConfig,
    RolloutsReward,
)
from harvest.config.strategies import SearchStrategy, StrategyConfig
from harvest.config.table import Table, first_fault
from harvest.config.tasks import TaskConfig
from ttcsim.errors import InputError, among
from ttcsim.pool.reading import decoding, read_bytes, reason

RECIPE = "recipe:"
RAW = "raw_logprobs"
"""vLLM's word for log-probabilities before temperature and the like, and its default."""

WAYS = ("boxed", "last-number", "first-number", "line", "all")
"""Named places of an answer in a response; every other is a regular expression."""


class SamplingConfig(Table):
    """``[sampling]``: how every response is drawn."""

    n: int = Field(ge=1)  # samples per query
    temperature: float = Field(1.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    top_k: int = Field(0, ge=0)  # 0: all
    min_p: float = Field(0.0, ge=0, le=1)
    max_tokens: int = Field(2048, ge=1)
    stop: tuple[str, ...] = ()
    seed: int = Field(0, ge=0)
    seeds: Literal["request", "engine"] = "request"  # "engine": one seed for all, where the backend cannot do better
    until_solved: int | None = Field(None, ge=1)  # go on with never-solved queries up to this many samples

    @model_validator(mode="after")
    def _draws_anew(self) -> SamplingConfig:
        if self.temperature == 0 and self.n > 1:
            raise ValueError(f"temperature 0 gives the same response n = {self.n} times; set n = 1 or a temperature")
        if self.until_solved is not None and self.until_solved <= self.n:
            raise ValueError(f"until_solved is {self.until_solved}, but every query gets n = {self.n} samples anyway")
        return self

    @property
    def most(self) -> int:
        """The most samples that a query gets."""
        return self.until_solved or self.n


class ConfidenceConfig(Table):
    """``[confidence]``: columns that say how sure the model was of every response."""

    window: int = Field(2048, ge=1)  # tokens of a window, and of the tail


class VerifierConfig(Table):
    """``[verifier]``: limits of the verification, which runs beside the generation."""

    workers: int | None = Field(None, ge=1)
    timeout: float = Field(10.0, gt=0)  # seconds a sample (code: per test)
    memory_mb: int = Field(1024, ge=64)  # address space of a sandboxed program
    file_mb: int = Field(16, ge=1)  # each file of it, the output too
    extract: str | None = None  # where the answer stands: boxed, last-number, first-number, line, all, or a regex
    packages: tuple[str, ...] = ("numpy", "sortedcontainers")  # what programs may import beside the standard library

    @field_validator("extract")
    @classmethod
    def _can_be_looked_for(cls, how: str | None) -> str | None:
        if how is not None and how not in WAYS:
            try:
                re.compile(how)
            except (re.error, RecursionError, OverflowError) as error:
                raise ValueError(f"'{how}' is none of {', '.join(WAYS)}, and no regular expression: {error}") from error
        return how


class OutputConfig(Table):
    """``[output]``: where and how the pool is written."""

    path: str
    name: str = ""
    queries_per_part: int = Field(64, ge=1)
    texts: bool = True  # keep the responses, in files of their own
    overlap: bool = True  # the engine never drains between parts; false: a part's bytes depend on nothing before it

    @field_validator("path")
    @classmethod
    def _names_a_folder(cls, path: str) -> str:
        if Path(path).name in ("", "..") or "\0" in path:
            raise ValueError(f"{path!r} names no folder that could be made")
        return path


class Config(Table):
    """A whole harvest."""

    model: ModelConfig
    engine: dict[str, Any] = Field(default_factory=dict)  # passed to vllm.LLM as it stands
    environment: dict[str, str] = Field(default_factory=dict)  # variables set before vllm is imported
    sampling: SamplingConfig
    task: tuple[TaskConfig, ...]
    confidence: ConfidenceConfig | None = None
    verifier: VerifierConfig = VerifierConfig()
    reward: tuple[RewardConfig, ...] = ()
    strategy: tuple[StrategyConfig, ...] = ()
    output: OutputConfig

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        if not self.task:
            raise ValueError("there is no [task]; name one of `harvest tasks`")
        rewards = {r.name: r for r in self.reward}
        if len(rewards) < len(self.reward):
            raise ValueError("two [[reward]] tables have the same name")
        labels = [s.label for s in self.strategy]
        if len(set(labels)) < len(labels):
            raise ValueError("two [[strategy]] tables have the same kind and width")
        for s in self.strategy:
            if s.scorer is not None and s.scorer not in rewards:
                raise ValueError(f"strategy '{s.label}': scorer '{s.scorer}' is not the name of a [[reward]]")
            if isinstance(s, SearchStrategy) and not isinstance(rewards[s.scorer], ProcessReward | JudgeReward):
                raise ValueError(
                    f"strategy '{s.label}': scorer '{s.scorer}' must be of kind 'process' or 'judge', which score steps"
                )
        several = [*(r.name for r in self.reward if isinstance(r, RolloutsReward)), *labels]
        if several and self.sampling.temperature == 0:
            raise ValueError(f"'{several[0]}' draws several continuations; temperature 0 makes them all the same")
        engines = {f"reward.{r.name}.engine": r.engine for r in self.reward if isinstance(r, ModelReward)}
        for owner, engine in {"engine": self.engine, **engines}.items():
            for key in ("model", "seed"):
                if key in engine:
                    raise ValueError(f"{owner}.{key} is set by the harvest itself; use model.path and sampling.seed")
        if self.confidence:
            self._has_log_probabilities()
        if self.model.endpoint is not None:
            self._can_be_asked_of_an_endpoint()
        return self

    def _has_log_probabilities(self) -> None:
        """Refuse what would keep those of the model from the engine's answers."""
        mode, most = self.engine.get("logprobs_mode", RAW), self.engine.get("max_logprobs", TOP)
        if mode != RAW:
            raise ValueError(f"[confidence] is of the model's own probabilities: engine.logprobs_mode must be {RAW!r}")
        if isinstance(most, int) and 0 <= most < TOP:
            raise ValueError(f"[confidence] needs {TOP} log-probabilities, but engine.max_logprobs is {most}")

    def _can_be_asked_of_an_endpoint(self) -> None:
        """Refuse what needs the model in this process."""
        if self.engine:
            raise ValueError(f"engine.{next(iter(self.engine))} is of vLLM in this process; start the server with it")
        if self.model.api_key_env in self.environment:
            raise ValueError(
                f"environment.{self.model.api_key_env}: a key is not written in the config; set the variable where "
                "the harvest is started"
            )
        key = os.environ.get(self.model.api_key_env or "", "")
        if len(key) >= 8 and key in repr(self.model_dump()):
            raise ValueError(
                f"the key itself, as in the environment variable {self.model.api_key_env}, stands in the config; "
                "take it out"
            )
        for s in self.strategy:
            if isinstance(s, SearchStrategy):
                raise ValueError(
                    f"strategy '{s.label}' goes on from within responses, which an endpoint cannot; use a model in "
                    "vLLM here (without model.endpoint)"
                )
        for r in self.reward:
            if isinstance(r, RolloutsReward) or (isinstance(r, JudgeReward) and r.model is None):
                raise ValueError(
                    f"reward '{r.name}' of kind '{r.kind}' needs the sampled model in this process, and it is at an "
                    "endpoint; leave it out, or use a model in vLLM here (without model.endpoint)"
                )
        needs = [f"reward '{r.name}'" for r in self.reward if isinstance(r, LogprobReward)]
        needs += ["[confidence]"] if self.confidence else []
        if needs and not self.model.logprobs:
            raise ValueError(f"{needs[0]} needs log-probabilities, and model.logprobs is false")

    @property
    def window(self) -> int | None:
        """Tokens of a window of confidence; None where it is not asked for."""
        return self.confidence.window if self.confidence else None

    def reward_named(self, name: str) -> RewardConfig:
        """The ``[[reward]]`` of that name."""
        return next(r for r in self.reward if r.name == name)

    @property
    def model_name(self) -> str:
        """What the manifest calls the model."""
        return self.model.name or self.model.path.rstrip("/").rsplit("/", 1)[-1]

    def measured(self) -> dict[str, Any]:
        """All that decides what is sampled: a run goes on only with the same. Rewards and strategies may be added."""
        here = {"endpoint", "logprobs", "extra"} if self.model.endpoint is None else set[str]()
        apart: Any = {
            "output": {"path"}, "verifier": {"workers"}, "environment": True, "reward": True, "strategy": True,
            "model": UNMEASURED | here,
        }  # fmt: skip
        return self.model_dump(mode="json", exclude=apart)


def recipes() -> list[str]:
    """Names of the configs that ship with the package."""
    return sorted(p.name.removesuffix(".toml") for p in _recipe_folder().iterdir() if p.name.endswith(".toml"))


def _recipe_folder() -> Path:
    return Path(str(files("harvest"))) / "recipes"


def load_config(source: str, overrides: Sequence[str] = ()) -> Config:
    """Read and check a config.

    Parameters
    ----------
    source : str
        A TOML file, or ``recipe:NAME``.
    overrides : sequence of str
        ``key=value`` with dots and a TOML value, such as ``sampling.n=64``; a value that is no TOML is a string.

    Raises
    ------
    InputError
        For the first thing that is wrong, with its place.
    """
    if source.startswith(RECIPE):
        name = source.removeprefix(RECIPE)
        if name not in recipes():
            raise InputError(f"{source}: no such recipe; {among(name, recipes())}")
        path = _recipe_folder() / f"{name}.toml"
    else:
        path = Path(source)
    try:
        content = read_bytes(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({reason(error)}); give a TOML file or recipe:NAME") from error
    with decoding(f"{path}: not TOML", "mend it, or give recipe:NAME"):
        table = tomllib.loads(content.decode())
    for override in overrides:
        _override(table, override)
    return check_config(table, str(path))


def check_config(table: Mapping[str, Any], where: str) -> Config:
    """A table as a config, or the first thing that is wrong with it."""
    table = dict(table)
    for several in ("task", "reward", "strategy"):
        if isinstance(table.get(several), Mapping):
            table[several] = [table[several]]
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        raise InputError(f"{where}: {first_fault(error)}") from error


def _override(table: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise InputError(f"--set {override}: write key=value, such as sampling.n=64")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = key.strip().split(".")
    here: Any = table
    for parent in parents:
        here = here.setdefault(parent, {})
        if not isinstance(here, dict):
            raise InputError(f"--set {override}: '{parent}' is not one table; change the file instead")
    here[last] = value
