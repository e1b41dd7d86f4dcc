"""Policies from strings: ``name(key=value,...)``, ``module:Class(...)``, ``file.py:Class(...)``, behind ``label=``."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

from ttcsim import grammar
from ttcsim.errors import InputError, among
from ttcsim.policies.base import Policy
from ttcsim.policies.user_code import load_file, module_of


def parse_policy(
    text: str | Policy | type[Policy],
    known: Mapping[str, type[Policy]],
    *,
    label: str = "",
    files: Mapping[str, Path] | None = None,
) -> Policy:
    """Build the policy that `text` names (a `Policy` is returned as it is).

    Parameters
    ----------
    label : str
        What results call it; wins over one that stands in the text.
    files : mapping
        Where files lie that the text names otherwise.

    Raises
    ------
    InputError
        When the form, the name, a parameter or a value is wrong; the message says what would be right.
    """
    if isinstance(text, type) and issubclass(text, Policy):
        text = text()
    if not isinstance(text, str | Policy):
        raise InputError(f"policy {text!r}: give a name such as 'elimination(k=2)' or a ttcsim.Policy object")
    found = _from_string(text, known, files or {}) if isinstance(text, str) else text
    if label:
        found = replace(found, label=label)
    if found.label == found.form():
        return replace(found, label="")
    if found.label in (*known, "all"):
        raise InputError(f"label '{found.label}': it is the name of another policy than {found.form()}; choose another")
    return found


def split_label(text: str) -> tuple[str, str]:
    """The label of a policy's string, or nothing, and the rest."""
    before, _, after = text.partition("=")
    return (before.strip(), after.strip()) if before and after and "(" not in before else ("", text)


def code_named(text: str) -> str:
    """The module or file that a policy's string has imported; nothing for the policies of this package."""
    name = split_label(text)[1].partition("(")[0].strip()
    return (name.rpartition(":")[0].strip() or name) if ":" in name else ""


def _from_string(text: str, known: Mapping[str, type[Policy]], files: Mapping[str, Path]) -> Policy:
    label, form = split_label(text)
    call = grammar.parse(form, "policy")
    kind = _imported(call, files) if ":" in call.name else call.choose(known, "there are")
    found = kind(**call.parameters([f.name for f in fields(kind) if f.name != "label"]))  # type: ignore[arg-type]
    return replace(found, label=label) if label else found


def _imported(call: grammar.Call, files: Mapping[str, Path]) -> type[Policy]:
    where, name = (part.strip() for part in call.name.rsplit(":", 1))
    file = files.get(where, Path(where))
    if where.endswith(".py") and not file.is_file():
        raise InputError(f"{call.where}: there is no file {file}")
    try:
        module = load_file(file) if where.endswith(".py") else _module(where)
    except Exception as error:  # whatever the user's module raises while it loads
        raise InputError(f"{call.where}: importing {where} failed: {type(error).__name__}: {error}") from error
    kind = getattr(module, name, None)
    if not (inspect.isclass(kind) and issubclass(kind, Policy)):
        own = [k for k, v in vars(module).items() if inspect.isclass(v) and issubclass(v, Policy) and v is not Policy]
        hint = "; one of a script or notebook is found only there: put it into a file" if where == "__main__" else ""
        raise InputError(
            f"{call.where}: {where} has no ttcsim.Policy named '{name}'; {among(name, own, 'it has')}{hint}"
        )
    if where.endswith(".py") and module_of(kind) is module:
        kind.place = call.name
    return kind


def _module(name: str) -> object:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    return importlib.import_module(name)
