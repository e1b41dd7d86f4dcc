"""Strategies: whole methods beside best-of-N, chosen by difficulty and budget (Snell et al., arXiv 2408.03314).

`runs` holds outcomes of strategies on queries, harvested or simulated in one of the `worlds`; `questions` are the
paper's, and one beyond it.
"""
