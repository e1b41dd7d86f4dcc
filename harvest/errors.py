"""The one exception for what the user can mend."""


class HarvestError(ValueError):
    """Bad input or surroundings, in one line: what is wrong, where, and how to mend it. The command line exits 2."""
