"""Damage to bytes, to values as JSON holds them, and to tables: what a fuzzer does to a valid input."""

import copy
import datetime
import decimal
import gzip
import io
import json
import math
import zlib

import polars as pl

# Values that JSON text can hold and that Python's encoder would refuse or make long: written as these words first.
RAW = {
    '"@deep@"': "[" * 100_000 + "]" * 100_000,
    '"@deep mapping@"': '{"a":' * 100_000 + "1" + "}" * 100_000,
    '"@digits@"': "9" * 5000,
    '"@beyond floats@"': "1e400",
    '"@surrogate@"': '"\\ud800"',
    '"@bom@"': "\ufeff1",
}

HOSTILE = (
    None, True, False, 0, -1, 1, 2, 3, 0.5, -0.0, math.nan, math.inf, -math.inf, 2**31, 2**53 + 1, 2**63, 2**64,
    -(2**63) - 1, 10**30, 1e308, 5e-324, "", " ", "0", "1", "true", "nan", "1e999", "[/red]", "[bold]x[/bold]",
    "\x1b[31m", "\0", "a\nb", "\u2028", "ü", "日本", "x" * 10_000, "$\\frac$", "%s {0} {name}", "../../x",
    "a,b;c\t\"d'", [], {}, [[]], [None], [0, "a", None], {"": None}, {"value": {}}, {"a": [{}]},
    *(word[1:-1] for word in RAW),
)  # fmt: skip
"""What stands where something else should."""


def text_of(value):
    """JSON text of a value that `mutated` may have damaged."""
    text = json.dumps(value)
    for word, raw in RAW.items():
        text = text.replace(word, raw)
    return text


def places(value, path=()):
    """Every place in a nested value."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from places(part, (*path, key))


def mutated(value, dice, times=1):
    """A nested value with one or a few places damaged."""
    value = copy.deepcopy(value)
    for _ in range(times):
        # Half of the time near the top, where most of what is read is.
        found = [p for p in places(value) if p] or [()]
        path = dice.choice([p for p in found if len(p) <= 2] or found) if dice.random() < 0.5 else dice.choice(found)
        if not path:
            return dice.choice(HOSTILE)
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        old = holder[path[-1]]
        act = dice.randrange(6)
        if act == 0:
            del holder[path[-1]]
        elif act == 1:
            holder[path[-1]] = [old] if dice.random() < 0.5 else {"value": old}
        elif act == 2 and isinstance(old, list) and old:
            holder[path[-1]] = old * dice.choice([0, 2, 50])
        elif act == 2 and isinstance(holder, dict):
            holder[str(dice.choice(HOSTILE))[:40]] = old
        elif act == 3:
            holder[path[-1]] = str(old)
        else:
            holder[path[-1]] = dice.choice(HOSTILE)
    return value


def damaged(content, dice):
    """Bytes with bits flipped, cut, doubled, shuffled, packed, or replaced."""
    data = bytearray(content)
    act = dice.randrange(12)
    if act < 3:
        for _ in range(dice.choice([1, 1, 4, 40])):
            if data:
                data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        return bytes(data)
    if act == 3:
        return bytes(data[: dice.randrange(len(data) + 1)])
    if act == 4:
        at = dice.randrange(len(data) + 1)
        return bytes(data[:at] + data[at + dice.choice([1, 8, 100]) :])
    if act == 5:
        at = dice.randrange(len(data) + 1)
        return (
            bytes(data[:at])
            + dice.choice([b"\0", b"\xff", b"\xff\xfe", b"\n", b"{", b"[" * 9999, b'"', b"9" * 5000])
            + bytes(data[at:])
        )
    if act == 6:
        at = dice.randrange(len(data) + 1)
        width = dice.choice([4, 8, 16])
        return bytes(data[:at]) + dice.choice([b"\xff", b"\0", b"\x7f", b"\x80"]) * width + bytes(data[at + width :])
    if act == 7:
        return bytes(data + data)
    if act == 8:
        return dice.choice(
            [
                gzip.compress(content, mtime=0),
                zlib.compress(content),
                b"PK\x03\x04" + content,
                b"PAR1" + content + b"PAR1",
            ]
        )
    if act == 9:
        return dice.choice(
            [b"", b"\n", b"\0" * 64, b"{}", b"[]", b"null", b"1", b'"x"', b"[" * 100_000, b"PAR1", b"\xef\xbb\xbf"]
        )
    if act == 10:
        return content.decode("utf-8", "replace").encode("utf-16")
    return bytes(dice.randrange(256) for _ in range(dice.choice([1, 10, 1000])))


ODD = (
    lambda n: pl.Series([1] * n, dtype=pl.Int8),
    lambda n: pl.Series([1] * n, dtype=pl.UInt8),
    lambda n: pl.Series([2**64 - 1] * n, dtype=pl.UInt64),
    lambda n: pl.Series([-(2**63)] * n, dtype=pl.Int64),
    lambda n: pl.Series([0.5] * n, dtype=pl.Float32),
    lambda n: pl.Series([math.nan] * n),
    lambda n: pl.Series([math.inf] * n),
    lambda n: pl.Series([None] * n, dtype=pl.Null),
    lambda n: pl.Series([None] * n, dtype=pl.Int8),
    lambda n: pl.Series([[1, None]] * n),
    lambda n: pl.Series([[]] * n, dtype=pl.List(pl.List(pl.String))),
    lambda n: pl.Series([[1, 2]] * n, dtype=pl.Array(pl.Int8, 2)),
    lambda n: pl.Series([{"a": 1, "b": None}] * n),
    lambda n: pl.Series([{"a": {"b": [None]}}] * n),
    lambda n: pl.Series([decimal.Decimal("1.50")] * n),
    lambda n: pl.Series([decimal.Decimal("1")] * n),
    lambda n: pl.Series([datetime.date(2020, 1, 1)] * n),
    lambda n: pl.Series([datetime.datetime(2020, 1, 1)] * n),
    lambda n: pl.Series([datetime.timedelta(1)] * n),
    lambda n: pl.Series([datetime.time(1)] * n),
    lambda n: pl.Series(["a"] * n, dtype=pl.Categorical),
    lambda n: pl.Series(["a"] * n, dtype=pl.Enum(["a"])),
    lambda n: pl.Series([b"\xff\0"] * n),
    lambda n: pl.Series([True] * n),
    lambda n: pl.Series(["[/red]"] * n),
    lambda n: pl.Series([""] * n),
    lambda n: pl.Series(["a\nb\0\x1b[31m"] * n),
    lambda n: pl.Series([0] * n, dtype=pl.UInt32),
    lambda n: pl.Series([-1] * n, dtype=pl.Int16),
    *([lambda n: pl.Series([10**30] * n, dtype=pl.Int128)] if hasattr(pl, "Int128") else []),  # from polars 1.18 on
)
"""Columns of types and values that nobody expects, by their length."""


def odd_table(table, dice):
    """A table with columns replaced, cast, left out, renamed, or with rows nulled, doubled, dropped."""
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        if not table.width:
            return table
        column = dice.choice(table.columns)
        act = dice.randrange(9)
        if act < 4:
            table = table.with_columns(dice.choice(ODD)(table.height).alias(column))
        elif act == 4:
            kind = dice.choice(
                [pl.Int8, pl.UInt64, pl.Float64, pl.String, pl.Categorical, pl.Boolean, pl.Date, pl.Binary]
            )
            try:
                table = table.with_columns(pl.col(column).cast(kind, strict=False))
            except pl.exceptions.PolarsError:
                table = table.drop(column)
        elif act == 5:
            table = table.drop(column)
        elif act == 6:
            other = dice.choice([*table.columns, "[/red]", "", "reward_", "chain", "step", "sample", "a\nb"])
            table = table if other in table.columns else table.rename({column: other})
        elif act == 7:
            hit = [dice.random() < 0.5 for _ in range(table.height)]
            table = table.with_columns(pl.when(pl.Series(hit, dtype=pl.Boolean)).then(pl.col(column)).alias(column))
        else:
            table = dice.choice([table.head(0), pl.concat([table, table]), table.head(1), table.reverse()])
    return table


def parquet(table):
    """A table as the bytes of a Parquet file; None where it cannot be written."""
    buffer = io.BytesIO()
    try:
        table.write_parquet(buffer)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    return buffer.getvalue()
