"""Policies from their string form: ``name(key=value,...)``, ``module:Class(...)`` or ``file.py:Class(...)``."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any

from ttcsim import grammar
from ttcsim.errors import InputError
from ttcsim.policies.base import Policy


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
    call = grammar.parse(text, "policy")
    kind = _imported(call) if ":" in call.name else call.choose(known, "there are")
    values: dict[str, Any] = call.parameters([f.name for f in fields(kind)])
    return kind(**values)


def _imported(call: grammar.Call) -> type[Policy]:
    where, _, name = call.name.rpartition(":")
    if where.endswith(".py") and not Path(where).is_file():
        raise InputError(f"{call.where}: there is no file {where}")
    try:
        module = _file(Path(where).resolve()) if where.endswith(".py") else _module(where)
    except Exception as error:  # whatever the user's module raises while it loads
        raise InputError(f"{call.where}: importing {where} failed: {type(error).__name__}: {error}") from error
    kind = getattr(module, name, None)
    if not (inspect.isclass(kind) and issubclass(kind, Policy)):
        own = [k for k, v in vars(module).items() if inspect.isclass(v) and issubclass(v, Policy) and v is not Policy]
        raise InputError(
            f"{call.where}: {where} has no ttcsim.Policy named '{name}'; it has {', '.join(own) or 'none'}"
        )
    return kind


def _file(path: Path) -> ModuleType:
    """The module in a file, executed once."""
    name = f"ttcsim_user_{path.stem}"
    module = sys.modules.get(name)
    if module is None or getattr(module, "__file__", None) != str(path):
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None  # the name ends in .py
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return module


def _module(name: str) -> ModuleType:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    return importlib.import_module(name)
