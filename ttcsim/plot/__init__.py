"""Figures of a result's tables, on axes of yours or for files; matplotlib's settings are left as they are.

>>> ax = ttcsim.plot.canvas("column")  # or axes of your own
>>> ttcsim.plot.metric(result.frame, "coverage", ax=ax)
>>> ttcsim.plot.save(ax, "coverage.pdf")
"""

from ttcsim.plot.bars import allocation
from ttcsim.plot.curves import difference, efficiency, metric
from ttcsim.plot.figures import SIZES, canvas, encoded, save
from ttcsim.plot.profiles import profiles

__all__ = ["SIZES", "allocation", "canvas", "difference", "efficiency", "encoded", "metric", "profiles", "save"]
