"""What a sample costs, one way a file: a whole number of units for every sample, which is all that the engine knows."""

from ttcsim.replay.prices import samples, tokens
from ttcsim.replay.prices.price import Price as Price

PRICES: dict[str, Price] = {price.name: price for price in (samples.PRICE, tokens.PRICE)}
"""Every price by the name that `cost` takes."""
