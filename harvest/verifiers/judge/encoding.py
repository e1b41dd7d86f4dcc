"""Values as plain data on the wire: what a jailed program may be given, and all that it can give back.

    N T F                       None, True, False
    i  size  bytes              int of any size, two's complement
    f  8 bytes                  float, so that nan, the infinities and -0.0 stay what they are
    s  size  bytes              str in UTF-8, lone surrogates too
    b  size  bytes              bytes
    l t S Z  count  values      list, tuple, set, frozenset
    d  count  keys and values   dict, in its order
    I R  count  8 bytes each    a list of nothing but ints of 64 bits, or of floats

A tag is one byte; sizes and counts are 4 bytes; all numbers are little-endian. At most `MAX_BYTES` bytes, `MAX_VALUES`
values and `MAX_DEPTH` containers within each other.

What extends one of these types (defaultdict, Counter, a namedtuple, an IntEnum, numpy.float64) is sent as the plain
type that it extends, read by that type's own methods, and other scalars of NumPy as their `item()`. Whatever else
(a cycle, a generator, an array, a Fraction) cannot be encoded. Nothing that is decoded can run anything.

Both sides import this module, so it stands on the standard library alone.
"""

from __future__ import annotations

import struct
import sys
from array import array
from typing import Any

MAX_BYTES = 16 << 20
MAX_VALUES = 1 << 21
MAX_DEPTH = 128

_SIZE = struct.Struct("<I")
_FLOAT = struct.Struct("<d")
_CONSTANTS: dict[int, bool | None] = {ord("N"): None, ord("T"): True, ord("F"): False}
_INT, _DOUBLE, _STR, _BYTES, _LIST, _TUPLE, _SET, _FROZENSET, _DICT, _INTS, _DOUBLES = b"ifsbltSZdIR"
LIST, TUPLE, DICT = _LIST, _TUPLE, _DICT
CONTAINERS = frozenset((_LIST, _TUPLE, _SET, _FROZENSET, _DICT))


class EncodingError(ValueError):
    """A value that cannot be encoded, or bytes that encode none."""


def encode(value: object) -> bytes:
    """A value as bytes.

    Raises
    ------
    EncodingError
        For what is no plain data, refers to itself, or is too deep or too large.
    """
    out = bytearray()
    _write(value, out, [])
    return bytes(out)


def _write(value: Any, out: bytearray, above: list[int]) -> None:
    if len(out) > MAX_BYTES:
        raise EncodingError("too large")
    kind = type(value)
    if kind not in _WRITERS:
        kind, value = _plain(kind, value)
    write = _WRITERS[kind]
    if kind in _SCALARS:
        write(value, out, above)
        return
    # Told by identity: a program's own __eq__ has no say, and what is above is alive.
    if len(above) == MAX_DEPTH or id(value) in above:
        raise EncodingError("too deep, or within itself")
    above.append(id(value))
    write(value, out, above)
    above.pop()


def _plain(kind: type, value: Any) -> tuple[type, Any]:
    """The plain type that a type extends; asked of the type, since `__class__` may say anything."""
    for plain in _WRITERS:
        if issubclass(kind, plain):
            return plain, value
    numpy = sys.modules.get("numpy")  # not imported here: who has such a value has it already
    if numpy is not None and issubclass(kind, numpy.generic):
        item = value.item()
        if type(item) in _SCALARS:
            return type(item), item
    raise EncodingError("not plain data")


def _write_none(value: None, out: bytearray, above: list[int]) -> None:
    out += b"N"


def _write_bool(value: bool, out: bytearray, above: list[int]) -> None:
    out += b"T" if value else b"F"


def _write_int(value: int, out: bytearray, above: list[int]) -> None:
    size = int.bit_length(value) // 8 + 1
    _head(out, _INT, size)
    out += int.to_bytes(value, size, "little", signed=True)


def _write_float(value: float, out: bytearray, above: list[int]) -> None:
    out.append(_DOUBLE)
    out += _FLOAT.pack(value)


def _write_str(value: str, out: bytearray, above: list[int]) -> None:
    text = str.encode(value, "utf-8", "surrogatepass")
    _head(out, _STR, len(text))
    out += text


def _write_bytes(value: bytes, out: bytearray, above: list[int]) -> None:
    _head(out, _BYTES, bytes.__len__(value))
    out += bytes.__getitem__(value, slice(None))


def _write_list(value: list[Any], out: bytearray, above: list[int]) -> None:
    count = list.__len__(value)
    kinds = set(map(type, list.__iter__(value)))
    for kind, tag, code in ((int, _INTS, "q"), (float, _DOUBLES, "d")):
        if kinds == {kind}:
            try:
                numbers = array(code, list.__iter__(value))
            except OverflowError:  # an int of more than 64 bits among them
                break
            _head(out, tag, count)
            out += _little(numbers).tobytes()
            return
    _head(out, _LIST, count)
    for item in list.__iter__(value):
        _write(item, out, above)


def _little(numbers: array[Any]) -> array[Any]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _write_tuple(value: tuple[Any, ...], out: bytearray, above: list[int]) -> None:
    _head(out, _TUPLE, tuple.__len__(value))
    for item in tuple.__iter__(value):
        _write(item, out, above)


def _write_set(value: set[Any], out: bytearray, above: list[int]) -> None:
    _head(out, _SET, set.__len__(value))
    for item in set.__iter__(value):
        _write(item, out, above)


def _write_frozenset(value: frozenset[Any], out: bytearray, above: list[int]) -> None:
    _head(out, _FROZENSET, frozenset.__len__(value))
    for item in frozenset.__iter__(value):
        _write(item, out, above)


def _write_dict(value: dict[Any, Any], out: bytearray, above: list[int]) -> None:
    _head(out, _DICT, dict.__len__(value))
    for key, item in dict.items(value):
        _write(key, out, above)
        _write(item, out, above)


def _head(out: bytearray, tag: int, size: int) -> None:
    if size > MAX_BYTES:
        raise EncodingError("too large")
    out.append(tag)
    out += _SIZE.pack(size)


_WRITERS: dict[type, Any] = {
    type(None): _write_none, bool: _write_bool, int: _write_int, float: _write_float, str: _write_str,
    bytes: _write_bytes, list: _write_list, tuple: _write_tuple, dict: _write_dict, set: _write_set,
    frozenset: _write_frozenset,
}  # fmt: skip
"""A bool is an int, so it is asked for first."""
_SCALARS = frozenset((type(None), bool, int, float, str, bytes))


class Reader:
    """Reads encoded bytes from the left; believes no size and no count before it has seen the bytes."""

    def __init__(self, data: bytes) -> None:
        if len(data) > 2 * MAX_BYTES:
            raise EncodingError("too large")
        self._data = data
        self._at = 0
        self._values = 0

    def next(self) -> tuple[int, Any]:
        """The next tag, and its value; of `CONTAINERS` how many values (for a dict: pairs) follow."""
        (tag,) = self._take(1)
        if tag in _CONSTANTS:
            return tag, _CONSTANTS[tag]
        if tag == _DOUBLE:
            return tag, _FLOAT.unpack(self._take(8))[0]
        (size,) = _SIZE.unpack(self._take(4))
        if tag == _INT:
            return tag, int.from_bytes(self._take(size), "little", signed=True)
        if tag == _STR:
            try:
                return tag, self._take(size).decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                raise EncodingError("not a text") from None
        if tag == _BYTES:
            return tag, self._take(size)
        self._values += size
        if self._values > MAX_VALUES:
            raise EncodingError("too many values")
        if tag in (_INTS, _DOUBLES):
            numbers: array[Any] = array("q" if tag == _INTS else "d")
            numbers.frombytes(self._take(8 * size))
            return tag, _little(numbers).tolist()
        if tag not in CONTAINERS:
            raise EncodingError("no such tag")
        return tag, size

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise EncodingError("cut off")
        self._at += size
        return taken

    def end(self) -> None:
        """Nothing may follow."""
        if self._at != len(self._data):
            raise EncodingError("something follows")


def decode(data: bytes) -> Any:
    """The value that bytes encode.

    Raises
    ------
    EncodingError
        For every other bytes, whatever they are. (Equal hashes can still make a dict slow to build: only jailed
        processes decode what a program has sent; the judge compares by `comparison.same_value`, which builds nothing.)
    """
    reader = Reader(data)
    value = _read(reader, 0)
    reader.end()
    return value


def _read(reader: Reader, depth: int) -> Any:
    tag, value = reader.next()
    if tag not in CONTAINERS:
        return value
    if depth == MAX_DEPTH:
        raise EncodingError("too deep")
    try:
        if tag == _DICT:
            pairs = [(_read(reader, depth + 1), _read(reader, depth + 1)) for _ in range(value)]
            return dict(pairs)
        values = [_read(reader, depth + 1) for _ in range(value)]
        return values if tag == _LIST else _BUILD[tag](values)
    except TypeError:  # a list as a key
        raise EncodingError("not hashable") from None


_BUILD: dict[int, Any] = {_TUPLE: tuple, _SET: set, _FROZENSET: frozenset}
