"""Special functions and random laws that rules need inside kernels, where SciPy cannot be called."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ttcsim.compiled.jit import njit
from ttcsim.compiled.rng import uniform


@njit
def insert(values: NDArray[np.float64], count: int, value: float) -> None:
    """Insert `value` into ``values[:count]``, which is in descending order and stays so."""
    i = count
    while i > 0 and values[i - 1] < value:
        values[i] = values[i - 1]
        i -= 1
    values[i] = value


@njit
def normal_cdf(x: float) -> float:
    """Standard normal distribution function."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@njit
def gamma_cdf(shape: float, x: float) -> float:
    """Distribution function of the Gamma(shape, 1) law: the regularised lower incomplete gamma function.

    The power series below the mean, Legendre's continued fraction by Lentz's method above it (Abramowitz & Stegun
    6.5.29 and 6.5.31; Press et al., Numerical Recipes, section 6.2); absolute error below 1e-12 for shapes up to 1e3,
    below 1e-10 up to 1e5.
    """
    if x <= 0.0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1.0:
        term = total = 1.0 / shape
        n = shape
        while term > 1e-16 * total:
            n += 1.0
            term *= x / n
            total += term
        return front * total
    b = x + 1.0 - shape
    c, d = 1e300, 1.0 / b
    fraction = d
    for i in range(1, 100_000):
        a = -i * (i - shape)
        b += 2.0
        d = 1.0 / (a * d + b)
        c = b + a / c
        fraction *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return 1.0 - front * fraction


@njit
def digamma(x: float) -> float:
    """Derivative of the log-gamma function for x > 0: recurrence to x >= 10, then the asymptotic series.

    Abramowitz & Stegun 6.3.5 and 6.3.18; relative error below 1e-12 away from the root at 1.4616.
    """
    shift = 0.0
    while x < 10.0:
        shift -= 1.0 / x
        x += 1.0
    y = 1.0 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (5 / 660 - y * (691 / 32760))))))
    return shift + math.log(x) - 0.5 / x - series


@njit
def trigamma(x: float) -> float:
    """Second derivative of the log-gamma function for x > 0 (Abramowitz & Stegun 6.4.6 and 6.4.12)."""
    shift = 0.0
    while x < 10.0:
        shift += 1.0 / (x * x)
        x += 1.0
    y = 1.0 / (x * x)
    series = y / x * (1 / 6 - y * (1 / 30 - y * (1 / 42 - y * (1 / 30 - y * (5 / 66 - y * (691 / 2730))))))
    return shift + 1.0 / x + 0.5 * y + series


@njit
def normal(key: np.uint64, counter: int) -> float:
    """Standard normal number of words `counter` and ``counter + 1`` of the stream (Box & Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(uniform(key, counter)))
    return radius * math.cos(2.0 * math.pi * uniform(key, counter + 1))


@njit
def gamma_parts(key: np.uint64, counter: int, shape: float) -> tuple[float, float]:
    """Factors x and u of a Gamma(shape, 1) number ``x u^(1 / shape)``, from the stream at `counter` on.

    Marsaglia & Tsang 2000; u is 1 where the shape is 1 or more. It uses three words a trial; a trial is accepted with
    probability above 0.95, so 300 words always suffice.
    """
    u = 1.0
    if shape < 1.0:
        u = uniform(key, counter)
        shape += 1.0
    counter += 1
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = normal(key, counter)
        v = (1.0 + c * x) ** 3
        if v > 0.0 and math.log(uniform(key, counter + 2)) < 0.5 * x * x + d - d * v + d * math.log(v):
            return d * v, u
        counter += 3


@njit
def gamma_variate(key: np.uint64, counter: int, shape: float) -> float:
    """Gamma(shape, 1) number, shape > 0; 0 where it is below the smallest float."""
    x, u = gamma_parts(key, counter, shape)
    return x * (u ** (1.0 / shape) if shape < 1.0 else 1.0)


@njit
def beta_variate(key: np.uint64, a: float, b: float) -> float:
    """Beta(a, b) number from the stream `key`: by inversion where a = 1, else as a ratio of gammas."""
    if a == 1.0:
        return 1.0 - uniform(key, 0) ** (1.0 / b)
    x = gamma_variate(key, 0, a)
    y = gamma_variate(key, 1 << 20, b)
    if x + y > 0.0:
        return x / (x + y)
    # Both are below the smallest float, as small shapes make them: their logarithms are not.
    x, u = gamma_parts(key, 0, a)
    y, v = gamma_parts(key, 1 << 20, b)
    return 1.0 / (1.0 + math.exp(min(math.log(y) + math.log(v) / b - math.log(x) - math.log(u) / a, 700.0)))


@njit
def beta_log_likelihood(a: float, b: float, hits: NDArray[np.float64], misses: NDArray[np.float64]) -> float:
    """Log-likelihood of hits and misses of independent queries whose rates are Beta(a, b), up to a constant."""
    total = 0.0
    queries = 0
    for q in range(len(hits)):
        if hits[q] + misses[q] > 0.0:
            total += math.lgamma(a + hits[q]) + math.lgamma(b + misses[q]) - math.lgamma(a + b + hits[q] + misses[q])
            queries += 1
    return total - queries * (math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b))


LOWEST, HIGHEST = 1e-3, 1e3
"""Limits of both parameters of a fitted Beta law: without them a batch of all failures has no finite optimum."""


@njit
def credibility(
    draws: NDArray[np.int64], sums: NDArray[np.float64], squares: NDArray[np.float64]
) -> tuple[float, float]:
    """Mean of a signal over queries, and how many draws that mean is worth against a query's own.

    Buehlmann and Straub's linear credibility: the variance within queries over the variance of their means, both by
    their unbiased estimators for unequal numbers of draws; at most `HIGHEST`, and 2 while no query has two draws. It
    holds for any law of the signal; for one that is 0 or 1 with Beta(a, b) rates it estimates a / (a + b) and a + b.
    """
    queries, total, total_squared, spare, everything, within = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for q in range(len(draws)):
        n = float(draws[q])
        if n > 0.0:
            queries += 1
            total += n
            total_squared += n * n
            everything += sums[q]
            spare += n - 1.0
            within += squares[q] - sums[q] * sums[q] / n
    if total == 0.0:
        return 0.5, 2.0
    mean = everything / total
    if spare == 0.0:
        return mean, 2.0
    within = max(within, 0.0) / spare
    between = 0.0
    for q in range(len(draws)):
        n = float(draws[q])
        if n > 0.0:
            between += n * (sums[q] / n - mean) ** 2
    effective = total - total_squared / total
    between = between - (queries - 1.0) * within
    if between * HIGHEST <= within * effective:
        return mean, HIGHEST
    return mean, max(within * effective / between, LOWEST)


@njit
def fit_beta(
    a: float, b: float, hits: NDArray[np.float64], misses: NDArray[np.float64], steps: int
) -> tuple[float, float]:
    """Maximum-likelihood Beta(a, b) law of the success rates of queries with `hits` and `misses`, from a first guess.

    Newton's method on (ln a, ln b), with the gradient where the Hessian is not negative definite, halved until the
    likelihood rises. A stopping rule (no more draws after a hit) does not change the likelihood, so counts of
    eliminated queries enter as they are. Hits need not be whole numbers.
    """
    low, high = math.log(LOWEST), math.log(HIGHEST)
    u, v = min(max(math.log(a), low), high), min(max(math.log(b), low), high)
    value = beta_log_likelihood(math.exp(u), math.exp(v), hits, misses)
    for _ in range(steps):
        a, b = math.exp(u), math.exp(v)
        ga, gb, haa, hbb, hab = 0.0, 0.0, 0.0, 0.0, 0.0
        queries = 0
        for q in range(len(hits)):
            n = hits[q] + misses[q]
            if n > 0.0:
                queries += 1
                both, curve = digamma(a + b + n), trigamma(a + b + n)
                ga += digamma(a + hits[q]) - both
                gb += digamma(b + misses[q]) - both
                haa += trigamma(a + hits[q]) - curve
                hbb += trigamma(b + misses[q]) - curve
                hab -= curve
        both, curve = digamma(a + b), trigamma(a + b)
        ga -= queries * (digamma(a) - both)
        gb -= queries * (digamma(b) - both)
        haa -= queries * (trigamma(a) - curve)
        hbb -= queries * (trigamma(b) - curve)
        hab += queries * curve
        # In logarithms: d/du = a d/da, d2/du2 = a2 d2/da2 + a d/da.
        gu, gv = a * ga, b * gb
        huu, hvv, huv = a * a * haa + gu, b * b * hbb + gv, a * b * hab
        determinant = huu * hvv - huv * huv
        if huu < 0.0 and determinant > 0.0:
            du, dv = -(hvv * gu - huv * gv) / determinant, -(huu * gv - huv * gu) / determinant
        else:
            scale = 1.0 / max(abs(gu), abs(gv), 1e-300)
            du, dv = gu * scale, gv * scale
        longest = max(abs(du), abs(dv))
        if longest > 2.0:
            du, dv = du * 2.0 / longest, dv * 2.0 / longest
        moved = False
        for _ in range(30):
            tried_u, tried_v = min(max(u + du, low), high), min(max(v + dv, low), high)
            tried = beta_log_likelihood(math.exp(tried_u), math.exp(tried_v), hits, misses)
            if tried > value:
                moved = True
                break
            du, dv = 0.5 * du, 0.5 * dv
        if not moved:
            break
        change = abs(tried_u - u) + abs(tried_v - v)
        u, v, value = tried_u, tried_v, tried
        if change < 1e-7:
            break
    return math.exp(u), math.exp(v)
