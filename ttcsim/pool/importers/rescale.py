"""Rewards on another scale: a line from LOW to HIGH, or the logistic function of a logit."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from ttcsim.errors import InputError

_FORMS = "LOW:HIGH (a line from LOW, which becomes 0, to HIGH, which becomes 1), LOW:HIGH:clip or logistic"


def rescaled(values: pl.Series, how: str, place: object) -> pl.Series:
    """A column of rewards in [0, 1].

    Parameters
    ----------
    how : str
        ``"LOW:HIGH"``: linear, and a value outside is refused; LOW may be the larger one, where less is better.
        ``"LOW:HIGH:clip"``: a value outside becomes 0 or 1. ``"logistic"``: ``1 / (1 + exp(-value))``.
    """
    name = values.name
    if not values.dtype.is_numeric():
        raise InputError(f"{place}: --rescale {name}={how}: column '{name}' is {values.dtype}; rescale numbers")
    numbers = values.cast(pl.Float64)
    lost = numbers.is_null() | numbers.is_nan()
    if lost.any():
        row = int(lost.arg_max() or 0)
        raise InputError(
            f"{place}: column '{name}': row {row + 1} is {'null' if numbers[row] is None else 'NaN'}; "
            "score the sample or drop the row"
        )
    x = numbers.to_numpy()
    if how == "logistic":
        return pl.Series(name, 0.5 * (1.0 + np.tanh(0.5 * x)))  # which does not overflow
    low, high, clip = _line(how, f"{place}: --rescale {name}={how}")
    outside = (x < min(low, high)) | (x > max(low, high))
    if outside.any() and not clip:
        raise InputError(
            f"{place}: --rescale {name}={how}: {int(outside.sum()):,} of {len(x):,} values lie outside, from "
            f"{x.min():g} to {x.max():g}; give wider limits, or {how}:clip to make 0 and 1 of them"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # infinities, which are clipped
        return pl.Series(name, np.clip((np.clip(x, min(low, high), max(low, high)) - low) / (high - low), 0.0, 1.0))


def _line(how: str, place: str) -> tuple[float, float, bool]:
    *limits, last = how.split(":")
    clip = last == "clip"
    try:
        low, high = map(float, limits if clip else [*limits, last])
    except ValueError:
        raise InputError(f"{place}: the form is {_FORMS}") from None
    if not math.isfinite(high - low) or low == high:
        raise InputError(f"{place}: LOW and HIGH must be finite and differ")
    return low, high, clip
