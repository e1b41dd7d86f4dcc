"""Monte-Carlo step values: the share of rollouts from a step that end right (Math-Shepherd; Snell et al., 5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvest.config import RolloutsReward, SamplingConfig
from harvest.engine import Generator, Request, request_seed
from harvest.queries import Query
from harvest.steps import prefixes
from harvest.verify_beside import Verdicts, VerifyBeside


class Rollouts:
    """Values of every step but the last, whose rollout is the response itself.

    A response of a single step has the value of its query's empty beginning, which says nothing of the response.
    """

    def __init__(
        self, config: RolloutsReward, model: Generator, sampling: SamplingConfig, verify: VerifyBeside
    ) -> None:
        self.config, self.model, self.sampling, self.verify = config, model, sampling, verify

    def scores(self, items: Sequence[tuple[Query, str]]) -> list[list[float]]:
        """One value a step but the last, at least one a response."""
        starts = [prefixes(text, self.config.separator) or [""] for _, text in items]
        # Beginnings that responses share are rolled out once.
        different = list(dict.fromkeys((q.query_id, s) for (q, _), own in zip(items, starts, strict=True) for s in own))
        queries = {q.query_id: q for q, _ in items}
        verdicts: dict[tuple[str, str], Verdicts] = {}
        for key, responses in self.model.stream(self._requests(different, queries), self.sampling):
            query = queries[key[0]]
            texts = [key[1] + r.text for r in responses]
            verdicts[key] = self.verify.verify(query.verifier, query.problem, texts)
        right = {key: sum(verdict.right for verdict in v.result()) for key, v in verdicts.items()}
        value = {key: number / self.config.rollouts for key, number in right.items()}
        return [[value[q.query_id, s] for s in own] for (q, _), own in zip(items, starts, strict=True)]

    def _requests(self, keys: Sequence[tuple[str, str]], queries: dict[str, Query]) -> Iterator[Request]:
        for query_id, start in keys:
            seed = request_seed(self.sampling.seed, query_id, "rollouts", self.config.name, start)
            prompt = queries[query_id].prompt + start
            yield Request((query_id, start), prompt, self.config.rollouts, seed, grown=bool(start))
