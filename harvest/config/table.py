"""A table of the config file, and what is wrong with one in a line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from ttcsim.errors import among


class Table(BaseModel):
    """Keys and their values; another key, or one that is missing, is refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _has_its_keys(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        known = cls.model_fields
        unknown = [key for key in given if key not in known] if cls.model_config["extra"] == "forbid" else []
        missing = [key for key, field in known.items() if field.is_required() and key not in given]
        about = {"kind": given.get("kind"), "known": sorted(known)}
        if unknown:
            raise PydanticCustomError("unknown_key", "unknown", {**about, "key": unknown[0]})
        if missing:
            description = known[missing[0]].description
            raise PydanticCustomError("missing_key", "missing", {**about, "key": missing[0], "about": description})
        return given


class Kept(Table):
    """A table that makes something which an unfinished harvest keeps."""

    @property
    def label(self) -> str:
        """What people call it."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """Label and hash: what one setting made is never taken for what another would have made."""
        return f"{self.label}-{hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]}"


class Options(Table):
    """A table of options, of which those that were given are written down, and no others."""

    @model_serializer(mode="plain")
    def _as_given(self) -> dict[str, Any]:
        return {key: value for key, value in self if key in self.model_fields_set}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Options) and super().__eq__(other) and self.model_fields_set == other.model_fields_set


def first_fault(error: ValidationError) -> str:
    """The first thing that is wrong, with its table and key, in one line."""
    details = error.errors()
    first = details[0]
    context: dict[str, Any] = first.get("ctx", {})
    # After the number of a table comes the tag of its kind, which is no key.
    steps = [s for i, s in enumerate(first["loc"]) if i == 0 or not isinstance(first["loc"][i - 1], int)]
    place = ".".join(map(str, steps))
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    of_kind = f" of kind '{context['kind']}'" if context.get("kind") else ""
    match first["type"]:
        case "unknown_key":
            table = f"[{place}]" if place else "the file"
            known = among(context["key"], context["known"], "it has")
            return f"'{context['key']}' is not a key of {table}{of_kind}; {known}{more}"
        case "missing_key":
            if not of_kind:
                return f"'{place + '.' if place else ''}{context['key']}' is missing{more}"
            about = f": {context['about']}" if context["about"] else ""
            return f"{place}: kind '{context['kind']}' needs `{context['key']}`{about}{more}"
        case "union_tag_not_found":
            return f"'{place}.kind' is missing{more}"
        case "union_tag_invalid":
            kinds = re.findall(r"'(.*?)'", context["expected_tags"])
            return f"{place}: there is no kind '{context['tag']}'; {among(context['tag'], kinds)}{more}"
        case "value_error":
            return f"{place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}{more}"
    given = "" if isinstance(first["input"], Mapping) else f", not {first['input']!r}"
    return f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}{given}{more}"
