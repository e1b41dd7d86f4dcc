"""``[task]`` by kind: the queries, their prompts and what decides whether a response is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag

from harvest.config.table import Options, Table

GYM_PREFIX = "reasoning-gym:"


class _Named(Table):
    name: str


class _Problems(_Named):
    file: str | None = None  # problems: .jsonl, .jsonl.gz, .json, .csv or .parquet
    dataset: str | None = None  # or a dataset for `datasets.load_dataset`
    subset: str | None = None
    split: str = "test"


class _Asked(_Named):
    limit: int | None = Field(None, ge=1)
    prompt: str | None = None  # template; {question} and any column of the file
    system: str = ""
    chat: bool | None = None  # render through the model's chat template
    shots: int = Field(0, ge=0)  # solved examples before every question
    example: str | None = None  # template of a solved example where chat is false
    verifier: str | None = None


class FileTask(_Asked, _Problems):
    """A published problem set, in the format in which it is passed around."""

    shots_file: str | None = None


class LiveCodeBenchOptions(Options):
    """Contest dates, as in the file: from `since` to `until`."""

    since: Annotated[str, BeforeValidator(str)] = ""
    until: Annotated[str, BeforeValidator(str)] = "9999"


class LiveCodeBenchTask(FileTask):
    """LiveCodeBench."""

    options: LiveCodeBenchOptions = LiveCodeBenchOptions()


class LinesOptions(Options):
    """What the problem set is called."""

    name: str | None = None


class LinesColumns(Options):
    """Which columns of the file hold what."""

    question: str = "question"
    gold: str = "answer"
    level: str = "level"
    query_id: str = "query_id"
    solution: str = "solution"


class LinesTask(FileTask):
    """Any file of problems, by the names of its columns."""

    options: LinesOptions = LinesOptions()
    columns: LinesColumns = LinesColumns()


class ArithmeticOptions(Options):
    """How many queries of which families."""

    size: int = Field(20, ge=1)  # of every family
    seed: int = 0
    families: tuple[str, ...] | None = None  # all


class ArithmeticTask(_Asked):
    """Families of questions that are made from a seed."""

    options: ArithmeticOptions = ArithmeticOptions()


class GymOptions(Options):
    """How many queries, and whatever else the dataset of reasoning-gym takes."""

    model_config = ConfigDict(extra="allow")

    size: int = Field(100, ge=1)
    seed: int = 0


class GymTask(_Asked):
    """A dataset of reasoning-gym."""

    options: GymOptions = GymOptions()


_OWN = ("livecodebench", "jsonl", "arithmetic")


def _kind(table: Any) -> str:
    name = str(table.get("name") if isinstance(table, Mapping) else getattr(table, "name", None))
    if name.startswith(GYM_PREFIX):
        return "reasoning-gym"
    return name if name in _OWN else "file"


TaskConfig = Annotated[
    Annotated[FileTask, Tag("file")]
    | Annotated[LiveCodeBenchTask, Tag("livecodebench")]
    | Annotated[LinesTask, Tag("jsonl")]
    | Annotated[ArithmeticTask, Tag("arithmetic")]
    | Annotated[GymTask, Tag("reasoning-gym")],
    Discriminator(_kind),
]
"""One ``[task]``; what is asked of a problem set alone is in its own kind."""
