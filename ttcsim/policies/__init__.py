"""Allocation policies, one idea a file. `ALL` is the one list of those with a name."""

from ttcsim.policies.base import Policy as Policy
from ttcsim.policies.consensus import Consensus as Consensus
from ttcsim.policies.elimination import Elimination as Elimination
from ttcsim.policies.entropy import Entropy as Entropy
from ttcsim.policies.gap import Gap as Gap
from ttcsim.policies.oracles import Clairvoyant as Clairvoyant
from ttcsim.policies.oracles import Prophet as Prophet
from ttcsim.policies.parse import parse_policy
from ttcsim.policies.two_stage import TwoStage as TwoStage
from ttcsim.policies.ucb import UCB as UCB
from ttcsim.policies.uniform import Uniform as Uniform

ALL: dict[str, type[Policy]] = {
    kind.name: kind for kind in (Uniform, Elimination, UCB, Gap, Entropy, Consensus, TwoStage, Clairvoyant, Prophet)
}
"""Every named policy, in the order of the documentation."""


def policy(text: str | Policy) -> Policy:
    """Build a policy from its string form, such as ``"entropy(weight=1)"`` or ``"mymodule:MyRule(a=2)"``."""
    return parse_policy(text, ALL)
