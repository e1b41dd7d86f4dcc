"""Groups of commands: what their help says, and the examples that end it."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

import typer


class Help(NamedTuple):
    """What ``--help`` says of a command or a group."""

    short: str
    """Its line in the list of commands."""
    text: str
    examples: str


def help_of(docstring: str | None) -> Help:
    """The help in a docstring, whose section ``Examples`` ends it as it is written."""
    text, _, examples = inspect.cleandoc(docstring or "").partition("\n\nExamples\n--------\n")
    as_written = "\b\nExamples:\n" + textwrap.indent(examples, "  ")  # what begins with \b is not wrapped
    return Help(text.split("\n\n")[0], text, as_written if examples else "")


def group(docstring: str, *, completion: bool = False) -> typer.Typer:
    """A group without commands; its help is click's own, which cuts nothing off at 80 columns."""
    words = help_of(docstring)
    return typer.Typer(
        help=words.text, short_help=words.short, epilog=words.examples, no_args_is_help=True,
        add_completion=completion, rich_markup_mode=None, pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip


def add(commands: typer.Typer, *functions: Callable[..., Any]) -> None:
    """Make commands of functions; what their names have to avoid ends with an underscore."""
    for function in functions:
        words = help_of(function.__doc__)
        name = function.__name__.rstrip("_").replace("_", "-")
        commands.command(name, help=words.text, short_help=words.short, epilog=words.examples)(function)


def program(docstring: str, *, version: str) -> typer.Typer:
    """The group of all commands: it tells the version, and installs the completion of the shell."""
    app = group(docstring, completion=True)

    def tell(asked: bool) -> None:
        if asked:
            print(version)
            raise typer.Exit

    shown: bool = typer.Option(False, "--version", is_eager=True, callback=tell, help="Show the version and exit.")

    @app.callback()
    def options(version: bool = shown) -> None: ...

    return app
