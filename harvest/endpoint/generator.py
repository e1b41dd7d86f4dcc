"""A language model behind an OpenAI-compatible API, as the harvest asks any engine."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter, deque
from collections.abc import Collection, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from harvest.confidence import Confidence
from harvest.config import ModelConfig, SamplingConfig
from harvest.endpoint.answers import NEUTRAL, Answer, Chat, Question, question, read
from harvest.endpoint.bill import Bill
from harvest.endpoint.client import Client, Refused
from harvest.endpoint.journal import Journal
from harvest.endpoint.key import Key
from harvest.engine import Messages, Request, Response
from harvest.progress import Report
from ttcsim.errors import InputError

T = TypeVar("T")

ALONE = 10.0
"""Seconds for which the first request is alone at most: its answer may take half an hour."""
LOOK = 0.5
"""Seconds after which, once nothing new is sent, those that wait to be sent again are looked for."""

_LIMIT = "max_completion_tokens"
"""What OpenAI's later models call `max_tokens`; their refusal of that says so."""


@dataclass
class _Asked:
    """A request, and the responses to it that are there."""

    request: Request
    question: Question
    name: str  # of its samples, but for their seeds
    responses: list[Response | None]
    prompt: bytes  # as it is sent

    def sample(self, i: int) -> str:
        """What response i is called in the journal: the same whatever request it came with."""
        return f"{self.name}:{self.request.seed + i}"

    @property
    def who(self) -> str:
        """Whose request it is, for messages."""
        key = self.request.key
        return f"query {key if isinstance(key, str) else '/'.join(map(str, key))}"

    def missing(self) -> Iterator[_Call]:
        """The responses that are not there, in runs of neighbours."""
        first = None
        for i, response in enumerate([*self.responses, Response("", 1, 0.0, 0)]):
            if response is None and first is None:
                first = i
            if response is not None and first is not None:
                yield _Call(self, first, i - first)
                first = None

    def whole(self) -> list[Response] | None:
        """All responses; None while some are missing."""
        found = [r for r in self.responses if r is not None]
        return found if len(found) == len(self.responses) else None


@dataclass
class _Call:
    """Neighbouring responses that are asked for at once."""

    asked: _Asked
    first: int
    n: int
    most: float = 0.0  # dollars
    refused: Refused | None = None  # what became of asking for several

    def cut(self, n: int) -> tuple[_Call, _Call | None]:
        """The first n responses, and the rest."""
        rest = _Call(self.asked, self.first + n, self.n - n) if self.n > n else None
        return _Call(self.asked, self.first, min(n, self.n), refused=self.refused), rest


@dataclass
class _Origin:
    """Who answered, and how responses ended."""

    models: Counter[str] = field(default_factory=Counter)
    fingerprints: Counter[str] = field(default_factory=Counter)
    finished: Counter[str] = field(default_factory=Counter)

    def add(self, finished: Sequence[str], model: str, fingerprint: str) -> None:
        self.finished.update(finished)
        self.models.update([model] if model else [])
        self.fingerprints.update([fingerprint] if fingerprint else [])


class EndpointGenerator:
    """A language model at an endpoint.

    Requests for n responses are sent in pieces of ``model.choices``, `concurrency` at a time, the first of all alone
    for some seconds: what is wrong with address, key or model is known from it, and mostly whether the server takes
    `n`. Sample i has the seed that it has in any engine, whatever pieces it comes in.

    Raises
    ------
    InputError
        Where the key is not in the environment.
    """

    def __init__(self, model: ModelConfig, sampling: SamplingConfig) -> None:
        self._model, self._sampling = model, sampling
        self._loop = asyncio.new_event_loop()
        self._report = Report(quiet=True)
        self._key = Key(model.api_key_env)
        self._client = Client(model, self._key, lambda text: self._report.say(text))
        self._bill, self._origin = Bill(model), _Origin()
        self._journal: Journal | None = None
        self._limit, self._neutral = "max_tokens", True
        self._choices = model.choices if model.logprobs else 1  # else nobody counts the tokens of each
        self._met = self._open = False  # there has been an answer; others need not wait for it
        self._left = False  # some of the sampling was left to the server

    def render(self, messages: Messages) -> str:
        """A conversation as it is sent; the server writes it by its chat template."""
        return Chat.of(messages)

    def fresh(self) -> None:
        """Nothing: what a server has cached is its own affair."""

    def facts(self) -> dict[str, Any]:
        """Where the model is, for the manifest. A server batches as it likes: bits are not reproduced."""
        extra = {"extra": self._model.extra} if self._model.extra else {}
        return {"endpoint": self._model.endpoint, "device": "endpoint", "reproducible": False, **extra}

    def begin(self, received: Path, report: Report) -> None:
        """Keep answers in that file from now on, beside those that are there, and tell people what they cost."""
        self._report = report
        self._journal = Journal(received)
        for kept in self._journal.read():
            self._bill.add(int(kept["in"]), int(kept["out"]))
            self._origin.add(kept["finished"], *kept["by"])
            self._left |= bool(kept["left"])
        report.also = self._bill.line
        if self._client.in_the_clear:
            report.say(f"the key goes to {self._model.endpoint} as it is: over https nobody on the way could read it")

    def costs(self) -> dict[str, Any]:
        """What was asked for and what it cost, for the manifest."""
        bill, origin = self._bill, self._origin
        told = {
            "requests": bill.requests, "prompt_tokens": bill.prompt_tokens, "completion_tokens": bill.tokens,
            "models": sorted(origin.models), "fingerprints": sorted(origin.fingerprints),
            "finish_reasons": dict(sorted(origin.finished.items())),
            **({"left_to_the_server": sorted(NEUTRAL)} if self._left else {}),
        }  # fmt: skip
        if self._model.price is not None:
            told |= {"price": self._model.price.model_dump(mode="json"), "dollars": bill.spent}
        return {"endpoint": told}

    def choose(self, prompts: Sequence[str], yes: Sequence[str], no: Sequence[str]) -> list[float]:
        """Nothing: the config has seen to it that nobody asks."""
        raise NotImplementedError("an endpoint cannot be asked for the probability of a word")

    def stream(self, requests: Iterable[Request], sampling: SamplingConfig) -> Iterator[tuple[Any, list[Response]]]:
        """Responses by key, as they are ready; what the journal has is not asked for."""
        waiting, cut = iter(requests), deque[_Call]()
        running: dict[asyncio.Task[Answer], _Call] = {}
        try:
            while True:
                while len(running) < (self._model.concurrency if self._met or self._open else 1):
                    if not cut:
                        request = next(waiting, None)
                        if request is None:
                            break
                        asked = self._asked(request, sampling)
                        cut.extend(asked.missing())
                        if not cut:
                            yield request.key, asked.whole() or []
                            continue
                    call = self._affordable(cut, bool(running))
                    if call is None:
                        break
                    running[self._loop.create_task(self._ask(call))] = call
                if not running:
                    return
                for asked in self._settle(running, cut):
                    if (whole := asked.whole()) is not None:
                        yield asked.request.key, whole
        finally:
            for call in running.values():
                self._bill.end(call.most)
            self._cancel(running)

    def close(self) -> None:
        """Close all connections."""
        if not self._loop.is_closed():
            self._cancel(asyncio.all_tasks(self._loop))
            self._run(self._client.close())
            self._run(self._loop.shutdown_default_executor())
            self._loop.close()
        if self._journal is not None:
            self._journal.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def _asked(self, request: Request, sampling: SamplingConfig) -> _Asked:
        """A request, with what the journal has of it."""
        temperature = sampling.temperature if request.temperature is None else request.temperature
        model = self._model
        asking = question(request, model.path, sampling, model.extra, logprobs=model.logprobs)
        told = json.dumps([asking.path, asking.body, asking.window, sampling.seeds]).encode()
        name = hashlib.sha256(told).hexdigest()[:32]
        n = request.n if temperature > 0 else 1
        asked = _Asked(request, asking, name, [None] * n, json.dumps(request.prompt).encode())
        if self._journal is not None:
            for i in range(n):
                kept = self._journal.find(asked.sample(i))
                asked.responses[i] = None if kept is None else _response(*kept)
        return asked

    def _affordable(self, cut: deque[_Call], running: bool) -> _Call | None:
        """The next call; None while it is to wait for what those under way cost."""
        head = cut.popleft()
        # Before there is an answer, nobody knows whether several responses can be used.
        unknown = self._open and not self._met
        call, rest = head.cut(1 if head.refused or unknown else self._choices)
        body = call.asked.question.body
        for n in (call.n, 1):
            smaller, more = call.cut(n)
            smaller.most = self._bill.most(call.asked.prompt, n, body["max_tokens"])
            if self._bill.affords(smaller.most):
                cut.extendleft(c for c in (rest, more) if c is not None)
                self._bill.begin(smaller.most)
                return smaller
            if running:
                break
        cut.extendleft(c for c in (rest, call) if c is not None)
        if running:
            return None
        raise InputError(
            f"model.max_dollars: {self._bill.line()} are spent, and the next request may cost "
            f"${smaller.most:.4g}; what was received is kept: raise it and go on with --resume"
        )

    async def _ask(self, call: _Call) -> Answer:
        asked, body = call.asked, dict(call.asked.question.body)
        body[self._limit] = body.pop("max_tokens")
        if self._neutral:
            body = {**NEUTRAL, **body}
        if call.n > 1:
            body["n"] = call.n
        if self._sampling.seeds == "request":
            body["seed"] = asked.request.seed + call.first
        return await self._client.ask(
            asked.question.path, body, asked.who,
            lambda told: read(told, asked.question, call.n), lambda answer: answer.prompt_tokens + answer.tokens,
        )  # fmt: skip

    def _settle(self, running: dict[asyncio.Task[Answer], _Call], cut: deque[_Call]) -> list[_Asked]:
        """Wait until a call has ended, and take in all that have; the requests that these were for.

        Where one has failed for good, nothing new is sent, and what is under way is waited for, since it is paid for.
        """
        ended, error, waited = dict[int, _Asked](), None, False
        while running:
            longest = LOOK if error else None if self._met or self._open else ALONE
            done, _ = self._run(asyncio.wait(running, timeout=longest, return_when=asyncio.FIRST_COMPLETED))
            self._open |= not done  # what is wrong with a request mostly shows sooner
            for task in sorted(done, key=lambda task: running[task].first):
                call = running.pop(task)
                self._bill.end(call.most)
                try:
                    cut.extendleft(self._take(call, task))
                except InputError as wrong:
                    error = error or wrong
                ended[id(call.asked)] = call.asked
            if error is None:
                return list(ended.values())
            idle = [task for task in running if self._client.idle(task)]
            for task in idle:
                self._bill.end(running.pop(task).most)
            self._cancel(idle)
            if running and not waited:
                waited = True
                self._report.say(f"waiting for the {len(running)} requests under way, to keep their answers")
        assert error is not None
        raise error

    def _take(self, call: _Call, task: asyncio.Task[Answer]) -> list[_Call]:
        """Put the responses of a call in their places and in the journal; the calls that are to be made instead."""
        asked = call.asked
        try:
            answer = task.result()
        except Refused as refused:
            if (form := self._another_form(call, refused)) is not None:
                return [form]
            if not (refused.too_long and asked.request.grown):
                raise self._explained(asked, refused) from None
            none = Response.none(asked.request)
            none = none if self._model.logprobs else replace(none, logprob=None)
            asked.responses[call.first : call.first + call.n] = [none] * call.n
            return []
        if not self._left and not self._neutral:
            self._left = True
            self._report.say(
                f"{self._model.endpoint} does not take {', '.join(NEUTRAL)}: what they are is its own decision"
            )
        self._met = True
        found = answer.responses or []
        self._bill.add(answer.prompt_tokens, answer.tokens)
        self._bill.saw(asked.prompt, answer.prompt_tokens)
        self._keep(call, answer)
        if call.refused is not None and self._choices > 1:
            self._one_at_a_time(f"does not take n = {self._choices}: it {call.refused}")
        elif answer.responses is None:
            self._one_at_a_time("does not say how many tokens each of several responses has, and they are asked anew")
        elif len(found) < call.n:
            self._one_at_a_time(f"gave {len(found)} of {call.n} responses")
        return [_Call(asked, call.first + len(found), call.n - len(found))] if len(found) < call.n else []

    def _another_form(self, call: _Call, refused: Refused) -> _Call | None:
        """The call in another form, where it may be for its form that it is not taken."""
        if refused.too_long:
            return None
        again = _Call(call.asked, call.first, call.n)
        if _LIMIT in str(refused) and self._limit != _LIMIT:
            self._limit = _LIMIT
        elif call.n > 1:  # one response alone will tell
            again.refused = refused
        elif self._neutral and not self._met:
            self._neutral = False
        else:
            return None
        return again

    def _keep(self, call: _Call, answer: Answer) -> None:
        """Put what came into its places, and into the journal with what it cost."""
        samples = {}
        for i, response in enumerate(answer.responses or (), call.first):
            r = replace(response, text=self._key.out_of(response.text))
            call.asked.responses[i] = r
            samples[call.asked.sample(i)] = [r.text, r.tokens, r.logprob, r.prompt_tokens, r.cut, r.confidence]
        by = [self._key.out_of(answer.model)[:200], self._key.out_of(answer.fingerprint)[:200]]
        finished = [self._key.out_of(why)[:200] for why in answer.finished]
        self._origin.add(finished, *by)
        if self._journal is not None:
            more = {"in": answer.prompt_tokens, "out": answer.tokens, "finished": finished, "by": by}
            self._journal.keep({"samples": samples, **more, "left": self._left})

    def _one_at_a_time(self, why: str) -> None:
        """Ask for one response a request from now on."""
        if self._choices > 1:
            self._choices = 1
            self._report.say(f"{self._model.endpoint} {why}; one response a request from here on (model.choices = 1)")

    def _explained(self, asked: _Asked, refused: Refused) -> InputError:
        """Whose request the server does not take."""
        who = f"{asked.who}: {self._model.endpoint} {refused}"
        mend = "mend the config or leave the query out"
        if refused.too_long:
            most = asked.question.body["max_tokens"]
            mend = (
                f"its prompt and max_tokens = {most} have to fit into the model's context: lower sampling.max_tokens, "
                "or have the server take more"
            )
        return InputError(f"{who}; {mend}; what was received is kept: go on with --resume")

    def _cancel(self, tasks: Collection[asyncio.Task[Any]]) -> None:
        """Give up what is under way."""
        if not tasks or self._loop.is_closed():
            return
        for task in tasks:
            task.cancel()
        self._run(asyncio.wait(tasks))
        for task in tasks:
            if not task.cancelled():
                task.exception()  # looked at, so that nobody complains of it


def _response(text: str, tokens: int, logprob: float, prompt_tokens: int, cut: bool, sure: Any) -> Response:
    """A response as the journal has it."""
    return Response(text, tokens, logprob, prompt_tokens, cut, None if sure is None else Confidence(*sure))
