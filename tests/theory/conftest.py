"""The command line within a test."""

import commands
import pytest


@pytest.fixture
def command():
    """Runs ``ttcsim ARGUMENTS``: exit code, standard output, standard error."""

    def run(*arguments):
        ended = commands.run(*arguments)
        return ended.returncode, ended.stdout, ended.stderr

    return run
