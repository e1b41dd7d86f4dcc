"""Which columns of a source that an import did not use look like columns of a pool: by name, then by what they hold."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import polars as pl

from ttcsim.pool.importers.ask import listed

_SHORT = 80  # characters, about, of an answer that was extracted and is not the whole response


class _Look(NamedTuple):
    """Names, as one pattern over words joined by blanks, and what the values must be."""

    names: str
    holds: Callable[[pl.Series, pl.Series | None], bool]


def _whole(values: pl.Series, least: int) -> bool:
    if values.dtype.is_float():
        values = values.drop_nans()
        whole = bool((values == values.round()).all())
    else:
        whole = values.dtype.is_integer()
    return whole and values.len() > 0 and bool((values >= least).all())


def _numbers(values: pl.Series) -> bool:
    return values.dtype.is_numeric() and values.dtype != pl.Boolean


def _binary(values: pl.Series) -> bool:
    if values.dtype == pl.String:
        return set(values.str.to_lowercase().unique()) <= {"true", "false"}
    return values.dtype == pl.Boolean or (_numbers(values) and bool(((values == 0) | (values == 1)).all()))


def _label(values: pl.Series) -> bool:
    text = values.dtype in (pl.String, pl.Categorical) or isinstance(values.dtype, pl.Enum)
    return text or values.dtype.is_integer()


def _short(values: pl.Series) -> bool:
    if values.dtype != pl.String:
        return _label(values)
    return float(values.str.len_chars().mean() or 0) <= _SHORT  # type: ignore[arg-type]


def _numbers_in_query(values: pl.Series, ids: pl.Series | None) -> bool:
    return _whole(values, 0) and (ids is None or not pl.DataFrame({"q": ids, "s": values}).is_duplicated().any())


LOOKS: Mapping[str, _Look] = {
    "query_id": _Look(
        r"(task|problem|question|query|prompt|instance|example|item|doc)s? (id|idx|index|name|key)|q ?id|id|uid|"
        r"task|problem|question", lambda v, _: _label(v),
    ),
    "correct": _Look(
        r"(is |was |all )?(correct|passed|pass|solved|resolved|success|successful|right|verified)|"
        r"(exact )?match|acc|accuracy|verdict|outcome|label", lambda v, _: _binary(v),
    ),
    "prompt_tokens": _Look(r".*\b(prompt|input|in)\b.*\b(tokens?|len|length)", lambda v, _: _whole(v, 0)),
    "tokens": _Look(
        r"(?!.*\b(prompt|input|in|max|total|budget)\b).*\b(tokens?|len|length)\b.*", lambda v, _: _whole(v, 1)
    ),
    "answer": _Look(
        r"(model |final |extracted |parsed |predicted )?(answers?|predictions?|preds?|extracted|parsed|output)",
        lambda v, _: _short(v),
    ),
    "reward": _Look(r".*\b(rewards?|scores?|rm|prm|orm|ratings?|grades?|judge|value)\b.*", lambda v, _: _numbers(v)),
    "logprob": _Look(
        r".*\b(log ?probs?|logp|log ?likelihood)\b.*", lambda v, _: _numbers(v) and bool((v.drop_nulls() <= 0).all())
    ),
    "confidence": _Look(r".*\b(confidence|certainty)\b.*", lambda v, _: _numbers(v)),
    "sample": _Look(r".*\b(samples?|runs?|trials?|attempts?|seeds?|repeats?|epochs?)\b.*", _numbers_in_query),
    "model": _Look(r".*\b(models?|engine|llm|checkpoint)\b.*", lambda v, _: _label(v)),
    "level": _Look(r"(level|difficulty)", lambda v, _: _label(v)),
    "dataset": _Look(r"(data ?set|benchmark|subject|category|split)( name)?", lambda v, _: _label(v)),
    "gold": _Look(
        r"(gold|gt|target|reference|expected|ground truth)( answer)?|ground truth", lambda v, _: _label(v)
    ),
    "prompt": _Look(r"(question|problem|prompt|instruction|query)( text)?", lambda v, _: v.dtype == pl.String),
}  # fmt: skip
"""How columns of a pool are called elsewhere."""


def likely(table: pl.DataFrame, targets: Collection[str], ids: pl.Series | None = None) -> dict[str, str]:
    """For each of `targets` the column of `table` that looks like it, if any; no column twice.

    Parameters
    ----------
    table
        The columns that are left, whole.
    ids
        Query of each row, to tell the number of a sample.
    """
    found: dict[str, str] = {}
    for target in targets:
        names = {column: _spoken(column) for column in table.columns if column not in found.values()}
        look = LOOKS.get(target)
        named = [c for c, words in names.items() if look and re.fullmatch(look.names, words)]
        named += [c for c in difflib.get_close_matches(target, names, n=2, cutoff=0.8) if c not in named]
        for column in named:
            values = table[column].drop_nulls()
            if len(values) and not values.dtype.is_nested() and (look is None or look.holds(table[column], ids)):
                found[target] = column
                break
    return found


def _spoken(column: str) -> str:
    """The words of a name: ``nTokens``, ``n_tokens`` and ``n.tokens`` are "n tokens"."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", column)
    return " ".join(re.findall(r"[A-Za-z]+|[0-9]+", apart)).lower()


def words(unused: Collection[str], found: Mapping[str, str], table: pl.DataFrame) -> str | None:
    """The line about columns that were not used, with the options that would use the likely ones."""
    if not unused:
        return None
    options = [f"--map {target}={column}{_scale(target, table[column])}" for target, column in found.items()]
    return f"not used: {listed(unused)}" + (f"; likely: {', '.join(options)}" if options else "")


def _scale(target: str, values: pl.Series) -> str:
    """The option that rewards beyond [0, 1] need as well."""
    if target != "reward" or values.drop_nulls().is_between(0, 1).all():
        return ""
    return f" --rescale {target}={float(values.min()):.6g}:{float(values.max()):.6g}"  # type: ignore[arg-type]
