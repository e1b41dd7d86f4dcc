"""The command line within a test."""

import pytest

from ttcsim import cli


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs ``ttcsim ARGUMENTS``: exit code, standard output, standard error."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["ttcsim", *arguments])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        return exit_.value.code, *capsys.readouterr()

    return run
