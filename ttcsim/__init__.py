"""Replay language-model samples under any test-time-compute allocation policy and budget."""

from ttcsim.errors import InputError as InputError
from ttcsim.policies import ALL as ALL
from ttcsim.policies import Policy as Policy
from ttcsim.policies import policy as policy
from ttcsim.policies.priors import Prior as Prior
from ttcsim.policies.rules import fit as fit
from ttcsim.policies.rules import score as score
from ttcsim.policies.rules import see as see
from ttcsim.policies.rules import stop as stop
from ttcsim.pool.files import load as load
from ttcsim.pool.files import write as write
from ttcsim.pool.merge import merge as merge
from ttcsim.pool.pool import Pool as Pool
from ttcsim.replay.result import Result as Result
from ttcsim.replay.sweep import sweep as sweep
from ttcsim.statistics.comparison import allocation as allocation
from ttcsim.statistics.comparison import compare as compare
from ttcsim.statistics.comparison import wins as wins
from ttcsim.statistics.regret import regret as regret

__version__ = "0.1.0"
