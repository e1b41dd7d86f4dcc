"""Exact values and bounds, one subject a file; nothing here is simulated."""

from ttcsim.theory.elimination import elimination_cost as elimination_cost
from ttcsim.theory.stretch import Stretch as Stretch
from ttcsim.theory.stretch import stretch_law as stretch_law
from ttcsim.theory.stretch import stretched as stretched
from ttcsim.theory.uniform import pass_at_k as pass_at_k
from ttcsim.theory.uniform import uniform_coverage as uniform_coverage
from ttcsim.theory.uniform import uniform_coverage_variance as uniform_coverage_variance
