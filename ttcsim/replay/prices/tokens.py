"""A sample costs its tokens."""

from ttcsim.replay.prices.price import Price

PRICE = Price("tokens", ("tokens",), lambda pool, rates: pool.tokens)
