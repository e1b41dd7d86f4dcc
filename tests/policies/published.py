"""What every published policy has beside its code: a plain twin and a check value. What is said where one lacks."""

CHECKED = {}
"""Tests of check values by the policy whose value they check, as far as they have been imported."""


def checks(*policies):
    """Say whose published or derived value a test checks."""

    def mark(test):
        for name in policies:
            CHECKED.setdefault(name, []).append(test.__name__)
        return test

    return mark


def missing(policies, twins, checked):
    """A line for everything that one of the policies lacks: what, and where it goes."""
    found = []
    for name in policies:
        if name not in twins:
            found.append(
                f"policy '{name}' has no plain twin: write its rule once more, from its paper, in "
                f'ttcsim/guarantees/plain/rules.py, and add a line {{"name": "{name}"}} to POLICIES in '
                "ttcsim/guarantees/plain/policies.py; of a policy that chooses sources, both in units.py beside them"
            )
        if name not in checked:
            found.append(
                f"policy '{name}' has no check value: add a test marked @checks(\"{name}\") to "
                "tests/policies/test_check_values.py (or test_check_values_of_sources.py), which holds it against a "
                "published or derived value that shares no code with it"
            )
    unknown = sorted({*twins, *checked} - {*policies})
    found += [f"'{name}' has a plain twin or a check value and is no published policy: remove them" for name in unknown]
    return found
