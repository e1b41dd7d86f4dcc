"""Allocation policies, one idea a file. `ALL` is the one list of those with a name."""

from ttcsim.policies.adabon import AdaBoN as AdaBoN
from ttcsim.policies.adaptive_consistency import AdaptiveConsistency as AdaptiveConsistency
from ttcsim.policies.base import Policy as Policy
from ttcsim.policies.bayes import Bayes as Bayes
from ttcsim.policies.bayes_index import BayesIndex as BayesIndex
from ttcsim.policies.bayes_stop import BayesStop as BayesStop
from ttcsim.policies.consensus import Consensus as Consensus
from ttcsim.policies.damani import Damani as Damani
from ttcsim.policies.elimination import Elimination as Elimination
from ttcsim.policies.entropy import Entropy as Entropy
from ttcsim.policies.esc import ESC as ESC
from ttcsim.policies.gap import Gap as Gap
from ttcsim.policies.oracles import Clairvoyant as Clairvoyant
from ttcsim.policies.oracles import Prophet as Prophet
from ttcsim.policies.slg import SLG as SLG
from ttcsim.policies.strings import parse_policy
from ttcsim.policies.thompson import Thompson as Thompson
from ttcsim.policies.two_stage import TwoStage as TwoStage
from ttcsim.policies.uab import UAB as UAB
from ttcsim.policies.ucb import UCB as UCB
from ttcsim.policies.uniform import Uniform as Uniform

_ZUO_ZHU = (Elimination, UCB, Gap, Entropy, Consensus, TwoStage)
_OTHERS = (Thompson, Bayes, BayesIndex, AdaBoN, UAB, Damani, SLG, AdaptiveConsistency, ESC, BayesStop)
ALL: dict[str, type[Policy]] = {kind.name: kind for kind in (Uniform, *_ZUO_ZHU, *_OTHERS, Clairvoyant, Prophet)}
"""Every named policy, in the order of the documentation."""

ZOO: tuple[str, ...] = (
    *(name for name in ALL if name not in ("two-stage", "prophet", "clairvoyant", "adaptive-consistency")),
    *(f"two-stage(share={share})" for share in (0.25, 0.5, 0.75)),
    "elimination(stream=true)",
    "elimination(k=4)",
    "adaptive-consistency",
    "adaptive-consistency(variant=dirichlet)",
    "clairvoyant",
    "prophet",
)
"""Every published policy at its default parameters, and the variants that its papers compare: what ``-p all`` means."""


def policy(text: str | Policy) -> Policy:
    """Build a policy from its string form, such as ``"entropy(weight=1)"`` or ``"mymodule:MyRule(a=2)"``."""
    return parse_policy(text, ALL)
