"""What a shell offers as the value of an option or argument: names, found without loading what they name."""

from __future__ import annotations

import ast
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import typer

_PACKAGE = Path(__file__).parents[1]
_BUILTIN = "builtin:"
_BREAKS = (":", "=")
"""Where bash ends a word, whatever stands around it."""

Offer = Callable[[typer.Context, str], Iterable[str]]
"""What is offered for a word that is begun; its context has the arguments before it."""


def of(offer: Offer, *, several: bool = False) -> Callable[[typer.Context, str], list[str]]:
    """The callback of an option or argument.

    Parameters
    ----------
    several : bool
        Whether names may stand with commas between them.
    """

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        head, comma, begun = incomplete.rpartition(",") if several else ("", "", incomplete)
        return [head + comma + name for name in offer(ctx, begun) if name.startswith(begun)]

    return complete


def words(*known: str) -> Offer:
    """Always the same words."""
    return lambda ctx, begun: known


@contextmanager
def words_of_bash(program: str) -> Iterator[None]:
    """Give click back the words that bash took apart at colons and equal signs, and bash the part that it replaces."""
    given = os.environ.get("COMP_WORDS", "").split("\n")
    if os.environ.get(f"_{program.upper()}_COMPLETE") != "complete_bash" or len(given) < 2:
        yield
        return
    words: list[str] = []
    for number, word in enumerate(given[: int(os.environ["COMP_CWORD"]) + 1]):
        if word and number > 1 and (word in _BREAKS or words[-1].endswith(_BREAKS)):
            words[-1] += word
        else:
            words.append(word)
    os.environ |= {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    before = words[-1][: max(words[-1].rfind(sign) for sign in _BREAKS) + 1]
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            yield
    finally:
        print(*(line.removeprefix(before) for line in said.getvalue().splitlines()), sep="\n")


def policies(ctx: typer.Context, begun: str) -> Iterator[str]:
    """Names of policies, and `all`; files of own ones where a path is begun."""
    yield from ("all", *_named("policies"))
    yield from (path for path in paths(begun) if begun and path.endswith((".py", "/")))


def selectors(ctx: typer.Context, begun: str) -> tuple[str, ...]:
    """Names of selectors."""
    return ("oracle", *_named("engine/selectors"))


def metrics(ctx: typer.Context, begun: str) -> list[str]:
    """What a sweep can measure."""
    return ["coverage", *(f"accuracy_{name}" for name in _named("engine/selectors"))]


def guarantees(ctx: typer.Context, begun: str) -> list[str]:
    """Numbers of guarantees."""
    return [str(number) for number in _dictionary("guarantees/__init__.py", "FILES").values()]


def worlds(ctx: typer.Context, begun: str) -> list[str]:
    """Names of the worlds of samples."""
    return list(map(str, _dictionary("pool/worlds.py", "WORLDS")))


def explained(ctx: typer.Context, begun: str) -> list[str]:
    """All that can be explained."""
    return [*guarantees(ctx, begun), *_named("policies"), *_named("engine/selectors")]


def pools(ctx: typer.Context, begun: str) -> Iterator[str]:
    """Pools that ship with the package, and what lies where a path is begun."""
    yield from (_BUILTIN + path.parent.name for path in sorted((_PACKAGE / "pool" / "data").glob("*/manifest.json")))
    yield from paths(begun)


def sources(ctx: typer.Context, begun: str) -> list[str]:
    """Sources of the pool that was given."""
    return [*_manifest(_pool(ctx)).get("sources", {}), "mixed"]


def groups(ctx: typer.Context, begun: str) -> list[str]:
    """Columns of the queries of the pool that was given."""
    return [name for name in _columns(_pool(ctx), "queries.parquet") if name != "query_id"]


def rewards(ctx: typer.Context, begun: str) -> list[str]:
    """Reward columns of the pool that was given."""
    return [name for name in _columns(_pool(ctx), "samples/part-*.parquet") if name.startswith("reward")]


def figures(ctx: typer.Context, begun: str) -> list[str]:
    """What can be drawn of the run that was given."""
    try:
        selectors = json.loads((Path(_first(ctx, "folders")) / "config.json").read_bytes())["selectors"]
    except (OSError, ValueError, KeyError, TypeError):
        selectors = []
    return ["coverage", *(f"accuracy_{name}" for name in selectors), "difference", "efficiency", "allocation"]


def _first(ctx: typer.Context, argument: str) -> str:
    """The first value of an argument; where an option stands without its value, click has not told which is which."""
    given = ctx.params.get(argument) or ctx.args
    return given if isinstance(given, str) else str(given[0]) if given else ""


def _pool(ctx: typer.Context) -> Path:
    place = _first(ctx, "pool")
    return _PACKAGE / "pool" / "data" / place.removeprefix(_BUILTIN) if place.startswith(_BUILTIN) else Path(place)


def _manifest(pool: Path) -> dict[str, dict[str, object]]:
    try:
        found = json.loads((pool / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _columns(pool: Path, pattern: str) -> list[str]:
    import polars as pl

    files = [pool] if pool.is_file() else sorted(pool.glob(pattern))
    try:
        return list(pl.read_parquet_schema(files[0])) if files else []
    except (OSError, pl.exceptions.PolarsError):
        return []


def paths(begun: str) -> Iterator[str]:
    """What lies where a path is begun; folders end with a slash."""
    folder, slash, _ = begun.rpartition("/")
    try:
        with os.scandir(folder + slash or ".") as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith("."))
    except OSError:
        return
    yield from (folder + slash + name + "/" * is_folder for name, is_folder in found)


def _named(folder: str) -> tuple[str, ...]:
    """Names that the files of a folder give to what they hold, as they stand in their text."""
    texts = (path.read_text() for path in sorted((_PACKAGE / folder).glob("*.py")))
    return tuple(re.findall(r'^    name: ClassVar\[str\] = "([^"]+)"$', "\n".join(texts), re.MULTILINE))


def _dictionary(file: str, name: str) -> dict[object, object]:
    """A dictionary as it stands in the text of a file; values that are no constants are None."""
    for node in ast.parse((_PACKAGE / file).read_text()).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == name and isinstance(getattr(node, "value", None), ast.Dict):
            items = node.value  # type: ignore[attr-defined]
            return {k.value: getattr(v, "value", None) for k, v in zip(items.keys, items.values, strict=True)}
    return {}
