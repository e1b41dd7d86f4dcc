"""Exact values and bounds, one subject a file; nothing here is simulated."""

from ttcsim.theory.elimination import elimination_cost as elimination_cost
from ttcsim.theory.elimination import elimination_coverage as elimination_coverage
from ttcsim.theory.extrapolate import extrapolate as extrapolate
from ttcsim.theory.extrapolate import fit_rates as fit_rates
from ttcsim.theory.first_success import first_success as first_success
from ttcsim.theory.first_success import unsolved as unsolved
from ttcsim.theory.oracles import clairvoyant_coverage as clairvoyant_coverage
from ttcsim.theory.oracles import prophet_coverage as prophet_coverage
from ttcsim.theory.stretch import Stretch as Stretch
from ttcsim.theory.stretch import law_from_curve as law_from_curve
from ttcsim.theory.stretch import law_through as law_through
from ttcsim.theory.stretch import stretch_law as stretch_law
from ttcsim.theory.stretch import stretched as stretched
from ttcsim.theory.uniform import pass_at_k as pass_at_k
from ttcsim.theory.uniform import pass_hat_k as pass_hat_k
from ttcsim.theory.uniform import uniform_coverage as uniform_coverage
from ttcsim.theory.uniform import uniform_coverage_variance as uniform_coverage_variance
