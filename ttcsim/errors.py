"""The one exception for what the user can mend."""


class InputError(ValueError):
    """Bad input, in one line: what is wrong, where, and how to mend it. The command line exits 2 with that line."""
