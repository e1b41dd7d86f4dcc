"""Every command of both programs, and how the docs call them."""

import re
import shlex

import typer.main

import harvest.cli
import ttcsim.cli.app

PROGRAMS = {"ttcsim": ttcsim.cli.app.app, "harvest": harvest.cli.app}


def walk(command, *words):
    """Every command and group below one, with the words that call it."""
    yield words, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from walk(inner, *words, name)


COMMANDS = dict(found for name, program in PROGRAMS.items() for found in walk(typer.main.get_command(program), name))


def parsed(line):
    """The command that a line calls, and the arguments that it takes; an error for what it does not take."""
    words = shlex.split(line, comments=True)
    own = (words.pop(0),)
    while words and (*own, words[0]) in COMMANDS:
        own = (*own, words.pop(0))
    COMMANDS[own].make_context(own[-1], list(words))
    return own, words


def typed(text):
    """What a document has a reader type, a command each, with the lines that it shows below as its output."""
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    for line, output in (
        found for block in blocks for found in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    ):
        parts = [re.sub(r"^\s*([A-Z_]+=\S* )*", "", part).strip() for part in _PARTS.split(re.sub(r"\s#.*", "", line))]
        *first, last = filter(None, parts)
        yield from ((part, []) for part in first)
        yield last, output.splitlines()


_PARTS = re.compile(r"&&|;|&(?= |$)")


def shown(text):
    """What a document has a reader type, a command a line."""
    return [line for line, _ in typed(text)]
