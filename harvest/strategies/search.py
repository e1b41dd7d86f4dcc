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
    runs = [Search(q, run, [Beam()]) for q in queries for run in range(strategy.runs)]
    for turn in range(strategy.rounds):
        active = [s for s in runs if not all(b.done for b in s.beams)]  # a finished search stays as it is
        if not active:
            break
        copies = budget if turn == 0 else width
        todo = [(s, b) for s in active for b in range(len(s.beams)) if not s.beams[b].done]
        grown = _extend(todo, copies, strategy, model, sampling, ("step", strategy.label, budget, turn))
        for s in active:
            s.beams = [new for b in range(len(s.beams)) for new in grown.get((id(s), b), [s.beams[b]] * copies)]
        _score(active, strategy, model, score, sampling, (strategy.label, budget, turn))
        if turn + 1 < strategy.rounds:
            for s in active:
                if not all(b.done for b in s.beams):
                    order = sorted(range(len(s.beams)), key=lambda i: (-s.beams[i].score, i))
                    s.beams = [s.beams[i] for i in order[: budget // width]]
    return runs


def _extend(
    todo: Sequence[tuple[Search, int]],
    copies: int,
    strategy: SearchStrategy,
    model: Generator,
    sampling: SamplingConfig,
    what: tuple[object, ...],
    *,
    greedy: bool = False,
) -> dict[tuple[int, int], list[Beam]]:
    """The next step of some beams, `copies` times each."""
    stops = (*sampling.stop, strategy.separator) if strategy.separator not in sampling.stop else sampling.stop

    def requests() -> Iterator[Request]:
        for s, b in todo:
            beam = s.beams[b]
            seed = request_seed(sampling.seed, s.query.query_id, s.run, b, *what)
            room = min(strategy.step_tokens, sampling.max_tokens - beam.tokens)
            yield Request(
                (s, b), s.query.prompt + beam.text, copies, seed, max_tokens=max(1, room),
                temperature=0.0 if greedy else None, stop=stops, keep_stop=True,
            )  # fmt: skip

    grown: dict[tuple[int, int], list[Beam]] = {}
    for (s, b), responses in model.stream(requests(), sampling):
        s.spent += sum(r.tokens for r in responses)
        grown[id(s), b] = [_grow(s.beams[b], r, strategy, sampling) for r in responses]
    return grown


def _grow(beam: Beam, response: Response, strategy: SearchStrategy, sampling: SamplingConfig) -> Beam:
    tokens = beam.tokens + response.tokens
    # A step ends with the separator, or is cut off at step_tokens; anything else ended the whole response.
    goes_on = (response.text.endswith(strategy.separator) or response.cut) and tokens < sampling.max_tokens
    text = response.text
    if not goes_on:
        for stop in sampling.stop:
            text = text.removesuffix(stop)
    return Beam(beam.text + text, tokens, not goes_on, beam.score)


def _score(
    runs: Sequence[Search],
    strategy: SearchStrategy,
    model: Generator,
    score: Score,
    sampling: SamplingConfig,
    what: tuple[object, ...],
) -> None:
    ahead = [Search(s.query, s.run, list(s.beams)) for s in runs]
    for k in range(strategy.steps_ahead):
        todo = [(s, b) for s in ahead for b in range(len(s.beams)) if not s.beams[b].done]
        grown = _extend(todo, 1, strategy, model, sampling, ("ahead", k, *what), greedy=True)
        for s in ahead:
            s.beams = [grown.get((id(s), b), [beam])[0] for b, beam in enumerate(s.beams)]
    for s, looked in zip(runs, ahead, strict=True):
        s.spent += looked.spent
    items = [(s.query, beam.text) for s in ahead for beam in s.beams]
    different = list(dict.fromkeys((q.query_id, text) for q, text in items))
    queries = {q.query_id: q for q, _ in items}
    values = dict(zip(different, score([(queries[i], text) for i, text in different]), strict=True))
    for s, looked in zip(runs, ahead, strict=True):
        s.beams = [
            replace(mine, score=values[s.query.query_id, seen.text])
            for mine, seen in zip(s.beams, looked.beams, strict=True)
        ]


def outcome_rows(
    runs: Sequence[Search], strategy: SearchStrategy, budget: int, verify: VerifyBeside
) -> list[dict[str, object]]:
    """What every run answers, by best-of-N weighted over its final beams; budget N (k + 1) generations."""
    pending = [verify.verify(s.query.verifier, s.query.problem, [b.text for b in s.beams]) for s in runs]
    rows: list[dict[str, object]] = []
    for s, verdicts in zip(runs, pending, strict=True):
        chosen = weighted(
            [
                Candidate(answer, right, beam.score)
                for beam, (right, answer) in zip(s.beams, verdicts.result(), strict=True)
            ]
        )
        rows.append(
            {
                "query_id": s.query.query_id, "strategy": strategy.label, "run": s.run,
                "budget": strategy.generations(budget),
                "correct": chosen.right, "reward": chosen.score, "tokens": s.spent, "answer": chosen.answer,
            }
        )  # fmt: skip
    return rows
