"""The string form of policies: ``name``, ``name(key=value,...)``, ``module:Class(...)`` or ``file.py:Class(...)``."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import inspect
import math
import re
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from ttcsim.errors import InputError
from ttcsim.policies.base import Policy

_FORM = re.compile(r"\s*([^()]+?)\s*(?:\((.*)\))?\s*", re.DOTALL)


def parse_policy(text: str | Policy | type[Policy], known: Mapping[str, type[Policy]]) -> Policy:
    """Build the policy that `text` names (a `Policy` is returned as it is).

    Raises
    ------
    InputError
        When the form, the name, a parameter or a value is wrong; the message says what would be right.
    """
    if isinstance(text, Policy):
        return text
    if isinstance(text, type) and issubclass(text, Policy):
        return text()
    if not isinstance(text, str):
        raise InputError(f"policy {text!r}: give a name such as 'elimination(k=2)' or a ttcsim.Policy object")
    match = _FORM.fullmatch(text)
    if match is None:
        raise InputError(f"policy {text!r}: cannot read it; the form is name or name(key=value,...)")
    name, arguments = match[1], match[2] or ""
    kind = _from_file(name, text) if ":" in name else known.get(name)
    if kind is None:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise InputError(f"policy {text!r}: no policy is named '{name}'; {hint}there are {', '.join(known)}")
    values = _arguments(arguments, text)
    allowed = {f.name: f for f in fields(kind)}
    for key in values:
        if key not in allowed:
            raise InputError(f"policy {text!r}: no parameter '{key}'; {name} takes {', '.join(allowed)}")
    return kind(**values)


def _arguments(arguments: str, text: str) -> dict[str, Any]:
    try:
        call = ast.parse(f"f({arguments})", mode="eval").body
    except SyntaxError:
        raise InputError(f"policy {text!r}: cannot read '({arguments})'; the form is name(key=value,...)") from None
    if not isinstance(call, ast.Call) or call.args or any(k.arg is None for k in call.keywords):
        raise InputError(f"policy {text!r}: name every parameter, as in name(key=value,...)")
    values = {}
    for keyword in call.keywords:
        node = keyword.value
        if isinstance(node, ast.Name):  # words need no quotes: signal=reward, estimate=mean, cap=inf
            values[str(keyword.arg)] = {"inf": math.inf, "true": True, "false": False}.get(node.id.lower(), node.id)
            continue
        try:
            values[str(keyword.arg)] = ast.literal_eval(node)
        except ValueError:
            raise InputError(
                f"policy {text!r}: the value of {keyword.arg} must be a number, a word or a quoted text"
            ) from None
    return values


def _from_file(name: str, text: str) -> type[Policy]:
    where, _, attribute = name.rpartition(":")
    try:
        if where.endswith(".py"):
            path = Path(where).resolve()
            if not path.is_file():
                raise InputError(f"policy {text!r}: there is no file {where}")
            module_name = f"ttcsim_user_{path.stem}"
            module = sys.modules.get(module_name)
            if module is None or getattr(module, "__file__", None) != str(path):
                spec = importlib.util.spec_from_file_location(module_name, path)
                if spec is None or spec.loader is None:
                    raise InputError(f"policy {text!r}: {where} is not a Python file")
                module = importlib.util.module_from_spec(spec)
                sys.modules[module_name] = module
                spec.loader.exec_module(module)
        else:
            if "" not in sys.path and str(Path.cwd()) not in sys.path:
                sys.path.insert(0, str(Path.cwd()))
            module = importlib.import_module(where)
    except InputError:
        raise
    except Exception as error:  # whatever the user's module raises while it loads
        raise InputError(f"policy {text!r}: importing {where} failed: {type(error).__name__}: {error}") from error
    kind = getattr(module, attribute, None)
    if not (inspect.isclass(kind) and issubclass(kind, Policy)):
        own = [k for k, v in vars(module).items() if inspect.isclass(v) and issubclass(v, Policy) and v is not Policy]
        raise InputError(
            f"policy {text!r}: {where} has no ttcsim.Policy named '{attribute}'; it has {', '.join(own) or 'none'}"
        )
    return kind
