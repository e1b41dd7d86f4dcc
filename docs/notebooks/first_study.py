import marimo

app = marimo.App()


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # A first study

    Eight samples for every query, or unevenly spent? Samples of a small language model on 324 questions come with
    ttcsim; what is asked of them here can be asked of [yours](../importing.md) by changing one line.
    """)
    return


@app.cell
def _():
    import marimo as mo
    import polars as pl

    import ttcsim

    return mo, pl, ttcsim


@app.cell
def _(ttcsim):
    pool = ttcsim.load("builtin:smollm2-arithmetic")
    pool
    return (pool,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## How hard are the queries?

    An even split spends most of its samples on queries that are solved already, or hardly ever will be: that is
    what a policy can win. A query without a correct sample is either hopeless or solved less often than once in
    256, and the pool cannot tell which.
    """)
    return


@app.cell
def _(pool, ttcsim):
    rates = ttcsim.plot.canvas("page")
    rates.hist(pool.rates, bins=32, color="#4477AA")
    rates.set_xlabel("share of correct samples")
    rates.set_ylabel("queries")
    rates
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## One sweep

    `uniform` is best-of-N. `elimination` asks the verifier after every sample and never draws a solved query
    again. `consensus` has no verifier: it stops a query once most answers agree. `prophet` knows the outcomes: no
    coverage is above its. Every policy sees the same random order of every query's samples, 400 times.
    """)
    return


@app.cell
def _(pool, ttcsim):
    result = ttcsim.sweep(
        pool,
        ["uniform", "elimination", "consensus", "prophet"],
        budgets=[1, 2, 4, 8, 16],
        reps=400,
        selectors=["majority"],
    )
    result
    return (result,)


@app.cell
def _(result, ttcsim):
    result.plot("coverage", ax=ttcsim.plot.canvas("page"))
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    *Coverage* counts a query as solved once a correct sample was drawn, which is what counts where a verifier
    picks it out. Without one the answer has to be voted for: `accuracy_majority`. Which of the two counts for you
    decides which policy is better.
    """)
    return


@app.cell
def _(result, ttcsim):
    result.plot("accuracy_majority", ax=ttcsim.plot.canvas("page"))
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Two intervals, two questions

    `lo, hi` is what replays leave open about *these* queries: more replications make it as narrow as you like.
    `lo_queries, hi_queries` is for *new* queries of the same kind, and only more queries narrow it. The second is
    the one to quote. Differences are paired, so both are much narrower than the intervals of the two curves
    suggest.
    """)
    return


@app.cell
def _(pl, result):
    paired = result.compare().filter(
        pl.col("policy").is_in(["elimination", "consensus"]), pl.col("metric") == "coverage", pl.col("budget") >= 4
    )
    paired.select(
        "policy", "budget", "difference", "lo", "hi", "lo_queries", "hi_queries", "queries_holm", "efficiency"
    )
    return (paired,)


@app.cell
def _(result, ttcsim):
    result.plot("difference", ax=ttcsim.plot.canvas("page"))
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Where does the gain come from?

    By kind of question, and by difficulty: elimination takes draws from what is solved and gives them to what is not.
    """)
    return


@app.cell
def _(pl, result):
    levels = (
        result.by("level")
        .filter(
            pl.col("metric") == "coverage", pl.col("budget") == 8, pl.col("policy").is_in(["uniform", "elimination"])
        )
        .select("policy", "group", "queries", "mean", "lo_queries", "hi_queries")
    )
    levels
    return (levels,)


@app.cell
def _(result, ttcsim):
    result.plot("allocation", ax=ttcsim.plot.canvas("page"))
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Is it what fresh samples would give?

    As long as no query runs out of samples, yes, in law. Up to which budget that is so, by policy (`None`: at
    none of them):
    """)
    return


@app.cell
def _(result):
    result.served
    return


@app.cell(hide_code=True)
def _(mo, paired, pl):
    at_8 = paired.filter(pl.col("policy") == "elimination", pl.col("budget") == 8).row(0, named=True)
    mo.md(f"""
    ## What to conclude

    With a verifier, at 8 samples a query, elimination solves **{100 * at_8["difference"]:.1f} points** more than
    an even split (95 % for new queries: {100 * at_8["lo_queries"]:.1f} to {100 * at_8["hi_queries"]:.1f}), and
    the even split needs {at_8["efficiency"]:.2f} times the budget for the same.
    """)
    return (at_8,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## What not to conclude

    - **Nothing about other models or kinds of questions.** The intervals are for new queries like these. Over
      models: [is my policy better?](my_policy.py).
    - **Nothing about a world without a verifier** from coverage. With a flawed one, replay with its rewards:
      `elimination(signal=reward,gamma=0.9)`.
    - **Not that a policy is best because it came out first.** Of many that are equal one always does.
      `queries_holm` corrects for all comparisons made here; for those made on the quiet nothing can.
    - **Not that hopeless queries are hopeless.** They are those that 256 samples did not solve.
    - **Nothing about waiting time.** Elimination decides in rounds; with many streams look at `wave=` and
      `speed=`.
    """)
    return


if __name__ == "__main__":
    app.run()
