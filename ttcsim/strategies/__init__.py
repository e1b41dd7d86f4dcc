"""Strategies: whole methods beside best-of-N, chosen by difficulty and budget (Snell et al., arXiv 2408.03314).

`runs` holds outcomes of strategies on queries, harvested or simulated; `tree` and `revisions` simulate; `difficulty`,
`optimal`, `ratio`, `flops` and `bandit` answer the paper's questions, and one beyond it.
"""
