"""Which policy, with which parameters, at which budget: chosen on some queries, priced on others."""
