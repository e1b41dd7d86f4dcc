"""A live run: a policy decides which query the model samples next, and what comes is a pool that says who decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harvest.assemble import assemble_waves
from harvest.config import Config
from harvest.deciding import COSTS, Asked, Deciding
from harvest.manifest import make_facts, make_plan
from harvest.models import Factory, Models
from harvest.progress import Report
from harvest.queries import Query, make_queries
from harvest.run import check_verifiers, destination, summary
from harvest.stages.rows import columns
from harvest.stages.stage import Work
from harvest.stages.waves import draw
from harvest.store import EXTRAS, Store, digest
from harvest.verify_beside import VerifyBeside
from ttcsim.errors import InputError, among


def live(config: Config, asked: Asked, *, factory: Factory, resume: bool = False, report: Report | None = None) -> Path:
    """Sample what a policy asks for, or go on with it.

    Processes are started afresh, so a script that calls this does so under ``if __name__ == "__main__":``.

    Parameters
    ----------
    config : Config
        As of a harvest; ``sampling.n`` does not matter.
    asked : Asked
        Who decides, and what may be spent.

    Returns
    -------
    Path
        The pool's folder. Its manifest has ``adaptive``, with all that decided and what came of it.

    Raises
    ------
    InputError
        For all that the user can mend; a policy that cannot decide here is refused before a model is loaded.
    """
    out = destination(config)
    Store.refuse_early(out, resume=resume)
    with who_decides(config, asked, make_queries(config, lambda messages: "")) as deciding, report or Report() as said:
        models = Models(config, factory)
        try:
            _run(config, asked, models, deciding, out, resume, said)
        finally:
            models.close()
    return out


def who_decides(config: Config, asked: Asked, queries: Sequence[Query]) -> Deciding:
    """The process in which the policy decides, for queries however rendered.

    Raises
    ------
    InputError
        When nothing can be decided with this config, or not by this policy.
    """
    if asked.cost == "dollars" and asked.prices is None and config.model.price is not None:
        asked = replace(asked, prices={"default": config.model.price.model_dump()})
    _refuse(config, asked)
    answered = any(q.verifier != "code" for q in queries)
    known = columns(config).keys() - {"query_id", "sample", "reason", "text", *(() if answered else ("answer",))}
    return Deciding(asked, [q.query_id for q in queries], config.sampling.seed, known, config.model_name)


def _refuse(config: Config, asked: Asked) -> None:
    if asked.cost not in COSTS:
        raise InputError(f"cost '{asked.cost}': {among(asked.cost, COSTS, 'live it is one of')}")
    if (asked.cost == "dollars") != (asked.prices is not None):
        said = "needs --prices FILE or model.price" if asked.prices is None else "takes no --prices"
        raise InputError(f"cost '{asked.cost}' {said}")
    if not 1 <= asked.wave <= 1_000_000:
        raise InputError(f"wave: {asked.wave} draws; give 1 to 1,000,000")
    if config.sampling.temperature == 0:
        raise InputError("sampling.temperature 0 gives the same response again and again; give another")
    if config.sampling.until_solved is not None:
        raise InputError("sampling.until_solved: live it is the policy that decides who gets more; leave it out")
    for key, made in (("reward", config.reward), ("strategy", config.strategy)):
        if made:
            raise InputError(
                f"[[{key}]]: needs all samples, and a live run is over by then; leave it out (--set {key}=[])"
            )


def _run(
    config: Config, asked: Asked, models: Models, deciding: Deciding, out: Path, resume: bool, report: Report
) -> None:
    generator = models.generator()
    queries = make_queries(config, generator.render)
    engine = generator.facts()
    if not deciding.decider.in_waves:
        report.say(f"policy '{asked.policy}' draws from one query at a time, so the engine is not full")
    pinned = deciding.decider.pinned(asked, config.sampling.seed)
    plan = {**make_plan(config, queries, (0, 1), engine), "live": pinned}
    whole = digest({**plan, EXTRAS: []})
    with Store(out, plan, whole, resume=resume) as store:
        if store.finished:
            report.say(f"{out} is finished already")
            return
        generator.begin(store.received, report)
        with VerifyBeside(config.verifier, [q.verifier for q in queries]) as verify:
            check_verifiers(queries, verify)
            work = Work(config, queries, models, verify, store, report)
            drawn = draw(work, deciding, COSTS[asked.cost])
        facts = make_facts(config, plan, queries, name=out.name, engine=engine, digest=whole)
        facts["harvest"] |= generator.costs()
        del facts["sampling"]["n"]
        facts["adaptive"] = {**pinned, "queries": len(queries), "waves": len(drawn.seen), "spent": drawn.spent}
        pool, reasons = assemble_waves(work, drawn.seen, facts)
        store.publish(pool)
    report.say(f"wrote {out}{summary(reasons)}")


def realised(manifest: dict[str, Any]) -> dict[str, Any]:
    """What came of a live run as a row of a sweep: a single replication, which has no interval."""
    told = manifest["adaptive"]
    names = ("se", "lo", "hi", "lo_queries", "hi_queries")
    return {
        "policy": told["policy"], "budget": told["budget"], "metric": "coverage", "mean": told["coverage"],
        **dict.fromkeys(names), "spent": told["spent"], "exhausted": 0.0, "biased_by": None,
        "waves": told["waves"], "draws": told["draws"], "reps": 1,
    }  # fmt: skip
