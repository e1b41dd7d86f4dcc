"""When what a program gave is what was expected, judged in time that what was expected bounds."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from harvest.verifiers.judge.encoding import CONTAINERS, DICT, LIST, TUPLE, Reader


def same_value(sent: bytes, expected: Any) -> bool:
    """Whether an encoded value equals a value read from JSON, as ``==`` has it, a tuple at the top being a list.

    What was sent is read beside what was expected and never built: the first difference ends it, so neither a
    gigabyte nor a dict of colliding keys costs more than the right answer would. Equal as in Python: True is 1 and
    1.0, nan is nothing; lists are no tuples below the top.

    Raises
    ------
    EncodingError
        Where bytes that were read are no encoded value.
    """
    reader = Reader(sent)
    if not _same(reader, expected, (LIST, TUPLE)):
        return False
    reader.end()
    return True


def _same(reader: Reader, expected: Any, lists: tuple[int, ...] = (LIST,)) -> bool:
    tag, value = reader.next()
    if tag not in CONTAINERS:
        return bool(value == expected)
    if tag in lists:
        return isinstance(expected, list) and len(expected) == value and all(_same(reader, e) for e in expected)
    if tag != DICT or not isinstance(expected, dict) or len(expected) != value:
        return False
    left = dict(expected)
    while left:
        tag, key = reader.next()
        # Keys of JSON are text. Others are equal to none of them, and need not be hashed.
        if not isinstance(key, str) or key not in left or not _same(reader, left.pop(key)):
            return False
    return True


def same_output(got: str, expected: str) -> bool:
    """Line by line the same text or the same numbers, blanks at the ends of lines and of the whole aside.

    As LiveCodeBench judges: where two lines differ as texts, their words are compared as decimal numbers, exactly. So
    5.0, 5e0, +5 and 05 are 5, and 3_0 is 30, since `decimal.Decimal` reads Python's own ways to write a number; no
    rounding is forgiven (0.1 is not 0.10000000000000001), and nan is only the same text.
    """
    got, expected = got.strip(), expected.strip()
    if got.count("\n") != expected.count("\n"):  # before millions of lines become a list
        return False
    lines = zip(got.split("\n"), expected.split("\n"), strict=True)
    return all(a == b or _same_numbers(a, b) for a, b in ((a.strip(), b.strip()) for a, b in lines))


def _same_numbers(got: str, expected: str) -> bool:
    try:
        gold = [Decimal(word) for word in expected.split()]
        mine = [Decimal(word) for word in got.split(maxsplit=len(gold))]
        return len(gold) > 0 and mine == gold
    except InvalidOperation:  # no number, or sNaN, which refuses to be compared
        return False
