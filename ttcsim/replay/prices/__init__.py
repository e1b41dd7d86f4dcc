"""What a sample costs, one way a file: a whole number of units for every sample, which is all that the engine knows."""

from ttcsim.registry import collect
from ttcsim.replay.prices.price import Price as Price
from ttcsim.replay.prices.rates import Rates as Rates
from ttcsim.replay.prices.rates import rates_of_one as rates_of_one
from ttcsim.replay.prices.rates import read_rates as read_rates

_FILES = (
    "samples",
    "tokens",
    "dollars",
)

PRICES: dict[str, Price] = {price.name: price for price in collect(__name__, "PRICE", _FILES)}
"""Every price by the name that `cost` takes."""
