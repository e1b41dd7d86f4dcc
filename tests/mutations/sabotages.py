"""Small edits of the package that `ttcsim check` has to notice, each with the guarantee whose row does.

`python -m tests.mutations.harness` applies them one at a time to a copy of the package and says what failed.
"""

from typing import NamedTuple


class Sabotage(NamedTuple):
    """An edit: in `file`, each text before, which occurs once, becomes the text after."""

    name: str
    caught_by: str  # the number of a guarantee
    file: str
    edits: tuple[tuple[str, str], ...]
    policy: str = "elimination"  # held against its plain version


def one(name, caught_by, file, before, after, policy="elimination"):
    return Sabotage(name, caught_by, file, ((before, after),), policy)


SABOTAGES = (
    # What is shown.
    Sabotage(
        "a rotation instead of a permutation",
        "G13",
        "compiled/order.py",
        (
            (
                "            sample = perm[slot]\n            perm[slot] = perm[drawn]",
                "            sample = (bounded(key, 0, size) + drawn) % size",
            ),
            (
                "            out[at + j] = perm[slot]\n            perm[slot] = perm[j]",
                "            out[at + j] = (bounded(key, 0, size) + j) % size",
            ),
        ),
    ),
    Sabotage(
        "a shuffle in which no sample stays where it is stored",
        "G13",
        "compiled/order.py",
        (
            (
                "slot = drawn + below(mix64(state), size - drawn)",
                "slot = drawn + (1 + below(mix64(state), size - drawn - 1) if size - drawn > 1 else 0)",
            ),
            (
                "slot = j + bounded(key, j, size - j)",
                "slot = j + (1 + bounded(key, j, size - j - 1) if size - j > 1 else 0)",
            ),
        ),
    ),
    one(
        "the second draw of a shuffle is the next one",
        "G13",
        "compiled/order.py",
        "slot = j + bounded(key, j, size - j)",
        "slot = j + (0 if j == 1 else bounded(key, j, size - j))",
    ),
    one(
        "with replacement the last sample is never drawn",
        "G13",
        "compiled/order.py",
        "            out[at + j] = bounded(key, j, size)",
        "            out[at + j] = bounded(key, j, max(1, size - 1))",
    ),
    one(
        "the first success is found one draw late",
        "G13",
        "compiled/order.py",
        "                first_correct = drawn",
        "                first_correct = drawn + 1",
    ),
    one(
        "replications come in equal pairs",
        "G13",
        "compiled/rng.py",
        "(np.uint64(replication) + _ONE) * GOLDEN",
        "(np.uint64(replication // 2) + _ONE) * GOLDEN",
    ),
    one(
        "all queries share one order",
        "G13",
        "compiled/rng.py",
        "return mix64(key ^ np.uint64(query))",
        "return mix64(key)",
    ),
    one(
        "ties go by the order of keys",
        "G14",
        "compiled/rng.py",
        "return mix64(np.uint64(key) ^ _SALT_PRIORITY)",
        "return np.uint64(key)",
    ),
    # What is charged, and to whom.
    one(
        "a cap ignored in rounds", "G15", "engine/rounds.py", "np.full(len(sizes), cap)", "np.full(len(sizes), 1 << 40)"
    ),
    one(
        "a cap ignored draw by draw",
        "G15",
        "replay/replay.py",
        "np.full(len(sizes), cap, np.int64)",
        "np.full(len(sizes), 1 << 60, np.int64)",
    ),
    one(
        "a stream that spends twice its share",
        "G14",
        "engine/choose.py",
        "w.totals[0] * (now.cursor + 1) // len(w.active)",
        "2 * w.totals[0] * (now.cursor + 1) // len(w.active)",
    ),
    one(
        "a stream that leaves nothing to later queries",
        "G14",
        "engine/choose.py",
        "// len(w.active) - now.spent",
        "// len(w.active) - w.totals[0] * now.cursor // len(w.active) - w.rows[q, 0].draws",
    ),
    one(
        "token cost halved",
        "G14",
        "replay/prices/tokens.py",
        "lambda pool, rates: pool.tokens)",
        "lambda pool, rates: (pool.tokens + 1) // 2)",
    ),
    one(
        "a last draw beyond the budget",
        "G14",
        "engine/draw.py",
        "while now.spent + price > w.totals[now.budget]:",
        "while now.spent + price > w.totals[now.budget] + 1:",
        "ucb",
    ),
    one(
        "one draw more than the budget in the last round",
        "G15",
        "engine/rounds.py",
        "e.drawn[last] += left  #",
        "e.drawn[last] += left + 1  #",
    ),
    one(
        "a generation cut off costs nothing",
        "G14",
        "engine/draw.py",
        "record(x, plan, w, tally, w.totals[now.budget])",
        "record(x, plan, w, tally, now.spent)",
        "ucb",
    ),
    one(
        "queries that ran out are not counted",
        "G14",
        "engine/work.py",
        "used_up or drawn == x.offsets[u + 1] - x.offsets[u]",
        "used_up or drawn > x.offsets[u + 1] - x.offsets[u]",
        "ucb",
    ),
    one(
        "two-stage explores half its share",
        "G14",
        "policies/two_stage.py",
        "total * self.share + 1e-9",
        "total * self.share / 2 + 1e-9",
        "two-stage",
    ),
    one(
        "the prophet stops one draw before its budget",
        "G14",
        "engine/prophet.py",
        "spent + cost[ranked[taken]] <= plan.totals[b]",
        "spent + cost[ranked[taken]] < plan.totals[b]",
    ),
    one(
        "elimination draws once more after the first success",
        "G14",
        "engine/rounds.py",
        "return min(e.explored[q] + rounds * plan.k, plan.limits[q])",
        "return min(e.explored[q] + rounds * plan.k + 1, plan.limits[q])",
    ),
    one(
        "a query stays until its second success",
        "G14",
        "policies/base.py",
        "return s.successes > 0",
        "return s.successes > 1",
        "ucb",
    ),
    # Who is drawn next, and who leaves.
    one(
        "whoever stood first when the line was sorted",
        "G14",
        "engine/lineup.py",
        "if index > one.rivals:",
        "if index > -np.inf:",
        "ucb",
    ),
    one(
        "entropy with the wrong sign", "G14", "policies/entropy.py", "return s.entropy", "return -s.entropy", "entropy"
    ),
    one(
        "entropy in bits",
        "G14",
        "engine/draw.py",
        "s.entropy = log_draws - note.entropy / ENTROPY_UNIT / draws",
        "s.entropy = (log_draws - note.entropy / ENTROPY_UNIT / draws) / math.log(2.0)",
        "entropy",
    ),
    one(
        "ucb without the 2 under its root",
        "G14",
        "policies/ucb.py",
        "math.sqrt(2.0 / s.draws)",
        "math.sqrt(1.0 / s.draws)",
        "ucb",
    ),
    one(
        "ties go to the query with more draws",
        "G14",
        "engine/lineup.py",
        "min(draws, MANY_DRAWS) << 32 | rank",
        "(1 << 20) - draws << 32 | rank",
        "bayes",
    ),
    one(
        "gap to the farthest",
        "G14",
        "policies/gap.py",
        "return -abs(p.gamma - s.signal_max)",
        "return abs(p.gamma - s.signal_max)",
        "gap",
    ),
    one(
        "the largest of many posterior draws drawn as if it were one",
        "G14",
        "engine/alike.py",
        " / w.classes[i].members)",
        ")",
        "thompson",
    ),
    one(
        "a Thompson posterior swapped",
        "G14",
        "policies/thompson.py",
        "p.a + s.signal_sum, p.b + s.draws - s.signal_sum",
        "p.b + s.draws - s.signal_sum, p.a + s.signal_sum",
        "thompson",
    ),
    one(
        "a posterior mean without its prior",
        "G14",
        "policies/bayes.py",
        "(p.a + s.signal_sum) / (p.a + p.b + s.draws)",
        "s.signal_sum / s.draws",
        "bayes",
    ),
    one("ESC one draw short", "G14", "policies/esc.py", "s.streak >= p.k ", "s.streak >= p.k - 1 ", "esc"),
    one(
        "a runner-up with the leader's votes",
        "G14",
        "engine/draw.py",
        "s.second = s.ranked[1]",
        "s.second = s.ranked[0]",
        "adaptive-consistency",
    ),
    one(
        "consensus at exactly its share",
        "G14",
        "policies/consensus.py",
        "s.top > p.share * s.draws",
        "s.top >= p.share * s.draws",
        "consensus",
    ),
    one(
        "adaptive-consistency with one vote too many",
        "G11",
        "policies/adaptive_consistency.py",
        "    n = top + second + 1\n",
        "    top += 1\n    n = top + second + 1\n",
    ),
    one(
        "Bayesian stopping at any lead",
        "G14",
        "policies/bayes_stop.py",
        "return total_mode / total if total > 0.0 else 0.0",
        "return 1.0",
        "bayes-stop",
    ),
    one(
        "doubling that looks at every draw",
        "G14",
        "policies/doubling.py",
        "s.draws & (s.draws - 1) == 0",
        "s.draws > 0",
        "doubling",
    ),
    one(
        "a Bayes factor without the unknown answer",
        "G11",
        "policies/bayes_factor.py",
        "below = gamma_cdf(unknown + 1.0, x)",
        "below = 1.0",
    ),
    one(
        "a Bayes factor asked at draws of its own",
        "G14",
        "policies/bayes_factor.py",
        "return draws & (draws - 1) == 0",
        "return draws % 3 == 0",
        "bayes-factor",
    ),
    one("consol at half its log ratio", "G11", "policies/consol.py", ">= upper", ">= 0.5 * upper"),
    one(
        "deepconf that counts the confidence of no answer",
        "G14",
        "policies/deepconf.py",
        "p.share * s.answered_signal",
        "p.share * s.signal_sum",
        "deepconf",
    ),
    one(
        "marginal gains of the draw after next",
        "G14",
        "policies/damani.py",
        "(1.0 - s.prior_mean) ** s.draws",
        "(1.0 - s.prior_mean) ** (2 * s.draws)",
        "damani",
    ),
    one(
        "a temperature the wrong way round",
        "G14",
        "policies/uab.py",
        "s.logprob / s.tokens / p.tau",
        "s.logprob / s.tokens * p.tau",
        "uab",
    ),
    one(
        "a gain that never falls",
        "G14",
        "policies/adabon.py",
        "own.power[node] *= own.below[node]",
        "own.power[node] *= 1.0",
        "adabon",
    ),
    one(
        "a normal tail without its truncation",
        "G14",
        "policies/slg.py",
        "math.sqrt(squares / p.variance)",
        "math.sqrt(squares)",
        "slg",
    ),
    one("priors not cross-fitted", "G6", "replay/cross_fit.py", "others = half != own", "others = half == own"),
    one(
        "a fit that stops after one step",
        "G6",
        "compiled/special.py",
        "        if change < 1e-7:\n",
        "        if change < 1e7:\n",
    ),
    one(
        "random numbers of a Beta law swapped", "G6", "compiled/special.py", "return x / (x + y)", "return y / (x + y)"
    ),
    # Which answer is chosen.
    one(
        "majority ties go to the first answer",
        "G11",
        "engine/selectors/majority.py",
        "        if votes == top:\n",
        "        if votes == top and ties == 0:\n",
    ),
    one(
        "a missing answer votes",
        "G11",
        "engine/selectors/majority.py",
        "for a in range(1, len(ballot.shown)):",
        "for a in range(len(ballot.shown)):",
    ),
    one("best = last draw", "G10", "engine/selectors/best.py", "if score[m] > top:", "if score[m] > -np.inf:"),
    one(
        "weighted without weights",
        "G10",
        "engine/selectors/weighted.py",
        "weight = np.float64(score[m])",
        "weight = np.float64(1.0)",
    ),
    one(
        "deepconf drops what ties with the last that it keeps",
        "G10",
        "engine/selectors/deepconf.py",
        "i < kept or score[order[i]] == score[order[kept - 1]]",
        "i < kept",
    ),
    one(
        "cisc at twice its temperature",
        "G10",
        "engine/selectors/cisc.py",
        "- top) / temperature",
        "- top) / (2 * temperature)",
    ),
    one(
        "borda's best has the fewest votes",
        "G10",
        "engine/selectors/borda.py",
        "((count - last) / count) ** p",
        "((last + 1) / count) ** p",
    ),
    one("the first sample is the latest", "G10", "engine/selectors/first.py", "int(correct[0])", "int(correct[m])"),
    # What is exact.
    one(
        "pass@k of one draw less",
        "G1",
        "theory/uniform.py",
        "draws = np.minimum(k, m)",
        "draws = np.minimum(max(k - 1, 0), m)",
    ),
    one(
        "pass^k of the wrong samples",
        "G1",
        "theory/uniform.py",
        "np.asarray(sizes) - np.asarray(successes)",
        "np.asarray(successes)",
    ),
    one(
        "uniform's coverage with a tenth of a draw too many",
        "G1",
        "theory/uniform.py",
        "share = extra / able.sum() if extra else 0.0",
        "share = (extra + 0.1) / able.sum() if extra else 0.0",
    ),
    one("uniform's variance without its failures", "G1", "theory/uniform.py", "np.sum(p * (1 - p))", "np.sum(p)"),
    one(
        "elimination's cost of a pool one sample smaller",
        "G2",
        "theory/elimination.py",
        "float(np.sum((m + 1) / (c + 1)))",
        "float(np.sum(m / (c + 1)))",
    ),
    one(
        "exact elimination coverage 10 % too low",
        "G7",
        "theory/elimination.py",
        "return Exact(solved / n,",
        "return Exact(0.9 * solved / n,",
    ),
    one(
        "Janson's budget 10 % too small",
        "G2",
        "theory/bounds.py",
        "lambda x: x - 1 - np.log(x) - goal, 1.0, 2 * high)) + 1.0",
        "lambda x: x - 1 - np.log(x) - goal, 1.0, 2 * high)) * 0.9 + 1.0",
    ),
    one(
        "Janson's tail of half its mean",
        "G2",
        "theory/bounds.py",
        "-p.min() * mean * (x - 1 - np.log(x))",
        "-2 * p.min() * mean * (x - 1 - np.log(x))",
    ),
    one("the union bound without n", "G3", "theory/bounds.py", "np.log(len(p) / delta)", "np.log(1 / delta)"),
    one(
        "uniform's lower bound doubled",
        "G3",
        "theory/bounds.py",
        "float(len(p) * np.log(1 / delta)",
        "float(2 * len(p) * np.log(1 / delta)",
    ),
    one("least budget 50 too small", "G3", "theory/bounds.py", "1 - delta - 1e-15))\n", "1 - delta - 1e-15)) - 50\n"),
    one(
        "uniform needs one draw each less",
        "G3",
        "theory/bounds.py",
        "return len(p) * bisect_left(",
        "return -len(p) + len(p) * bisect_left(",
    ),
    one(
        "two-stage's cost without what it wastes",
        "G9",
        "theory/bounds.py",
        "np.sum(exploration + (1 - p) ** exploration / p)",
        "np.sum(1 / p)",
    ),
    one(
        "clairvoyant with one draw more",
        "G5",
        "theory/oracles.py",
        "value += within[totals]",
        "value += within[np.minimum(totals + 1, most)]",
    ),
    one(
        "the clairvoyant begins with the hardest",
        "G5",
        "theory/oracles.py",
        "np.argsort(-rates, kind",
        "np.argsort(rates, kind",
    ),
    one(
        "an exact prophet that pays a draw too little",
        "G4",
        "theory/oracles.py",
        "room = (total - np.arange(total + 1)) // t",
        "room = (total + 1 - np.arange(total + 1)) // t",
    ),
    one(
        "hazards that know one failure too many",
        "G6",
        "theory/bayes.py",
        "a / (a + b + np.arange(draws))",
        "a / (a + b + 1 + np.arange(draws))",
    ),
    one(
        "best play that never changes its mind",
        "G6",
        "theory/bayes.py",
        "            best = max(best, p * solved + (1 - p) * failed)\n        return best\n\n    return value((0,) *",
        "            best = p * solved + (1 - p) * failed\n        return best\n\n    return value((0,) *",
    ),
    one(
        "the stretch law pays for a round after it",
        "G7",
        "theory/stretch.py",
        "budget[t + 1] = budget[t] + drawing.mean()",
        "budget[t + 1] = budget[t] + failing.mean()",
    ),
    one("efficiency of the law upside down", "G7", "theory/stretch.py", "rounds / at)", "at / rounds)"),
    one(
        "first successes one draw early in a world of rates",
        "G7",
        "engine/by_rate.py",
        "time = 1.0 + math.floor(math.log(uniform(keys[q], 0)) / log_fail[q])",
        "time = max(1.0, np.floor(math.log(uniform(keys[q], 0)) / log_fail[q]))",
    ),
    # What is said of it.
    one(
        "an interval on one side",
        "G16",
        "statistics/intervals.py",
        "lo, hi = mean - half, mean + half",
        "lo, hi = mean + half, mean - half",
    ),
    one(
        "a standard error divided by n",
        "G16",
        "statistics/intervals.py",
        "se = np.sqrt(variance / reps)",
        "se = np.sqrt(variance) / reps",
    ),
    one(
        "a difference with the wrong sign",
        "G16",
        "statistics/comparison.py",
        "replay_interval(values - base.per_rep[metric], queries)",
        "replay_interval(base.per_rep[metric] - values, queries)",
    ),
    one(
        "Holm's correction without a factor",
        "G16",
        "statistics/significance.py",
        "p[order] * np.arange(len(p), 0, -1)",
        "p[order] * 1.0",
    ),
    one(
        "one-sided p-values",
        "G16",
        "statistics/significance.py",
        "2 * special.stdtr(rows - 1, -t)",
        "special.stdtr(rows - 1, -t)",
    ),
    one(
        "new queries as if there were four times as many",
        "G16",
        "statistics/intervals.py",
        "return share_limits(np.clip(mean, 0, 1), se, queries)",
        "return share_limits(np.clip(mean, 0, 1), se / 2, queries)",
    ),
    one(
        "regret against nothing", "G5", "statistics/regret.py", '"regret": best - own.mean', '"regret": own.mean - best'
    ),
    one(
        "efficiency doubled",
        "G17",
        "statistics/intervals.py",
        "np.inf, needed) / spent)",
        "np.inf, 2 * needed) / spent)",
    ),
    one(
        "a curve inverted at the point before",
        "G17",
        "statistics/intervals.py",
        "x0 + (x1 - x0) * np.maximum(0.0, v - y0) / (y1 - y0))",
        "x0)",
    ),
    one(
        "efficiency over what was offered",
        "G17",
        "statistics/comparison.py",
        "    return Curve(spent, outcome.contribution(",
        "    return Curve(result.offered, outcome.contribution(",
    ),
    one(
        "coverage counted in pairs of queries",
        "G16",
        "replay/sweep.py",
        'found = {"coverage": tally.covered / n}',
        'found = {"coverage": tally.covered // 2 * 2 / n}',
    ),
    # Several sources.
    one(
        "the linear programme fills up with the worst first",
        "G18",
        "theory/sources.py",
        "ranked = best[np.argsort(-ratio[best]",
        "ranked = best[np.argsort(ratio[best]",
    ),
    one(
        "a linear programme that forgets what the last draw may cost",
        "G18",
        "theory/sources.py",
        "np.float64) + known.width, cost",
        "np.float64), cost",
    ),
    one(
        "a clairvoyant that does not look at prices",
        "G18",
        "policies/clairvoyant.py",
        "return s.rate / s.price if",
        "return s.rate if",
    ),
    one(
        "a prophet that takes a query's dearest success",
        "G18",
        "engine/prophet.py",
        "if cost[u] < cost[best] or",
        "if cost[u] > cost[best] or",
    ),
)


def table():
    """The list as a table for ttcsim/theory/theory.md."""
    rows = [f"| {s.name} | `{s.file}` | {s.caught_by} |" for s in SABOTAGES]
    return "\n".join(["| sabotage | in | noticed by |", "|---|---|---|", *rows])
