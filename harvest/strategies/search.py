"""Beam and lookahead search over steps against a scorer (Snell et al., section 5.2 and appendix)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from harvest.config import SamplingConfig, SearchStrategy
from harvest.engine import Generator, Request, Response, request_seed
from harvest.queries import Query
from harvest.strategies.select import Candidate, weighted
from harvest.verify_beside import VerifyBeside

Score = Callable[[Sequence[tuple[Query, str]]], list[float]]


@dataclass(frozen=True)
class Beam:
    """A response so far."""

    text: str = ""
    tokens: int = 0
    done: bool = False
    score: float = 0.0


@dataclass
class Search:
    """One run of the search on one query."""

    query: Query
    run: int
    beams: list[Beam]
    spent: int = 0  # tokens generated, those of beams dropped and of lookahead too

    @property
    def open(self) -> list[int]:
        """The beams that go on; a search without any stays as it is."""
        return [b for b, beam in enumerate(self.beams) if not beam.done]


def search(
    queries: Sequence[Query],
    strategy: SearchStrategy,
    budget: int,
    model: Generator,
    score: Score,
    sampling: SamplingConfig,
) -> list[Search]:
    """Run one search of `budget` beams on every query, `strategy.runs` times, all side by side.

    (1) sample N first steps; (2) score each; (3) keep the best N / M; (4) sample M next steps of each; again from (2)
    until all are finished or `rounds` are over. With lookahead, a step's score is that of a greedy rollout of k more
    steps. A finished response among the kept stands for its M continuations.
    """
    width = strategy.width_at(budget)
    steps = _Steps(strategy, model, score, sampling)
    runs = [Search(q, run, [Beam()]) for q in queries for run in range(strategy.runs)]
    for turn in range(strategy.rounds):
        active = [s for s in runs if s.open]
        if not active:
            break
        what = (strategy.label, budget, turn)
        steps.extend(active, budget if turn == 0 else width, ("step", *what))
        steps.rate(active, what)
        if turn + 1 < strategy.rounds:
            for s in active:
                if s.open:
                    s.beams = sorted(s.beams, key=lambda beam: -beam.score)[: budget // width]
    return runs


@dataclass(frozen=True)
class _Steps:
    """The steps that searches share."""

    strategy: SearchStrategy
    model: Generator
    score: Score
    sampling: SamplingConfig

    def extend(
        self, runs: Sequence[Search], copies: int, what: tuple[object, ...], *, temperature: float | None = None
    ) -> None:
        """Put the next steps of every beam in its place: `copies` of them, or of itself where it is done."""
        sampling, strategy = self.sampling, self.strategy
        stops = (*sampling.stop, strategy.separator) if strategy.separator not in sampling.stop else sampling.stop

        def requests() -> Iterator[Request]:
            for i, s in enumerate(runs):
                for b in s.open:
                    beam = s.beams[b]
                    seed = request_seed(sampling.seed, s.query.query_id, s.run, b, *what)
                    room = min(strategy.step_tokens, sampling.max_tokens - beam.tokens)
                    yield Request(
                        (i, b), s.query.prompt + beam.text, copies, seed, max_tokens=max(1, room),
                        temperature=temperature, stop=stops, keep_stop=True, grown=bool(beam.text),
                    )  # fmt: skip

        grown: dict[tuple[int, int], list[Beam]] = {}
        for (i, b), responses in self.model.stream(requests(), sampling):
            runs[i].spent += sum(r.tokens for r in responses)
            grown[i, b] = [self._grow(runs[i].beams[b], r) for r in responses]
        for i, s in enumerate(runs):
            s.beams = [new for b, beam in enumerate(s.beams) for new in grown.get((i, b), [beam] * copies)]

    def _grow(self, beam: Beam, response: Response) -> Beam:
        tokens, text = beam.tokens + response.tokens, response.text
        # A step ends with the separator, or is cut off at step_tokens; anything else ended the whole response.
        # One that is empty ended too: at the end of the context, or of the response itself.
        goes_on = (text.endswith(self.strategy.separator) or (response.cut and text != "")) and (
            tokens < self.sampling.max_tokens
        )
        if not goes_on:
            for stop in self.sampling.stop:
                text = text.removesuffix(stop)
        return Beam(beam.text + text, tokens, not goes_on, beam.score)

    def rate(self, runs: Sequence[Search], what: tuple[object, ...]) -> None:
        """Score every beam, by what it is `steps_ahead` steps further."""
        ahead = [Search(s.query, s.run, s.beams) for s in runs]
        for k in range(self.strategy.steps_ahead):
            self.extend(ahead, 1, ("ahead", k, *what), temperature=0.0)
        items = {(s.query.query_id, beam.text): (s.query, beam.text) for s in ahead for beam in s.beams}
        values = dict(zip(items, self.score(list(items.values())), strict=True))
        for s, seen in zip(runs, ahead, strict=True):
            s.spent += seen.spent
            scores = [values[s.query.query_id, beam.text] for beam in seen.beams]
            s.beams = [replace(beam, score=score) for beam, score in zip(s.beams, scores, strict=True)]


def outcome_rows(
    runs: Sequence[Search], strategy: SearchStrategy, budget: int, verify: VerifyBeside
) -> list[dict[str, object]]:
    """What every run answers, by best-of-N weighted over its final beams; budget N (k + 1) generations."""
    pending = [verify.verify(s.query.verifier, s.query.problem, [b.text for b in s.beams]) for s in runs]
    rows: list[dict[str, object]] = []
    for s, verdicts in zip(runs, pending, strict=True):
        judged = zip(s.beams, verdicts.result(), strict=True)
        chosen = weighted([Candidate(verdict.answer, verdict.right, beam.score) for beam, verdict in judged])
        rows.append(
            {
                "query_id": s.query.query_id, "strategy": strategy.label, "run": s.run,
                "budget": strategy.generations(budget),
                "correct": chosen.right, "reward": chosen.score, "tokens": s.spent, "answer": chosen.answer,
            }
        )  # fmt: skip
    return rows
