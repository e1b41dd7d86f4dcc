"""A whole harvest: sample, verify, go on with the unsolved, reward, search, and write the pool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from harvest.assemble import assemble
from harvest.config import Config
from harvest.manifest import make_facts, make_plan
from harvest.models import Factory, Models
from harvest.progress import Report
from harvest.queries import Query, make_queries
from harvest.stages.chains import revisions
from harvest.stages.rewards import rewards
from harvest.stages.samples import rounds
from harvest.stages.searches import searches
from harvest.stages.stage import Part, Stage, Work, carry_out
from harvest.store import EXTRAS, Store, digest
from harvest.verify_beside import VerifyBeside
from ttcsim.errors import InputError


def run(
    config: Config,
    *,
    factory: Factory,
    resume: bool = False,
    shard: tuple[int, int] = (0, 1),
    report: Report | None = None,
) -> Path:
    """Harvest a pool, or go on with it.

    Verifying processes are started afresh, so a script that calls this does so under ``if __name__ == "__main__":``.

    Parameters
    ----------
    shard : (int, int)
        (i, n): only every n-th query, from the i-th on, into ``<output.path>.shard-i-of-n``.

    Returns
    -------
    Path
        The pool's folder.

    Raises
    ------
    InputError
        For all that the user can mend.
    """
    out = destination(config, shard)
    Store.refuse_early(out, resume=resume)  # before the model takes minutes to load
    models = Models(config, factory)
    with report or Report() as said:
        try:
            _harvest(config, models, out, resume, shard, said)
        finally:
            models.close()
    return out


def destination(config: Config, shard: tuple[int, int] = (0, 1)) -> Path:
    """The folder of the pool, or of a shard of it."""
    out = Path(config.output.path)
    return out if shard[1] == 1 else out.with_name(f"{out.name}.shard-{shard[0]}-of-{shard[1]}")


def _harvest(config: Config, models: Models, out: Path, resume: bool, shard: tuple[int, int], report: Report) -> None:
    generator = models.generator()
    everything = make_queries(config, generator.render)
    index, of = shard
    queries = everything[index::of]
    if not queries:
        raise InputError(f"--shard {index}/{of}: there are only {len(everything)} queries; use fewer shards")
    engine = generator.facts()
    plan = make_plan(config, everything, shard, engine)
    whole = digest({**plan, EXTRAS: list(plan[EXTRAS].items())})  # their order too
    with Store(out, plan, whole, resume=resume) as store:
        if store.finished:
            report.say(f"{out} is finished already")
            return
        generator.begin(store.received, report)
        with VerifyBeside(config.verifier, [q.verifier for q in queries]) as verify:
            check_verifiers(queries, verify)
            work = Work(config, queries, models, verify, store, report)
            stages = [carry_out(stage, work) for stage in _stages(work)]
        facts = make_facts(config, plan, queries, name=out.name, engine=engine, digest=whole)
        facts["harvest"] |= generator.costs()
        pool, reasons = assemble(work, stages, facts)
        store.publish(pool)
    report.say(f"wrote {out}{summary(reasons)}")


def check_verifiers(queries: Sequence[Query], verify: VerifyBeside) -> None:
    """Judge an empty response to every query, so that a gold answer or a package at fault is known before sampling."""
    for pending in [verify.verify(q.verifier, q.problem, [""]) for q in queries]:
        pending.result()


def summary(reasons: Mapping[str, int]) -> str:
    """How many samples are wrong for each reason, as the end of a line."""
    told = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    return f"; wrong without a comparison (column `reason`): {told}" if told else ""


def _stages(work: Work) -> Iterator[Stage]:
    """All stages in their order. One is asked for when those before it are done, and may depend on what they left."""
    sampled: list[Part] = []
    for stage in chain(rounds(work), revisions(work)):
        yield stage
        sampled += stage.parts
    yield from chain(rewards(work, sampled), searches(work))
