"""Allocation policies, one idea a file. `ALL` is the one list of those with a name."""

from __future__ import annotations

from importlib import import_module

from ttcsim.policies.base import Policy as Policy
from ttcsim.policies.strings import parse_policy

_FILES = (
    "uniform",
    "elimination",
    "ucb",
    "gap",
    "entropy",
    "consensus",
    "two_stage",
    "thompson",
    "bayes",
    "bayes_index",
    "adabon",
    "uab",
    "damani",
    "slg",
    "adaptive_consistency",
    "esc",
    "bayes_stop",
    "doubling",
    "bayes_factor",
    "consol",
    "deepconf",
    "clairvoyant",
    "prophet",
    "cascade",
    "mixture",
    "explore_sources",
    "thompson_sources",
    "source_index",
    "router",
    "best_source",
)


def _policy_in(file: str) -> type[Policy]:
    module = import_module(f"{__name__}.{file}")
    found: type[Policy] = next(
        kind for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Policy) and kind.__module__ == module.__name__
    )  # fmt: skip
    return found


ALL: dict[str, type[Policy]] = {kind.name: kind for kind in map(_policy_in, _FILES)}
"""Every named policy, in the order of the documentation."""

globals().update({kind.__name__: kind for kind in ALL.values()})  # as ttcsim.policies.UCB, too

ZOO: tuple[str, ...] = (
    *(
        name
        for name, kind in ALL.items()
        if name not in ("two-stage", "adaptive-consistency") and not kind.chooses_sources
    ),
    *(f"two-stage(share={share})" for share in (0.25, 0.5, 0.75)),
    "elimination(stream=true)",
    "elimination(k=4)",
    "adaptive-consistency",
    "adaptive-consistency(variant=dirichlet)",
    "consol(variant=msprt)",
    "consol(variant=binomial,cap=40)",
    "clairvoyant",
    "prophet",
)
"""Every published policy at its default parameters, and the variants that its papers compare: what ``-p all`` means."""

ZOO_OF_SOURCES: tuple[str, ...] = (
    *(
        name
        for name, kind in ALL.items()
        if kind.chooses_sources and name not in ("cascade", "router", "clairvoyant", "prophet")
    ),
    *(f"cascade(patience={patience})" for patience in (1, 2, 4)),
    "clairvoyant",
    "prophet",
)
"""Those that choose sources: what ``-p all`` means on a pool of several. `router` has to be told of two."""


def policy(text: str | Policy, *, label: str = "") -> Policy:
    """Build a policy from its string form, such as ``"entropy(weight=1)"`` or ``"mymodule:MyRule(a=2)"``.

    Results call it by its label, which can also stand before the form: ``"mine=mymodule:MyRule(a=2)"``.
    """
    return parse_policy(text, ALL, label=label)
