"""The key of an endpoint: read from the environment, sent in a header, and told to nobody else."""

from __future__ import annotations

import os

from ttcsim.errors import InputError

HIDDEN = "[key]"
_SHORTEST = 8  # a shorter one, such as "EMPTY", opens nothing, and occurs in texts that are none of it
_SHOWN = 6  # characters of a key in a row that a message never shows: servers cite keys in part


class Key:
    """A key, or none; what shows this object shows nothing of it.

    Parameters
    ----------
    variable : str, optional
        The environment variable that holds it.

    Raises
    ------
    InputError
        When the variable is not set, or holds what no header can.
    """

    __slots__ = ("_value", "variable")

    def __init__(self, variable: str | None) -> None:
        self.variable = variable
        self._value = "" if variable is None else os.environ.get(variable, "").strip()
        if variable is not None and not self._value:
            raise InputError(
                f"the environment variable {variable}, which model.api_key_env names, is not set; export {variable}=..."
            )
        if not (self._value.isascii() and self._value.isprintable()):
            raise InputError(f"the environment variable {variable} holds signs that no key has; set it anew")

    def headers(self) -> dict[str, str]:
        """What a request shows."""
        return {"Authorization": f"Bearer {self._value}"} if self._value else {}

    def out_of(self, text: str) -> str:
        """A response without the key."""
        return text.replace(self._value, HIDDEN) if len(self._value) >= _SHORTEST else text

    def out_of_message(self, text: str) -> str:
        """A server's message without any piece of the key."""
        if len(self._value) < _SHORTEST:
            return text
        pieces = {self._value[at : at + _SHOWN] for at in range(len(self._value) - _SHOWN + 1)}
        shown, at = [], 0
        while at < len(text):
            end = at
            while text[end : end + _SHOWN] in pieces:
                end += 1
            if end > at:
                shown.append(HIDDEN)
                at = end + _SHOWN - 1
            else:
                shown.append(text[at])
                at += 1
        return "".join(shown)

    def __repr__(self) -> str:
        return f"Key({self.variable})"
