"""Replay language-model samples under any test-time-compute allocation policy and budget."""

from ttcsim.comparison import allocation as allocation
from ttcsim.comparison import compare as compare
from ttcsim.comparison import wins as wins
from ttcsim.errors import InputError as InputError
from ttcsim.merge import merge as merge
from ttcsim.policies import ALL as ALL
from ttcsim.policies import Policy as Policy
from ttcsim.policies import policy as policy
from ttcsim.pool import Pool as Pool
from ttcsim.pool_files import load as load
from ttcsim.pool_files import write as write
from ttcsim.regret import regret as regret
from ttcsim.result import Result as Result
from ttcsim.state import QueryStats as QueryStats
from ttcsim.state import Stats as Stats
from ttcsim.state import fit as fit
from ttcsim.state import score as score
from ttcsim.state import see as see
from ttcsim.state import stop as stop
from ttcsim.sweep import sweep as sweep

__version__ = "0.1.0"
