"""The command line, one file a group of commands. Results go to stdout, progress and warnings to stderr."""

from ttcsim.cli.app import main as main
