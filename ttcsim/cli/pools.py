"""``ttcsim pool``: describe, import, select from, join and make pools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import ttcsim
from ttcsim.cli import completion
from ttcsim.cli import options as opt
from ttcsim.cli.completion import of, words
from ttcsim.cli.tables import print_json, progress, say, show
from ttcsim.errors import InputError, among

FORMATS = ("samples", "counts", "lm-eval", "inspect", "monkeys", "best-of-infinity")
"""Names of the importers for the help, which does not wait for them to load."""


def describe(
    pool: opt.Pool,
    samples: Annotated[
        str | None, typer.Option("-k", metavar="K,K,...", help="Also pass@k (any of k right) and pass^k (all of k).")
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Check a pool and say what is in it.

    Examples
    --------
    ttcsim pool describe mypool
    ttcsim pool describe mypool -k 1,4,16
    ttcsim pool describe samples.parquet --json
    """
    from ttcsim.report.facts import fact_rows

    with progress(f"reading {pool}"):
        loaded = ttcsim.load(pool)
        facts = loaded.describe()
        if samples is not None:
            facts["passes"] = ttcsim.passes(loaded, opt.numbers(samples, "-k", int)).to_dicts()
    if as_json:
        print_json([facts], {"pool": pool})
        return
    sources, passes = facts.pop("sources", []), facts.pop("passes", [])
    show([{"fact": fact, "value": value} for fact, value in fact_rows(facts)], header=False)
    if sources:
        show([{key.replace("_", " "): value for key, value in row.items()} for row in sources])
    if passes:
        limits = {"95 % of new queries": "{lo_queries:.1%} to {hi_queries:.1%}"}
        of = {"source": "{source}"} if "source" in passes[0] else {}
        show(
            passes, {**of, "metric": "{metric}", "k": "{k}", "mean": "{mean:.1%}", **limits}, left=["source", "metric"]
        )


def list_(as_json: opt.Json = False) -> None:
    """List the pools that ship with ttcsim.

    Examples
    --------
    ttcsim pool list
    """
    from ttcsim.pool.files import builtin_names

    rows = []
    for name in builtin_names():
        pool = ttcsim.load(f"builtin:{name}")
        facts = pool.manifest or {}
        rows.append(
            {
                "pool": f"builtin:{name}", "queries": pool.n_queries, "samples": pool.n_samples,
                "sources": ", ".join(pool.sources), "about": facts.get("about", ""), "licence": facts["licence"],
            }
        )  # fmt: skip
    if as_json:
        print_json(rows, {})
        return
    for row in rows:
        say(str(row["pool"]), style="bold")
        say(f"  {row['about']}" if row["about"] else "  harvested with this project's own recipe")
        say(f"  {row['queries']} queries, {row['samples']:,} samples; {row['licence']}")
        if row["sources"]:
            say(f"  sources: {row['sources']}")


def _list_formats(asked: bool) -> None:
    if asked:
        from ttcsim.pool import importers

        show([{"format": importer.name, "what it reads": importer.about} for importer in importers.FORMATS.values()])
        raise typer.Exit


def import_(
    form: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT", help=f"{', '.join(FORMATS)}: see --formats.", autocompletion=of(words(*FORMATS))
        ),
    ],
    src: Annotated[str, typer.Argument(help="File, or folder of files or of a Hugging Face data set.")],
    dest: opt.Dest,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="POOL_COLUMN=SOURCE_COLUMN, as often as needed.")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option("--where", help="COLUMN=VALUE, or of logs FACT=VALUE: only these.")
    ] = None,
    task: Annotated[str | None, typer.Option(help="Only this task; with commas several; all of them: all.")] = None,
    model: Annotated[str | None, typer.Option(help="Only this model; with commas several, for --sources.")] = None,
    sources: Annotated[bool, typer.Option("--sources", help="Keep models, and settings of one, apart.")] = False,
    limit: Annotated[int | None, typer.Option(help="Only the first queries.", min=1, max=10**9)] = None,
    rescale: Annotated[
        list[str] | None,
        typer.Option("--rescale", help="REWARD=LOW:HIGH (and :clip), or REWARD=logistic: to numbers in [0, 1]."),
    ] = None,
    formats: Annotated[
        bool, typer.Option("--formats", is_eager=True, callback=_list_formats, help="Say what each FORMAT is, and end.")
    ] = False,
) -> None:
    """Make a pool of what you have.

    Examples
    --------
    ttcsim pool import samples runs.jsonl mine --map query_id=id
    ttcsim pool import counts counts.csv counted
    ttcsim pool import lm-eval output/ evaluated
    """
    from ttcsim.pool import importers

    if form not in importers.FORMATS:
        raise InputError(f"pool import: unknown format '{form}'; {among(form, importers.FORMATS)}")
    with progress(f"reading {src}"):
        pool = importers.FORMATS[form](
            src, mapping=opt.pairs(mapping, "--map"), where=opt.pairs(where, "--where"), task=task, model=model,
            sources=sources, limit=limit, rescale=opt.pairs(rescale, "--rescale"),
        )  # fmt: skip
    ttcsim.write(pool, dest)
    _told(pool, dest)
    for note in (pool.manifest or {})["import"].get("notes", ()):
        say(note)


def hard(
    pool: opt.Pool,
    dest: opt.Dest,
    after: Annotated[int, typer.Option(help="Draws without a correct one that make a query hard.")] = 16,
    source: opt.Source = None,
    seed: opt.Seed = 0,
    keep_probe: Annotated[bool, typer.Option(help="Keep the samples that were looked at (biased).")] = False,
) -> None:
    """Keep the queries that a few random draws do not solve, as MATH-500-Hard-16 does.

    Examples
    --------
    ttcsim pool hard mypool hard16 --after 16
    """
    with progress("choosing queries"):
        whole = ttcsim.load(pool).of(source)
        found = whole.unsolved_after(after, seed=seed, keep_probe=keep_probe)
    facts = {"source": whole.name, "unsolved_after": after, "seed": seed, "probe_kept": keep_probe}
    _write(found, dest, facts, queries_of=whole.n_queries)


def pick(
    pool: opt.Pool,
    dest: opt.Dest,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The source whose samples are kept; all by default.",
            autocompletion=of(completion.sources),
        ),
    ] = None,
    queries: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The queries that are kept: their ids, one a line.")
    ] = None,
) -> None:
    """Keep the samples of one source, such as one model, or those of some of the queries.

    Examples
    --------
    ttcsim pool pick builtin:aime2025 qwen --source Qwen3-4B
    ttcsim pool pick mypool some --queries ids.txt
    """
    from ttcsim.pool.reading import decoding, read_text

    if source is None and queries is None:
        raise InputError("pick: say what is kept: --source NAME, --queries FILE, or both")
    whole = ttcsim.load(pool)
    facts, picked = dict(whole.manifest or {}), whole
    if queries is not None:
        from ttcsim.pool.reading import decoding, read_text

        with decoding(f"{queries}: no list of ids", "write the ids of queries, one a line"):
            ids = read_text(queries).split("\n")
        picked = picked.subset(line for line in ids if line)
    if source is not None:
        facts |= (facts.pop("sources", None) or {}).get(source) or {}
        picked = picked.from_source(source)
    _write(picked, dest, facts, queries_of=whole.n_queries, samples_of=whole.n_samples)


def initial(
    pool: Annotated[
        str, typer.Argument(help="A pool that was sampled until solved.", autocompletion=of(completion.pools))
    ],
    dest: opt.Dest,
    samples: Annotated[int | None, typer.Option(help="Of each query; the first round's number by default.")] = None,
) -> None:
    """Keep the first samples of each query: those of an adaptive harvest's first round are unbiased, all are not.

    Examples
    --------
    ttcsim pool initial mypool first8 --samples 8
    """
    whole = ttcsim.load(pool)
    facts = dict(whole.manifest or {})
    adaptive = facts.pop("adaptive", None)
    if samples is None:
        samples = adaptive.get("initial") if isinstance(adaptive, dict) else None
        if not isinstance(samples, int):
            raise InputError(f"{pool}: its manifest tells of no adaptive harvest; say how many with --samples")
    first = whole.first(samples)
    _write(first, dest, facts, samples_of=whole.n_samples)


def merge(
    folders: Annotated[
        list[Path], typer.Argument(metavar="POOL POOL ... DEST", help="Pools, then the folder to make.")
    ],
) -> None:
    """Join pools of different queries, such as the shards of one harvest.

    Examples
    --------
    ttcsim pool merge shard-0 shard-1 whole
    """
    *sources, dest = folders
    with progress("joining"):
        ttcsim.merge(sources, dest)
        whole = ttcsim.load(dest)
    _told(whole, dest)


def join(
    pools: Annotated[
        list[str], typer.Argument(metavar="NAME=POOL NAME=POOL ... DEST", help="Sources, then the folder to make.")
    ],
) -> None:
    """Make one pool of several of the same queries, each a source, such as a model.

    Examples
    --------
    ttcsim pool join small=pool-of-small large=pool-of-large both
    """
    from ttcsim.pool.join import join as run_join

    *named, dest = pools
    if len(named) < 2:
        raise InputError("pool join: name two or more sources as NAME=POOL, then the folder to make")
    loaded = {name: ttcsim.load(place) for name, place in opt.pairs(named, "pool join").items()}
    ttcsim.write(run_join(loaded, Path(dest).name), dest)
    _told(ttcsim.load(dest), Path(dest))


def make(
    dest: opt.Dest,
    world: Annotated[
        str,
        typer.Option(
            help="beta(a,b), linear or constant(p); unsolvable=u as last parameter.",
            autocompletion=of(completion.worlds),
        ),
    ],
    queries: opt.Queries = 500,
    samples: opt.Samples = 1024,
    seed: opt.Seed = 0,
) -> None:
    """Make a synthetic pool of a world.

    Examples
    --------
    ttcsim pool make world --world 'beta(0.4,1.2,unsolvable=0.1)' -n 500
    """
    from ttcsim.pool.worlds import make_pool

    with progress("drawing samples"):
        pool = make_pool(world, queries, samples, seed=seed)
    _write(pool, dest, {"world": world, "seed": seed})


def continue_(
    pool: opt.Pool,
    dest: opt.Dest,
    samples: Annotated[int, typer.Option(help="Samples that each query shall have.")] = 1024,
    seed: opt.Seed = 0,
) -> None:
    """Continue every query's samples by a law of success rates fitted to the pool: for policies that want more.

    Examples
    --------
    ttcsim pool continue mypool longer --samples 2048
    """
    from ttcsim.theory.tail import continued

    with progress("continuing"):
        whole = ttcsim.load(pool)
        longer = continued(whole, samples, seed=seed)
        assert longer.manifest is not None
        law = longer.manifest["continued"]["law"]
        ttcsim.write(longer, dest)
    _told(longer, dest)
    values = ", ".join(f"{name}={value:.3g}" for name, value in law.items() if name != "family")
    say(f"Beyond the {whole.n_samples} samples of {whole.name} they are those of {law['family']}({values}).")


def _write(pool: ttcsim.Pool, dest: Path, facts: dict[str, Any], **whole: int) -> None:
    with progress(f"writing {dest}"):
        ttcsim.write(pool, dest, facts=facts)
    _told(pool, dest, **whole)


def _told(pool: ttcsim.Pool, dest: Path, queries_of: int | None = None, samples_of: int | None = None) -> None:
    """Say what the folder holds, and of how many queries or samples they were taken."""
    queries = f"{pool.n_queries}" + ("" if queries_of is None else f" of {queries_of}")
    samples = f"{pool.n_samples}" + ("" if samples_of is None else f" of {samples_of}")
    say(f"{dest}: {queries} queries, {samples} samples")
