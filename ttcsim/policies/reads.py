"""What a rule reads of its row, found in its source, so that nobody has to declare it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple


class Reads(NamedTuple):
    """Attributes that a function reads of its arguments."""

    row: frozenset[str] | None  # of the row; None: it hands the row on to where this cannot be followed
    params: frozenset[str] | None  # of the parameters, likewise
    key: bool  # whether it uses its random stream
    exact: bool = True  # False: there is no source, and these are all attribute names in its code


def reads_of(function: Callable[..., Any], row: int) -> Reads:
    """What `function` reads: argument number `row` is the row (or rows), then come the parameters and the key.

    Functions that it hands the row to are read too. Where there is no source (a rule typed into a shell), every
    attribute name in the code counts: too many rather than too few.
    """
    tree = _tree(function)
    if tree is None:
        names = frozenset(_attribute_names(function.__code__))
        return Reads(names, names, function.__code__.co_argcount > row + 2, exact=False)
    arguments = [a.arg for a in tree.args.args]
    seen, params = (_uses(tree, name, function, frozenset()) for name in arguments[row : row + 2])
    loaded = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return Reads(seen, params, bool(loaded & set(arguments[row + 2 :])))


def _tree(function: Callable[..., Any]) -> ast.FunctionDef | ast.Lambda | None:
    try:
        source = textwrap.dedent(inspect.getsource(function))
        module = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        return None
    nodes = [n for n in ast.walk(module) if isinstance(n, ast.FunctionDef | ast.Lambda)]
    named = [n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == function.__name__]
    return next(iter(named or nodes), None)


def _uses(
    tree: ast.FunctionDef | ast.Lambda, name: str, function: Callable[..., Any], seen: frozenset[Any]
) -> frozenset[str] | None:
    """Attributes read of the argument `name` and of its aliases; None where it goes somewhere unknown."""
    copies = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and _copies_a_name(node)]
    aliases, before = {name}, 0
    while len(aliases) > before:  # an alias may get aliases of its own, whatever the order in which they are met
        before = len(aliases)
        aliases |= {t.id for node in copies if node.value.id in aliases for t in node.targets}  # type: ignore[attr-defined]
    found: set[str] = set()
    followed = {id(node.value) for node in copies}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            found.add(node.attr)
            followed.add(id(node.value))
        elif isinstance(node, ast.Call):
            for i, argument in enumerate(node.args):
                if isinstance(argument, ast.Name) and argument.id in aliases:
                    inner = _inside(node.func, i, function, seen)
                    if inner is None:
                        return None
                    found |= inner
                    followed.add(id(argument))
    loose = (
        n for n in ast.walk(tree)
        if isinstance(n, ast.Name) and n.id in aliases and isinstance(n.ctx, ast.Load) and id(n) not in followed
    )  # fmt: skip
    return None if any(loose) else frozenset(found)


def _copies_a_name(node: ast.Assign) -> bool:
    """Whether it is ``a = b = c``."""
    return all(isinstance(part, ast.Name) for part in (node.value, *node.targets))


def _inside(
    called: ast.expr, position: int, function: Callable[..., Any], seen: frozenset[Any]
) -> frozenset[str] | None:
    """What the function that is called reads of its argument at `position`."""
    target: Any = None
    if isinstance(called, ast.Name):
        scope = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
        target = scope.get(called.id)
    elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        target = getattr(function.__globals__.get(called.value.id), called.attr, None)
    target = getattr(target, "py_func", target)
    tree = _tree(target) if inspect.isfunction(target) and target not in seen else None
    if tree is None or position >= len(tree.args.args):
        return None
    return _uses(tree, tree.args.args[position].arg, target, seen | {function})


def _attribute_names(code: Any) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if inspect.iscode(constant):
            names |= _attribute_names(constant)
    return names
