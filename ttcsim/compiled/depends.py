"""What the machine code of a function follows from: its bytecode, and the values that it takes from outside.

Numba keys its cache by the text and the modification time of one file. That is too much, since a comment then compiles
everything anew, and too little, since constants and functions of other files are compiled in. Here the functions
themselves are asked, as they are in memory when they are compiled: so it holds for functions of a file that was edited
since, of a notebook and of a shell as well.
"""

from __future__ import annotations

import builtins
import dis
import enum
import functools
import hashlib
import inspect
import sysconfig
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np
from numba.core import types
from numba.core.dispatcher import Dispatcher
from numba.core.extending import _Intrinsic

_PACKAGES = ("numpy", "numba", "llvmlite")
"""What they hold does not change while their version does not, which is part of every key; likewise Python's own."""
_STANDARD = sysconfig.get_path("stdlib")
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))
_MAY_HAVE_DOCSTRING = getattr(inspect, "CO_HAS_DOCSTRING", ~0)  # a flag since Python 3.14


class Unknown(Exception):
    """A function uses a value of which nobody can tell whether it is the same in another process."""


class _Own(NamedTuple):
    """What follows from one function alone, and the functions that it uses, in order."""

    text: str
    uses: tuple[FunctionType, ...]


def digest(function: FunctionType) -> str:
    """Hash of all that the machine code of a function follows from, of other functions that it uses too.

    Comments, docstrings, annotations and line numbers do not count.

    Raises
    ------
    Unknown
        When it uses something else than constants, arrays, dtypes, types, modules and functions.
    """
    order, places = [function], {function: 0}
    found = hashlib.blake2b(digest_size=16)
    for each in order:  # grows meanwhile
        own = _own_of_package(each) if each.__module__.startswith("ttcsim.") else _own(each)
        for used in own.uses:
            if used not in places:
                places[used] = len(order)
                order.append(used)
        found.update(f"{own.text} {[places[used] for used in own.uses]}\n".encode())
    return found.hexdigest()


def _own(function: FunctionType) -> _Own:
    uses: list[FunctionType] = []
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    outside = [(name, _text(value, uses)) for name, value in _outside(function.__code__, function.__globals__)]
    parts = (
        function.__module__, function.__qualname__, _code(function.__code__), outside,
        [_text(value, uses) for value in (cells, function.__defaults__, function.__kwdefaults__)],
    )  # fmt: skip
    return _Own(repr(parts), tuple(uses))


# What this package's own functions take from outside never changes in a process; a notebook's may at any time.
_own_of_package = functools.cache(_own)


def _code(code: CodeType) -> str:
    constants = list(code.co_consts)
    if constants and isinstance(constants[0], str) and code.co_flags & _MAY_HAVE_DOCSTRING:
        constants[0] = None
    return repr((
        code.co_name, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags, code.co_names,
        code.co_varnames, code.co_freevars, code.co_cellvars, code.co_code, getattr(code, "co_exceptiontable", b""),
        [_code(value) if isinstance(value, CodeType) else _constant(value) for value in constants],
    ))  # fmt: skip


def _constant(value: Any) -> str:
    """A constant of a code object; the order of a set's elements differs between processes."""
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _outside(code: CodeType, scope: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a code object takes from the module around it, by name; of modules, what it takes of them."""
    steps = [*dis.get_instructions(code)]
    for at, step in enumerate(steps):
        if step.opname not in ("LOAD_GLOBAL", "LOAD_NAME"):
            continue
        name = step.argval
        if name not in scope and not hasattr(builtins, name):
            continue  # numba says so
        value = scope[name] if name in scope else getattr(builtins, name)
        for following in steps[at + 1 :]:
            member = isinstance(value, ModuleType) and following.opname in ("LOAD_ATTR", "LOAD_METHOD")
            if not member or not hasattr(value, following.argval):
                break
            name, value = f"{name}.{following.argval}", getattr(value, following.argval)
        yield name, value
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _outside(constant, scope)


def _text(value: Any, uses: list[FunctionType]) -> str:
    """A value from outside as text that is the same in every process; functions go to `uses`."""
    kind = type(value)
    if isinstance(value, enum.Enum):
        return f"{kind.__module__}.{value!r}"
    if kind in _PLAIN:
        return f"{kind.__name__} {value!r}"
    if isinstance(value, np.generic | np.ndarray) and not value.dtype.hasobject:
        return f"{value.dtype!r} {value.shape} {value.tobytes().hex()}"
    if isinstance(value, np.dtype | types.Type) and " at 0x" not in repr(value):
        return repr(value)
    if isinstance(value, tuple | list):
        return f"{kind.__module__}.{kind.__qualname__} {[_text(v, uses) for v in value]}"
    if isinstance(value, dict):
        return f"dict {[(_text(k, uses), _text(v, uses)) for k, v in value.items()]}"
    if isinstance(value, ModuleType):
        return f"module {value.__name__}"
    named = f"{getattr(value, '__module__', None)}.{getattr(value, '__qualname__', None) or repr(value)}"
    if " at 0x" in named:
        raise Unknown(named)  # it is elsewhere in another process
    if named.split(".")[0] in _PACKAGES or inspect.isbuiltin(value) or isinstance(value, np.ufunc):
        return named
    return f"{named} {_made_of(value, uses)}"


def _made_of(value: Any, uses: list[FunctionType]) -> str:
    """What a class or a function that is not of a package follows from."""
    if isinstance(value, type):
        members = [*value] if issubclass(value, enum.Enum) else getattr(value, "_fields", ())
        return f"class {members!r}"
    function, options = value, ""
    if isinstance(value, Dispatcher):
        function, options = value.py_func, repr((sorted(value.targetoptions.items()), value.locals))
    elif isinstance(value, _Intrinsic):
        function, options = value._defn, "intrinsic"
    if not isinstance(function, FunctionType):
        raise Unknown(repr(value))
    if function.__code__.co_filename.startswith(_STANDARD) and "site-packages" not in function.__code__.co_filename:
        return "standard"
    uses.append(function)
    return f"function {options}"
