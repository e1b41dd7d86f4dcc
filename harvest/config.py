"""The one TOML file that says what a harvest measures, checked before anything is loaded."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harvest.errors import HarvestError

RECIPE = "recipe:"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _digest(table: BaseModel) -> str:
    return hashlib.sha256(table.model_dump_json().encode()).hexdigest()[:12]


class ModelConfig(_Table):
    """``[model]``: what is sampled."""

    path: str  # a folder, or a name on the Hugging Face hub
    name: str = ""  # for the manifest; the last part of the path by default
    revision: str | None = None
    licence: str = ""  # of the samples it generates
    source: str = ""  # where the weights come from, for the manifest


class SamplingConfig(_Table):
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


class TaskConfig(_Table):
    """``[task]``, or several ``[[task]]``: the queries, their prompts and what decides whether a response is right."""

    name: str
    file: str | None = None  # problems: .jsonl, .jsonl.gz, .json, .csv or .parquet
    dataset: str | None = None  # or a dataset for `datasets.load_dataset`
    subset: str | None = None
    split: str = "test"
    limit: int | None = Field(None, ge=1)
    prompt: str | None = None  # template; {question} and any column of the file
    system: str = ""
    chat: bool | None = None  # render through the model's chat template
    shots: int = Field(0, ge=0)  # solved examples before every question
    shots_file: str | None = None
    example: str | None = None  # template of a solved example where chat is false
    verifier: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)  # of a generated task, such as size and seed
    columns: dict[str, str] = Field(
        default_factory=dict
    )  # which columns of a `jsonl` hold question, gold, level, query_id


class VerifierConfig(_Table):
    """``[verifier]``: limits of the verification, which runs beside the generation."""

    workers: int | None = Field(None, ge=1)
    timeout: float = Field(10.0, gt=0)  # seconds a sample (code: per test)
    memory_mb: int = Field(1024, ge=64)  # of a sandboxed program
    file_mb: int = Field(16, ge=1)
    extract: str | None = None  # where the answer stands: boxed, last-number, first-number, line, all, or a regex
    isolation: Literal["require", "try"] = "require"  # "try": run code even where the kernel cannot shut it in


class RewardConfig(_Table):
    """One ``[[reward]]``: a column ``reward_<name>`` in [0, 1], or ``reward`` where that is its name."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    kind: Literal["logprob", "outcome", "process", "judge", "rollouts"]
    model: str | None = None  # of outcome, process and judge; judge: the generator where none is named
    engine: dict[str, Any] = Field(default_factory=dict)
    prompt: str | None = None
    system: str = ""
    chat: bool = True
    aggregate: Literal["last", "min", "prod", "mean"] = "last"
    separator: str = "\n\n"  # between steps
    step_tag: str = "<extra_0>"  # stands after every step
    positive: int = Field(1, ge=0)  # outcome and process: which of several classes means right
    yes: tuple[str, ...] = ("Yes", " Yes", "yes", " yes")
    no: tuple[str, ...] = ("No", " No", "no", " no")
    rollouts: int = Field(16, ge=1)  # per step

    @property
    def column(self) -> str:
        """The column that it fills."""
        return "reward" if self.name == "reward" else f"reward_{self.name}"

    @property
    def key(self) -> str:
        """Name and hash: what it scored is never taken for what another setting would have scored."""
        return f"{self.name}-{_digest(self)}"

    @model_validator(mode="after")
    def _names_its_model(self) -> RewardConfig:
        if self.kind in ("outcome", "process") and self.model is None:
            raise ValueError(f"kind '{self.kind}' needs `model`: a reward model's folder or hub name")
        return self


class StrategyConfig(_Table):
    """One ``[[strategy]]``: whole methods run on every query."""

    kind: Literal["revisions", "beam", "lookahead"]
    scorer: str | None = None  # a [[reward]] of kind process, judge or rollouts; revisions: any, or none (majority)
    budgets: tuple[int, ...] = ()  # beam, lookahead: beams N
    width: int | Literal["sqrt"] = 4  # M
    steps_ahead: int = Field(0, ge=0)  # lookahead: k
    rounds: int = Field(40, ge=1)
    runs: int = Field(1, ge=1)
    step_tokens: int = Field(256, ge=1)
    separator: str = "\n\n"
    chains: int = Field(4, ge=1)  # revisions: chains a query
    length: int = Field(8, ge=1)  # attempts a chain
    memory: int = Field(4, ge=1)  # attempts kept in context
    prompt: str | None = None  # template of a revision: {question}, {attempts}

    @model_validator(mode="after")
    def _whole(self) -> StrategyConfig:
        if self.kind != "revisions" and not self.budgets:
            raise ValueError(f"kind '{self.kind}' needs `budgets`, such as [4, 16, 64]")
        if self.kind != "revisions" and self.scorer is None:
            raise ValueError(f"kind '{self.kind}' needs `scorer`: the name of a [[reward]] that scores steps")
        if self.kind == "lookahead" and self.steps_ahead == 0:
            raise ValueError("kind 'lookahead' needs `steps_ahead` of 1 or more (0 is beam search)")
        if self.width != "sqrt" and self.width < 1:
            raise ValueError("width must be 1 or more, or 'sqrt'")
        for budget in self.budgets:
            width = round(budget**0.5) if self.width == "sqrt" else self.width
            if budget < 1 or budget % width:
                raise ValueError(
                    f"budget {budget} is no multiple of the width {width}; N / M beams are kept each round"
                )
        return self

    @property
    def key(self) -> str:
        """Name and hash, as of a reward."""
        return f"{self.label}-{_digest(self)}"

    @property
    def label(self) -> str:
        """Name of the strategy in the pool: ``beam(m=4)``, ``beam(m=sqrt)``, ``lookahead(k=3,m=4)``, ``revisions``."""
        if self.kind == "revisions":
            return "revisions"
        return f"beam(m={self.width})" if self.kind == "beam" else f"lookahead(k={self.steps_ahead},m={self.width})"


class OutputConfig(_Table):
    """``[output]``: where and how the pool is written."""

    path: str
    name: str = ""
    queries_per_part: int = Field(64, ge=1)
    texts: bool = True  # keep the responses, in files of their own
    overlap: bool = True  # the engine never drains between parts; false: a part's bytes depend on nothing before it


class Config(_Table):
    """A whole harvest."""

    model: ModelConfig
    engine: dict[str, Any] = Field(default_factory=dict)  # passed to vllm.LLM as it stands
    environment: dict[str, str] = Field(default_factory=dict)  # variables set before vllm is imported
    sampling: SamplingConfig
    task: Annotated[tuple[TaskConfig, ...], Field(min_length=1)]
    verifier: VerifierConfig = VerifierConfig()
    reward: tuple[RewardConfig, ...] = ()
    strategy: tuple[StrategyConfig, ...] = ()
    output: OutputConfig

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        rewards = {r.name: r for r in self.reward}
        if len(rewards) < len(self.reward):
            raise ValueError("two [[reward]] tables have the same name")
        labels = [s.label for s in self.strategy]
        if len(set(labels)) < len(labels):
            raise ValueError("two [[strategy]] tables have the same kind and width")
        for s in self.strategy:
            if s.scorer is not None and s.scorer not in rewards:
                raise ValueError(f"strategy '{s.label}': scorer '{s.scorer}' is not the name of a [[reward]]")
            if s.scorer is not None and s.kind != "revisions" and rewards[s.scorer].kind not in ("process", "judge"):
                raise ValueError(
                    f"strategy '{s.label}': scorer '{s.scorer}' must be of kind 'process' or 'judge', which score steps"
                )
            if s.scorer is not None and rewards[s.scorer].kind in ("logprob", "rollouts"):
                raise ValueError(f"strategy '{s.label}': scorer '{s.scorer}' cannot score a response on the fly")
        several = [*(r.name for r in self.reward if r.kind == "rollouts"), *(s.label for s in self.strategy)]
        if several and self.sampling.temperature == 0:
            raise ValueError(f"'{several[0]}' draws several continuations; temperature 0 makes them all the same")
        for owner, engine in [("engine", self.engine), *((f"reward.{r.name}.engine", r.engine) for r in self.reward)]:
            for key in ("model", "seed"):
                if key in engine:
                    raise ValueError(f"{owner}.{key} is set by the harvest itself; use model.path and sampling.seed")
        return self

    @property
    def model_name(self) -> str:
        """What the manifest calls the model."""
        return self.model.name or self.model.path.rstrip("/").rsplit("/", 1)[-1]

    def measured(self) -> dict[str, Any]:
        """All that decides what is sampled: a run goes on only with the same. Rewards and strategies may be added."""
        apart: Any = {
            "output": {"path"},
            "verifier": {"workers"},
            "environment": True,
            "reward": True,
            "strategy": True,
        }
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
    HarvestError
        For the first thing that is wrong, with its place.
    """
    if source.startswith(RECIPE):
        name = source.removeprefix(RECIPE)
        if name not in recipes():
            raise HarvestError(f"{source}: no such recipe; there are {', '.join(recipes())}")
        path = _recipe_folder() / f"{name}.toml"
    else:
        path = Path(source)
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise HarvestError(f"{path}: cannot be read ({error.strerror}); give a TOML file or recipe:NAME") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HarvestError(f"{path}: not TOML ({error})") from error
    for override in overrides:
        _override(table, override)
    return check_config(table, str(path))


def check_config(table: Mapping[str, Any], where: str) -> Config:
    """A table as a config, or the first thing that is wrong with it."""
    table = dict(table)
    if isinstance(table.get("task"), Mapping):
        table["task"] = [table["task"]]
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        raise HarvestError(f"{where}: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    details = error.errors()
    first = details[0]
    place = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    match first["type"]:
        case "extra_forbidden":
            table, _, key = place.rpartition(".")
            known = ", ".join(_known(first["loc"][:-1])) or "nothing"
            return f"'{key}' is not a key of {f'[{table}]' if table else 'the file'}; it has {known}{more}"
        case "missing":
            return f"'{place}' is missing{more}"
        case "value_error":
            return f"{place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}{more}"
    given = "" if isinstance(first["input"], Mapping) else f", not {first['input']!r}"
    return f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}{given}{more}"


def _known(place: Sequence[int | str]) -> list[str]:
    tables: dict[str, type[BaseModel]] = {
        "model": ModelConfig,
        "sampling": SamplingConfig,
        "task": TaskConfig,
        "verifier": VerifierConfig,
        "reward": RewardConfig,
        "strategy": StrategyConfig,
        "output": OutputConfig,
    }
    return sorted((tables[str(place[0])] if place else Config).model_fields)


def _override(table: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise HarvestError(f"--set {override}: write key=value, such as sampling.n=64")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = key.strip().split(".")
    here: Any = table
    for parent in parents:
        here = here.setdefault(parent, {})
        if not isinstance(here, dict):
            raise HarvestError(f"--set {override}: '{parent}' is not one table; change the file instead")
    here[last] = value
