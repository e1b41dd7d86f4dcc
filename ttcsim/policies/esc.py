"""Stop asking a query when a whole window of answers agrees."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ttcsim.policies import rules
from ttcsim.policies.base import Policy
from ttcsim.policies.parameters import Knobs, number


@dataclass(frozen=True)
class ESC(Policy):
    """Windows of k draws; a query leaves once all answers of one window are the same.

    Early-stopping self-consistency, Li et al., ICLR 2024 (arXiv 2401.10480), window 5 and at most 40 draws as in the
    authors' code; k is the window. Their code returns the unanimous answer of the last window; the selector `majority`
    is over all draws, which differs only where earlier windows voted together for another answer. As in their code,
    having no answer is one answer more: a window of five responses without any stops the query. No verifier is asked.
    """

    k: int = number(5, "[2, inf)", why=": it is the window")
    cap: float = number(40, "[1, inf]", whole=True)

    name: ClassVar[str] = "esc"
    source: ClassVar[str] = "Li et al. 2024 (arXiv 2401.10480)"
    knobs: ClassVar[Knobs] = {"k": (2, 3, 4, 5, 6, 8)}
    warmup: ClassVar[int] = 0

    @rules.stop
    def stop(s, p, key):
        return s.streak >= p.k and s.draws % p.k == 0


def esc_expected_draws(law: NDArray[np.float64], window: int = 5, most: int = 40) -> float:
    """Expected draws of ESC for one query whose answers are independent with probabilities `law`.

    ``w * (sum_{i=0}^{m-2} q (1-q)^i (i+1) + (1-q)^(m-1) m)`` with ``q = sum p_a^w`` and m = most / w windows
    (arXiv 2401.10480).
    """
    windows = most // window
    q = float(np.sum(np.asarray(law, np.float64) ** window))
    stopped = sum(q * (1 - q) ** i * (i + 1) for i in range(windows - 1))
    return window * (stopped + (1 - q) ** (windows - 1) * windows)
