"""The paper as code: every figure and table from one command."""
