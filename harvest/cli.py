"""The command line. Results go to stdout, progress and logs to stderr; bad input exits 2 with one line."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from harvest import VERSION
from harvest.config import Config, load_config, recipes
from ttcsim.cli import completion
from ttcsim.cli.group import add, program
from ttcsim.cli.run import run as run_app
from ttcsim.errors import InputError

if TYPE_CHECKING:
    from harvest.deciding import Asked


def _configs(ctx: typer.Context, begun: str) -> list[str]:
    """What a shell offers for a config."""
    return [*(f"recipe:{name}" for name in recipes()), *completion.paths(begun)]


ConfigFile = Annotated[
    str,
    typer.Argument(
        metavar="CONFIG.toml", help="A config file, or recipe:NAME.", autocompletion=completion.of(_configs)
    ),
]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change the config: sampling.n=64.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, and nothing else there.")]


def run(
    config: ConfigFile,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an unfinished harvest, or start it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would cost.")] = False,
    rate: Annotated[float | None, typer.Option(metavar="R", help="Generated tokens per second, for --dry-run.")] = None,
    shard: Annotated[
        str, typer.Option(metavar="I/N", help="Every N-th query from number I on; join with `ttcsim pool merge`.")
    ] = "0/1",
    until_solved: Annotated[
        int | None, typer.Option(metavar="N", help="Most samples of a query that none solves.")
    ] = None,
    out: Annotated[str | None, typer.Option(metavar="DEST", help="Folder of the pool, instead of output.path.")] = None,
    set_: Set = None,
    as_json: Json = False,
) -> None:
    """Harvest a pool.

    Examples
    --------
    harvest run my.toml --dry-run --rate 20000
    harvest run my.toml --resume --set sampling.n=64 --out mypool
    harvest run recipe:math500-llama-3.1-8b --shard 0/4
    """
    from harvest.queries import parse_shard

    overrides = list(set_ or [])
    if until_solved is not None:
        overrides.append(f"sampling.until_solved={until_solved}")
    if out is not None:
        overrides.append(f"output.path={json.dumps(out)}")
    checked, part = load_config(config, overrides), parse_shard(shard)
    if dry_run:
        _dry_run(checked, rate, part, as_json)
        return
    from harvest.models import vllm_factory
    from harvest.run import run as harvest

    pool = harvest(checked, factory=vllm_factory(), resume=resume, shard=part)
    if as_json:
        manifest = json.loads((pool / "manifest.json").read_text())
        told = {"pool": str(pool), "counts": manifest["counts"], "reasons": manifest["harvest"]["reasons"]}
        print(json.dumps(told))
    else:
        print(pool)


def live(
    config: ConfigFile,
    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            "-p",
            metavar="POLICY",
            help="Who decides: elimination, mine.py:Mine.",
            autocompletion=completion.of(completion.policies),
        ),
    ],
    budget: Annotated[float, typer.Option("--budget", "-b", metavar="B", help="Average budget per query.")],
    wave: Annotated[
        int,
        typer.Option(metavar="W", help="Draws decided before the first is seen: as many as the engine runs at once."),
    ] = 64,
    cost: Annotated[
        str,
        typer.Option(
            help="samples, tokens or dollars.",
            autocompletion=completion.of(completion.words("samples", "tokens", "dollars")),
        ),
    ] = "samples",
    prices: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Dollars per million tokens and per request, TOML by model."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an unfinished run, or start it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it can cost.")] = False,
    rate: Annotated[float | None, typer.Option(metavar="R", help="Generated tokens per second, for --dry-run.")] = None,
    shard: Annotated[str | None, typer.Option(hidden=True)] = None,
    out: Annotated[str | None, typer.Option(metavar="DEST", help="Folder of the pool, instead of output.path.")] = None,
    set_: Set = None,
    as_json: Json = False,
) -> None:
    """Let a policy decide which query is sampled next; what comes is a pool with the log of its decisions.

    Examples
    --------
    harvest live my.toml -p elimination -b 8 --wave 64 --out live-run
    harvest live my.toml -p 'mine.py:Thrifty(weight=2)' -b 4 --resume
    harvest live my.toml -p elimination -b 2000 --cost tokens --dry-run
    """
    if shard is not None:
        raise InputError(
            f"--shard {shard}: a live run has no shards, since one policy disposes of the budget of all queries; give "
            "the engine more devices (engine.tensor_parallel_size)"
        )
    overrides = [*(set_ or []), *([] if out is None else [f"output.path={json.dumps(out)}"])]
    checked = load_config(config, overrides)
    from dataclasses import asdict

    from harvest.deciding import Asked
    from harvest.live import live as decide_and_sample
    from harvest.live import realised
    from harvest.models import vllm_factory

    asked = Asked(policy, budget, cost, wave, prices)
    if dry_run:
        _dry_run_live(checked, asked, rate, as_json)
        return
    pool = decide_and_sample(checked, asked, factory=vllm_factory(), resume=resume)
    manifest = json.loads((pool / "manifest.json").read_text())
    row = realised(manifest)
    if as_json:
        told = {
            "rows": [row],
            "config": asdict(asked),
            "version": VERSION,
            "pool": str(pool),
            "counts": manifest["counts"],
        }
        print(json.dumps({**told, "reasons": manifest["harvest"]["reasons"]}))
    else:
        print(pool)
        print(
            f"{row['policy']}: {row['mean']:.1%} of {manifest['adaptive']['queries']} queries solved with "
            f"{row['spent']:g} of {budget:g} {cost} per query, in {row['waves']} waves"
        )


def _plain(messages: list[dict[str, str]]) -> str:
    """A conversation where no model has been loaded to write it by its chat template."""
    return "\n".join(m["content"] for m in messages)


def _dry_run(config: Config, rate: float | None, shard: tuple[int, int], as_json: bool) -> None:
    from harvest.estimate import estimate, lines
    from harvest.queries import make_queries

    queries = make_queries(config, _plain)[shard[0] :: shard[1]]
    # Four characters a token is near enough for a bill, and needs no model.
    prompt_tokens = sum(len(q.prompt) for q in queries) // 4
    cost = estimate(config, len(queries), prompt_tokens, rate=rate, shard=shard)
    print(json.dumps(cost) if as_json else "\n".join(lines(cost)))


def _dry_run_live(config: Config, asked: Asked, rate: float | None, as_json: bool) -> None:
    from harvest.estimate import estimate_live, live_lines
    from harvest.live import who_decides
    from harvest.queries import make_queries

    queries = make_queries(config, _plain)
    prompt_tokens = sum(len(q.prompt) for q in queries) // 4
    with who_decides(config, asked, queries) as deciding:
        cost = estimate_live(config, asked, deciding.decider, len(queries), prompt_tokens, rate=rate)
    print(json.dumps(cost) if as_json else "\n".join(live_lines(cost)))


def check(config: ConfigFile, set_: Set = None) -> None:
    """Check a config, its problem files, prompts and verifiers, without loading a model.

    Examples
    --------
    harvest check my.toml
    harvest check recipe:math500-llama-3.1-8b --set sampling.n=64
    """
    from harvest.queries import make_queries
    from harvest.verifiers.sandbox import describe, what_shuts_in

    checked = load_config(config, list(set_ or []))
    queries = make_queries(checked, _plain)
    facts = what_shuts_in(checked.verifier) if any(q.verifier == "code" for q in queries) else None
    print(f"{config}: good. {len(queries)} queries x {checked.sampling.n} samples of {checked.model_name}")
    if facts is not None:
        print(describe(facts))
    print(f"First prompt ({queries[0].query_id}, verifier {queries[0].verifier}), before any chat template:\n")
    print(queries[0].prompt)


def tasks() -> None:
    """List tasks, verifiers and recipes.

    Examples
    --------
    harvest tasks
    """
    from harvest.config.tasks import GYM_PREFIX
    from harvest.tasks import TASKS
    from harvest.tasks.gym import GYM
    from harvest.verifiers import VERIFIERS

    rows = {**TASKS, f"{GYM_PREFIX}NAME": GYM}
    print("Tasks (task.name):")
    for name, task in rows.items():
        _entry(name, f"{task.about} [verifier {task.verifier}]")
    print("Verifiers (task.verifier):")
    for name, (_, about) in VERIFIERS.items():
        _entry(name, about)
    print("Recipes (harvest run recipe:NAME):")
    for name in recipes():
        print(f"  {name}")


def _entry(name: str, about: str) -> None:
    """A line of a list, which goes on below itself where the terminal ends."""
    width = shutil.get_terminal_size().columns
    print(textwrap.fill(about, width, initial_indent=f"  {name:<20} ", subsequent_indent=" " * 23))


app = program(
    """Sample a language model once with vLLM, verify and score every response, and write a pool for ttcsim.

    Examples
    --------
    harvest check my.toml
    harvest run my.toml --resume
    """,
    version=f"harvest {VERSION}",
)
add(app, run, live, check, tasks)


def main() -> None:
    """Entry point: bad input is one line on stderr and exit code 2."""
    run_app(app, "harvest", interrupted="stopped; what is finished is kept, go on with --resume")
