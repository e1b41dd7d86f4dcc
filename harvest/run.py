"""A whole harvest: sample, verify, go on with the unsolved, reward, search, and write the pool."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

import harvest
from harvest.assemble import Assembly, join_columns
from harvest.config import Config, RewardConfig, StrategyConfig
from harvest.engine import Request, Response, request_seed
from harvest.errors import HarvestError
from harvest.models import Factory, Models
from harvest.progress import Report
from harvest.queries import Query, fingerprint, make_queries, parts
from harvest.rewards import reward_columns
from harvest.store import Store, digest
from harvest.strategies import STRATEGY_SCHEMA
from harvest.strategies.revisions import revise, revision_rows
from harvest.strategies.search import outcome_rows, search
from harvest.verify_beside import Verdicts, VerifyBeside

SCHEMA = {
    "query_id": pl.String,
    "sample": pl.Int32,
    "correct": pl.Boolean,
    "answer": pl.String,
    "tokens": pl.Int32,
    "logprob": pl.Float32,
    "text": pl.String,
}
CHAIN_SCHEMA = {**SCHEMA, "chain": pl.Int32, "step": pl.Int32}


@dataclass(frozen=True)
class Part:
    """A part of samples: where it lies, its queries, and which samples of each."""

    stage: str
    number: int
    queries: list[Query]
    first: int
    n: int


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
    HarvestError
        For all that the user can mend.
    """
    with report or Report() as said:
        return _Harvest(config, factory, resume, shard, said).run()


def destination(config: Config, shard: tuple[int, int] = (0, 1)) -> Path:
    """The folder of the pool, or of a shard of it."""
    out = Path(config.output.path)
    return out if shard[1] == 1 else out.with_name(f"{out.name}.shard-{shard[0]}-of-{shard[1]}")


class _Harvest:
    def __init__(self, config: Config, factory: Factory, resume: bool, shard: tuple[int, int], report: Report) -> None:
        self.config, self.report, self.shard = config, report, shard
        self.models = Models(config, factory)
        self.resume = resume

    def run(self) -> Path:
        config = self.config
        out = destination(config, self.shard)
        Store.refuse_early(out, resume=self.resume)  # before the model takes minutes to load
        generator = self.models.generator()
        everything = make_queries(config, generator.render)
        index, of = self.shard
        self.queries = everything[index::of]
        if not self.queries:
            self.models.close()
            raise HarvestError(f"--shard {index}/{of}: there are only {len(everything)} queries; use fewer shards")
        self.by_id = {q.query_id: q for q in self.queries}
        self.facts = generator.facts()
        plan = {
            "config": config.measured(),
            "queries": fingerprint(everything),
            "shard": list(self.shard),
            "model": _model_fingerprint(config.model.path),
            "versions": {"harvest": harvest.VERSION, "vllm": self.facts.get("vllm")},
        }
        try:
            extras = [*(r.key for r in config.reward), *(s.key for s in config.strategy)]
            whole = digest({**plan, "extras": extras})
            with Store(out, plan, whole, resume=self.resume) as self.store:
                if self.store.finished:
                    self.report.say(f"{out} is finished already")
                    return out
                with VerifyBeside(config.verifier) as self.verify:
                    written = self._sample_all()
                    chains = self._chains()
                    self._rewards([*written, *chains])
                    searched = self._searches()
                self.store.publish(self._assemble(written, chains, searched, whole))
        finally:
            self.models.close()
        self.report.say(f"wrote {out}")
        return out

    # Samples

    def _sample_all(self) -> list[Part]:
        """The first round, and further ones for what stays unsolved."""
        sampling = self.config.sampling
        written: list[Part] = []
        members, drawn, turn = list(self.queries), 0, 0
        limit = sampling.until_solved or sampling.n
        while members and drawn < limit:
            n = min(sampling.n, limit - drawn)
            cut = parts(members, self.config.output.queries_per_part)
            now = [Part(f"samples-{turn}", i, own, drawn, n) for i, own in enumerate(cut)]
            self._sample(now, turn)
            written += now
            drawn, turn = drawn + n, turn + 1
            solved = {
                query_id
                for part in now
                for query_id, right in self.store.read(part.stage, part.number)
                .group_by("query_id")
                .agg(pl.col("correct").any())
                .iter_rows()
                if right
            }
            members = [q for q in members if q.query_id not in solved]
        return written

    def _sample(self, todo: Sequence[Part], turn: int) -> None:
        open_parts = [p for p in todo if not self.store.has(p.stage, p.number)]
        total = sum(p.n * len(p.queries) for p in todo)
        left = sum(p.n * len(p.queries) for p in open_parts)
        self.report.begin("samples" if turn == 0 else f"samples of unsolved queries, round {turn}", total, total - left)
        groups = [open_parts] if self.config.output.overlap else [[p] for p in open_parts]
        for group in groups:
            if group:
                self._sample_together(group, turn)

    def _sample_together(self, group: Sequence[Part], turn: int) -> None:
        """Sample some parts without a pause between them, writing each as soon as it is whole."""
        sampling, generator = self.config.sampling, self.models.generator()
        if not self.config.output.overlap:
            generator.fresh()

        def requests() -> Iterator[Request]:
            for part in group:
                for query in part.queries:
                    seed = request_seed(sampling.seed, query.query_id, "samples", turn)
                    yield Request(query.query_id, query.prompt, part.n, seed)

        owner = {q.query_id: part for part in group for q in part.queries}
        ready: dict[str, tuple[list[Response], Verdicts]] = {}
        missing = {part.number: len(part.queries) for part in group}
        waiting: list[Part] = []
        for query_id, responses in generator.stream(requests(), sampling):
            query, part = self.by_id[query_id], owner[query_id]
            texts = [r.text for r in responses]
            ready[query_id] = (responses, self.verify.verify(query.verifier, query.problem, texts))
            self.report.advance(len(responses), sum(r.tokens for r in responses))
            missing[part.number] -= 1
            if missing[part.number] == 0:
                waiting.append(part)
            while waiting and all(ready[q.query_id][1].ready() for q in waiting[0].queries):
                self._write(waiting.pop(0), ready)
        for part in waiting:
            self._write(part, ready)

    def _write(self, part: Part, ready: dict[str, tuple[list[Response], Verdicts]]) -> None:
        rows = []
        for query in part.queries:
            responses, verdicts = ready.pop(query.query_id)
            for i, (response, verdict) in enumerate(zip(responses, verdicts.result(), strict=True)):
                rows.append(_row(query.query_id, part.first + i, response, verdict))
        self.store.write(part.stage, part.number, pl.DataFrame(rows, schema=SCHEMA, orient="row"))

    # Revision chains

    def _chains(self) -> list[Part]:
        written: list[Part] = []
        for strategy in self.config.strategy:
            if strategy.kind == "revisions":
                cut = parts(self.queries, self.config.output.queries_per_part)
                size = strategy.chains * strategy.length
                first = self.config.sampling.until_solved or self.config.sampling.n
                written = [Part(strategy.key, i, own, first, size) for i, own in enumerate(cut)]
                done = sum(size * len(p.queries) for p in written if self.store.has(p.stage, p.number))
                self.report.begin("revisions", size * len(self.queries), done)
                for part in written:
                    if not self.store.has(part.stage, part.number):
                        self._write_chains(part, strategy)
        return written

    def _write_chains(self, part: Part, strategy: StrategyConfig) -> None:
        attempts = revise(part.queries, strategy, self.models.generator(), self.config.sampling)
        keys = [(c, s) for c in range(strategy.chains) for s in range(strategy.length)]
        rows = []
        for query in part.queries:
            own = [attempts[query.query_id, c, s] for c, s in keys]
            verdicts = self.verify.verify(query.verifier, query.problem, [r.text for r in own]).result()
            for i, (response, verdict) in enumerate(zip(own, verdicts, strict=True)):
                rows.append((*_row(query.query_id, part.first + i, response, verdict), *keys[i]))
            self.report.advance(len(own), sum(r.tokens for r in own))
        self.store.write(part.stage, part.number, pl.DataFrame(rows, schema=CHAIN_SCHEMA, orient="row"))

    # Rewards

    def _rewards(self, written: Sequence[Part]) -> None:
        # What needs the generator comes first, so that it is loaded once.
        for reward in sorted(self.config.reward, key=lambda r: r.model is not None):
            todo = [p for p in written if not self.store.has(_stage(p, reward), p.number)]
            total = sum(p.n * len(p.queries) for p in written)
            left = sum(p.n * len(p.queries) for p in todo)
            scorer = None
            if todo and reward.kind != "logprob":
                scorer = self.models.scorer(reward, self.verify, beside=False)
            self.report.begin(f"reward {reward.name}", total, total - left)
            for part in todo:
                frame = self.store.read(part.stage, part.number)
                columns = reward_columns(reward, scorer, frame, self.by_id)
                self.store.write(_stage(part, reward), part.number, columns)
                self.report.advance(frame.height)

    # Search

    def _searches(self) -> list[str]:
        stages = []
        rewards = {r.name: r for r in self.config.reward}
        cut = parts(self.queries, self.config.output.queries_per_part)
        for strategy in self.config.strategy:
            if strategy.kind == "revisions":
                continue
            assert strategy.scorer is not None
            for budget in strategy.budgets:
                stage = f"{strategy.key}.{rewards[strategy.scorer].key}-{budget}"
                stages.append(stage)
                todo = [i for i in range(len(cut)) if not self.store.has(stage, i)]
                self.report.begin(f"{strategy.label}, N = {budget}", len(cut), len(cut) - len(todo))
                for i in todo:
                    reward = rewards[strategy.scorer]
                    generator = self.models.generator()
                    scorer = self.models.scorer(reward, self.verify, beside=True)

                    def score(items: Sequence[tuple[Query, str]], scorer: Any = scorer) -> list[float]:
                        return [values[-1] for values in scorer.scores(items)]

                    runs = search(cut[i], strategy, budget, generator, score, self.config.sampling)
                    rows = outcome_rows(runs, strategy, budget, self.verify)
                    self.store.write(stage, i, pl.DataFrame(rows, schema=STRATEGY_SCHEMA))
                    self.report.advance(1, sum(s.spent for s in runs))
        return stages

    # The pool

    def _whole(self, part: Part) -> pl.DataFrame:
        rewards = [self.store.read(_stage(part, r), part.number) for r in self.config.reward]
        return join_columns(self.store.read(part.stage, part.number), rewards)

    def _assemble(self, written: list[Part], chains: list[Part], searched: list[str], whole: str) -> Path:
        pool = Assembly(self.store)
        revised = next((s for s in self.config.strategy if s.kind == "revisions"), None)
        rewards = {r.name: r for r in self.config.reward}
        strategies: list[pl.DataFrame] = []
        for number, part in enumerate([*written, *chains]):
            frame = self._whole(part)
            if chains and "chain" not in frame.columns:
                frame = frame.with_columns(chain=pl.lit(None, pl.Int32), step=pl.lit(None, pl.Int32))
            pool.add_samples(number, frame, texts=self.config.output.texts)
            if revised is not None and number >= len(written):
                column = rewards[revised.scorer].column if revised.scorer else None
                strategies.append(pl.DataFrame(revision_rows(frame, column), schema=STRATEGY_SCHEMA))
        cut = len(parts(self.queries, self.config.output.queries_per_part))
        strategies += [self.store.read(stage, i) for stage in searched for i in range(cut)]
        if strategies:
            pool.add("strategies.parquet", pl.concat(strategies))
        pool.add("queries.parquet", self._queries())
        return pool.finish(self._manifest(whole), len(self.queries))

    def _queries(self) -> pl.DataFrame:
        return pl.DataFrame(
            [
                {
                    "query_id": q.query_id, "prompt": q.problem.question, "gold": q.problem.gold,
                    "level": q.problem.level, "dataset": q.problem.dataset,
                }
                for q in self.queries
            ]
        )  # fmt: skip

    def _manifest(self, whole: str) -> dict[str, Any]:
        config = self.config
        sampling = config.sampling.model_dump(mode="json", exclude={"until_solved"})
        adaptive = None
        if config.sampling.until_solved is not None:
            adaptive = {"initial": config.sampling.n, "until_solved": config.sampling.until_solved}
        return {
            "name": config.output.name or destination(config, self.shard).name,
            "created": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "licence": config.model.licence,
            "model": {
                "name": config.model_name, "revision": config.model.revision, "source": config.model.source,
                "fingerprint": _model_fingerprint(config.model.path),
            },
            "engine": self.facts,
            "sampling": sampling,
            **({"adaptive": adaptive} if adaptive else {}),
            "task": [t.model_dump(mode="json", exclude_defaults=True) for t in config.task],
            "verifier": {
                "names": sorted({q.verifier for q in self.queries}),
                **config.verifier.model_dump(mode="json", exclude={"workers"}, exclude_none=True),
                **_versions(("math-verify", "reasoning-gym")),
            },
            "reward_models": [r.model_dump(mode="json", exclude_defaults=True) for r in config.reward],
            "strategies": [s.model_dump(mode="json", exclude_defaults=True) for s in config.strategy],
            "harvest": {"version": harvest.VERSION, "digest": whole, "shard": list(self.shard)},
        }  # fmt: skip


def _row(query_id: str, sample: int, response: Response, verdict: tuple[bool, str | None]) -> tuple[Any, ...]:
    right, answer = verdict
    logprob = response.logprob if math.isfinite(response.logprob) else None
    return query_id, sample, right, answer, response.tokens, logprob, response.text


def _stage(part: Part, reward: RewardConfig) -> str:
    return f"{part.stage}.{reward.key}"


def _model_fingerprint(path: str) -> str:
    """Hash of a model folder's configuration and the names and sizes of its files; a hub name stands for itself."""
    folder = Path(path)
    if not folder.is_dir():
        return path
    state = hashlib.sha256()
    for file in sorted(folder.glob("*")):
        if file.is_file():
            state.update(f"{file.name}:{file.stat().st_size}".encode())
            if file.suffix == ".json" and file.stat().st_size < 1 << 20:
                state.update(file.read_bytes())
    return state.hexdigest()


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
