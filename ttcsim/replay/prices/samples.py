"""A sample costs one unit."""

from ttcsim.replay.prices.price import Price

PRICE = Price("samples", (), lambda pool, rates: None)
