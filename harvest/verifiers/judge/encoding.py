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
from collections.abc import Callable, Iterable
from typing import Any

MAX_BYTES = 16 << 20
MAX_VALUES = 1 << 21
MAX_DEPTH = 128

_SIZE = struct.Struct("<I")
_DOUBLE = struct.Struct("<d")
_CONSTANTS: dict[int, bool | None] = {ord("N"): None, ord("T"): True, ord("F"): False}
_INT, _FLOAT, _STR, _BYTES, _SET, _FROZENSET, _INTS, _FLOATS = b"ifsbSZIR"
LIST, TUPLE, DICT = b"ltd"
CONTAINERS = frozenset((LIST, TUPLE, DICT, _SET, _FROZENSET))


class EncodingError(ValueError):
    """A value that cannot be encoded, or bytes that encode none."""


def encode(value: object) -> bytes:
    """A value as bytes.

    Raises
    ------
    EncodingError
        For what is no plain data, refers to itself, or is too deep or too large.
    """
    writer = _Writer()
    writer.write(value)
    if len(writer.out) > MAX_BYTES:
        raise EncodingError("too large")
    return bytes(writer.out)


class _Writer:
    """Bytes so far, the containers that are open, and how many values there are in all."""

    def __init__(self) -> None:
        self.out = bytearray()
        self._open: list[int] = []
        self._values = 0

    def write(self, value: Any) -> None:
        kind = type(value)
        if kind not in _WRITE:
            kind, value = _plain(kind, value)
        if kind in _SCALARS:
            _WRITE[kind](self, value)
            return
        # Told by identity: a program's own __eq__ has no say, and what is open is alive.
        if len(self._open) == MAX_DEPTH or id(value) in self._open:
            raise EncodingError("too deep, or within itself")
        self._open.append(id(value))
        _WRITE[kind](self, value)
        self._open.pop()

    def size(self, tag: int, size: int) -> None:
        if len(self.out) + size > MAX_BYTES:
            raise EncodingError("too large")
        self.out.append(tag)
        self.out += _SIZE.pack(size)

    def count(self, tag: int, count: int) -> None:
        self._values += count
        if self._values > MAX_VALUES:
            raise EncodingError("too many values")
        self.size(tag, count)


def _plain(kind: type, value: Any) -> tuple[type, Any]:
    """The plain type that a type extends; asked of the type, since `__class__` may say anything."""
    for plain in _WRITE:
        if issubclass(kind, plain):
            return plain, value
    numpy = sys.modules.get("numpy")  # not imported here: who has such a value has it already
    if numpy is not None and issubclass(kind, numpy.generic):
        item = value.item()
        if type(item) in _SCALARS:
            return type(item), item
    raise EncodingError("not plain data")


def _write_constant(writer: _Writer, value: bool | None) -> None:
    writer.out += b"N" if value is None else b"T" if value else b"F"


def _write_int(writer: _Writer, value: int) -> None:
    size = int.bit_length(value) // 8 + 1
    writer.size(_INT, size)
    writer.out += int.to_bytes(value, size, "little", signed=True)


def _write_float(writer: _Writer, value: float) -> None:
    writer.out.append(_FLOAT)
    writer.out += _DOUBLE.pack(value)


def _write_str(writer: _Writer, value: str) -> None:
    text = str.encode(value, "utf-8", "surrogatepass")
    writer.size(_STR, len(text))
    writer.out += text


def _write_bytes(writer: _Writer, value: bytes) -> None:
    writer.size(_BYTES, bytes.__len__(value))
    writer.out += bytes.__getitem__(value, slice(None))


def _write_list(writer: _Writer, value: list[Any]) -> None:
    kinds = set(map(type, list.__iter__(value)))
    for kind, tag, code in ((int, _INTS, "q"), (float, _FLOATS, "d")):
        if kinds == {kind}:
            try:
                numbers = array(code, list.__iter__(value))
            except OverflowError:  # an int of more than 64 bits among them
                break
            writer.count(tag, len(numbers))
            writer.out += _little(numbers).tobytes()
            return
    _write_values(writer, LIST, list.__len__(value), list.__iter__(value))


def _little(numbers: array[Any]) -> array[Any]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _write_values(writer: _Writer, tag: int, count: int, values: Iterable[Any]) -> None:
    writer.count(tag, count)
    for value in values:
        writer.write(value)


def _write_tuple(writer: _Writer, value: tuple[Any, ...]) -> None:
    _write_values(writer, TUPLE, tuple.__len__(value), tuple.__iter__(value))


def _write_set(writer: _Writer, value: set[Any]) -> None:
    _write_values(writer, _SET, set.__len__(value), set.__iter__(value))


def _write_frozenset(writer: _Writer, value: frozenset[Any]) -> None:
    _write_values(writer, _FROZENSET, frozenset.__len__(value), frozenset.__iter__(value))


def _write_dict(writer: _Writer, value: dict[Any, Any]) -> None:
    writer.count(DICT, dict.__len__(value))
    for key, item in dict.items(value):
        writer.write(key)
        writer.write(item)


_WRITE: dict[type, Callable[[_Writer, Any], None]] = {
    type(None): _write_constant, bool: _write_constant, int: _write_int, float: _write_float, str: _write_str,
    bytes: _write_bytes, list: _write_list, tuple: _write_tuple, dict: _write_dict, set: _write_set,
    frozenset: _write_frozenset,
}  # fmt: skip
"""By plain type; a bool is an int, so it is asked for first."""
_SCALARS = frozenset((type(None), bool, int, float, str, bytes))


class Reader:
    """Reads encoded bytes from the left; believes no size and no count before it has seen the bytes."""

    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_BYTES:
            raise EncodingError("too large")
        self._data = data
        self._at = 0
        self._values = 0

    def next(self) -> tuple[int, Any]:
        """The next tag, and its value; of `CONTAINERS` how many values (for a dict: pairs) follow."""
        tag = self._take(1)[0]
        if tag in _CONSTANTS:
            return tag, _CONSTANTS[tag]
        if tag == _FLOAT:
            return tag, _DOUBLE.unpack(self._take(8))[0]
        size = int.from_bytes(self._take(4), "little")
        if tag == _STR:
            try:
                return tag, self._take(size).decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                raise EncodingError("not a text") from None
        if tag == _INT:
            return tag, int.from_bytes(self._take(size), "little", signed=True)
        if tag == _BYTES:
            return tag, self._take(size)
        self._values += size
        if self._values > MAX_VALUES:
            raise EncodingError("too many values")
        if tag in (_INTS, _FLOATS):
            numbers: array[Any] = array("q" if tag == _INTS else "d")
            numbers.frombytes(self._take(8 * size))
            return tag, _little(numbers).tolist()
        if tag not in CONTAINERS:
            raise EncodingError("no such tag")
        return tag, size

    def _take(self, size: int) -> bytes:
        start = self._at
        self._at = end = start + size
        if end > len(self._data):
            raise EncodingError("cut off")
        return self._data[start:end]

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
        if tag == DICT:
            pairs = [(_read(reader, depth + 1), _read(reader, depth + 1)) for _ in range(value)]
            return dict(pairs)
        values = [_read(reader, depth + 1) for _ in range(value)]
        return values if tag == LIST else _BUILD[tag](values)
    except TypeError:  # a list as a key
        raise EncodingError("not hashable") from None


_BUILD: dict[int, Any] = {TUPLE: tuple, _SET: set, _FROZENSET: frozenset}
