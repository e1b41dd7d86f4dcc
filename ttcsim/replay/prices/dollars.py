"""A sample costs what its source charges for the tokens of the prompt and the response, and for the request."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ttcsim.errors import InputError
from ttcsim.pool import Pool
from ttcsim.replay.prices.price import Price
from ttcsim.replay.prices.rates import DEFAULT, Rates

NANODOLLARS = 10**9
_MOST = 10**15  # nanodollars of one sample: a million dollars


def _of(pool: Pool, rates: Mapping[str, Rates]) -> NDArray[np.int64]:
    """Nanodollars, at least one, rounded to the nearest.

    Raises
    ------
    InputError
        When a source has no rates, or a rate counts tokens that the pool does not.
    """
    price = np.empty(pool.n_samples)
    codes = np.zeros(pool.n_samples, np.int32) if pool.source is None else pool.source
    for code, source in enumerate(pool.sources or (DEFAULT,)):
        own = rates.get(source, rates.get(DEFAULT))
        if own is None:
            raise InputError(
                f"prices: none for source '{source}' of pool {pool.name} (there are {', '.join(rates) or 'none'}); "
                f"add [{source}], or [{DEFAULT}] for all without their own"
            )
        mine = codes == code
        total = np.full(int(mine.sum()), own.request * NANODOLLARS)
        for name, rate, tokens in (("input", own.input, pool.prompt_tokens), ("output", own.output, pool.tokens)):
            if rate == 0:
                continue
            if tokens is None:
                column = "prompt_tokens" if name == "input" else "tokens"
                raise InputError(
                    f"prices: [{source}] {name} counts the column '{column}', which pool {pool.name} lacks; import it, "
                    f"or leave {name} out"
                )
            total += rate * (NANODOLLARS // 10**6) * tokens[mine]
        if total.size and total.max() > _MOST:
            raise InputError(f"prices: a sample of source '{source}' costs {total.max() / NANODOLLARS:.3g} dollars")
        price[mine] = np.maximum(np.rint(total), 1)
    return price.astype(np.int64)


PRICE = Price("dollars", (), _of, units=NANODOLLARS, rated=True)
