"""Harvests from an endpoint: the same pool as from an engine here, whatever the server does meanwhile."""

import asyncio
import json
import threading
import time
from dataclasses import replace

import httpx
import polars as pl
import pytest

import ttcsim
from harvest.progress import Report
from harvest.run import run
from tests.harvest.endpoint.asked import REQUESTS, SAMPLING, Said, expected, harvest
from tests.harvest.endpoint.served import MODEL, Served
from tests.harvest.fake import FACTORY
from tests.harvest.test_run import contents
from ttcsim.errors import InputError


@pytest.mark.parametrize("chat", [False, True])
def test_a_pool_from_an_endpoint_is_that_of_an_engine_here(at, make_config, chat):
    """Prompts, seeds, tokens, log-probabilities and confidences: the bytes are those of the same engine in process."""
    tables = {"confidence": {"window": 2}, "task": {"chat": chat}}
    whole = run(make_config(**tables), factory=FACTORY, report=Report(quiet=True))
    with Served() as served:
        out = harvest(at(served, {"price": {"input": 1, "output": 2}}, **tables))
    assert contents(out) == contents(whole)
    assert sorted(served.answered) == sorted(set(served.answered)) and len(served.answered) == 36
    assert [body.get("n", 1) for body in served.asked].count(4) == 6 and len(served.asked) == 12
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["engine"] == {"endpoint": served.url, "device": "endpoint", "reproducible": False}
    told = manifest["harvest"]["endpoint"]
    assert (told["requests"], told["finish_reasons"], told["models"]) == (12, {"stop": 36}, ["fake/model"])
    assert told["dollars"] == pytest.approx((told["prompt_tokens"] + 2 * told["completion_tokens"]) / 1e6)


@pytest.mark.parametrize(
    ("server", "calls", "said"),
    [
        ({"takes_n": False}, 36 + 1, "does not take n = 4: it answers 400: n has to be 1; one response a request"),
        ({"takes_n": "one"}, 36, "gave 1 of 4 responses; one response a request"),
        ({"counts": False}, 36 + 1, "does not say how many tokens each of several responses has"),
    ],
)
def test_without_n_responses_are_asked_for_one_by_one(at, make_config, capsys, server, calls, said):
    """Known from the first request, which goes alone; none is asked for twice but those that nobody could use."""
    with Served(**server) as served:
        out = harvest(at(served), report=Report())
    samples = pl.read_parquet(out / "samples" / "*.parquet")
    whole = pl.read_parquet(run(make_config(), factory=FACTORY, report=Report(quiet=True)) / "samples" / "*.parquet")
    extra = 0 if served.counts else 3  # which it thinks without a word
    assert samples.equals(whole.with_columns(pl.col("tokens") + extra))
    assert len(served.asked) == calls and len(set(served.answered)) == 36
    assert capsys.readouterr().err.count(said) == 1


@pytest.mark.parametrize(
    ("server", "refused"),
    [
        ({"refuses": ["max_tokens"]}, 1),
        ({"refuses": ["top_k"]}, 2),  # with several responses and with one
        ({"refuses": ["top_k", "max_tokens"]}, 3),
        ({"refuses": ["top_k"], "takes_n": False}, 3),
    ],
)
def test_what_an_api_has_under_another_name_or_not_at_all(asking, server, refused):
    """OpenAI's own, of which later models have `max_completion_tokens`; what is not neutral is not left out."""
    with Served(**server) as served:
        found, said = asking(served)
        assert found == expected() and len(served.answered) == len(set(served.answered)) == 30
        answers = 12 if served.takes_n else 30
        assert answers + refused <= len(served.asked) <= answers + refused + 4
        left = [line for line in said if "does not take top_k, min_p, repetition_penalty" in line]
        assert len(left) == ("top_k" in served.refuses)
    with Served(refuses=["top_k"]) as served, pytest.raises(InputError, match="answers 400: top_k: unknown"):
        asking(served, sampling=SAMPLING.model_copy(update={"top_k": 5}))


def test_requests_are_as_the_config_says(asking):
    with Served() as served:
        how = {"top_k": 5, "temperature": 0.7, "top_p": 0.9, "stop": ("\n",), "seeds": "engine"}
        extra = {"reasoning_effort": "low", "provider": {"order": ["a"]}}
        served.behave = lambda number, body, headers: body.setdefault("seed", 1) and None
        asking(served, {"extra": extra}, sampling=SAMPLING.model_copy(update=how), requests=REQUESTS[:1])
    assert served.asked[0] == {
        "model": MODEL, "prompt": "Q: 0 + 0?", "max_tokens": 16, "temperature": 0.7, "top_p": 0.9, "top_k": 5,
        "min_p": 0.0, "repetition_penalty": 1.0, "stop": ["\n"], "logprobs": 0, "n": 3, "seed": 1, **extra,
    }  # fmt: skip


def test_without_log_probabilities_a_pool_has_none(at, make_config):
    with Served() as served:
        out = harvest(at(served, {"logprobs": False}))
    samples = pl.read_parquet(out / "samples" / "*.parquet")
    whole = pl.read_parquet(run(make_config(), factory=FACTORY, report=Report(quiet=True)) / "samples" / "*.parquet")
    assert samples.equals(whole.drop("logprob")) and ttcsim.load(out).logprob is None
    assert not any("logprobs" in body for body in served.asked)


def test_as_many_requests_as_allowed_are_under_way_but_the_first_is_alone(at):
    def behave(number, body, headers):
        while number > 1 and served.most_at_once < 5:
            time.sleep(0.01)

    with Served(behave, delay=0.05) as served:
        harvest(at(served, {"concurrency": 5, "choices": 2}))
        assert served.most_at_once == 5
        assert served.asked[0]["prompt"] == served.asked[1]["prompt"]


def test_a_first_answer_that_takes_long_is_not_waited_for(asking, monkeypatch):
    """Others are sent meanwhile, for one response each, since nobody knows yet whether several can be used."""
    monkeypatch.setattr("harvest.endpoint.generator.ALONE", 0.05)

    def behave(number, body, headers):
        while number <= 4 and len(served.asked) < 4:
            time.sleep(0.01)

    with Served(behave) as served:
        found, _ = asking(served)
        assert found == expected() and len(set(served.answered)) == len(served.answered) == 30
        assert [body.get("n", 1) for body in served.asked[:4]] == [3, 1, 1, 1]
        assert sum(body.get("n", 1) for body in served.asked) == 30


def failing(times, what):
    """A server that does something else for some requests, from the second on, and then answers."""
    return lambda number, body, headers: what if 1 < number <= 1 + times else None


OUTAGES = {
    "busy": (429, {"Retry-After": "0.2"}, b'{"error": {"message": "slow down"}}'),
    "busy without a word": (429, {}, b""),
    "down": (503, {}, b"<html>Bad gateway</html>"),
    "broken": (500, {}, b'{"error": "oh"}'),
    "dropped": "drop",
    "no JSON": (200, {}, b"<html>welcome</html>"),
    "another shape": (200, {}, b'{"choices": [{"text": 5}], "usage": null}'),
    "nothing": (200, {}, b'{"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}'),
    "cut off": (200, {"Content-Length": 50, "Connection": "close"}, b'{"choices": ['),
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_what_passes_costs_nothing(asking, outage):
    """Requests are sent again until there is an answer; each response is there once."""
    with Served(failing(6, OUTAGES[outage])) as served:
        found, said = asking(served)
    assert found == expected() and len(served.answered) == len(set(served.answered)) == 30
    told = {"busy": "answers 429: slow down", "down": "answers 503", "dropped": "does not answer"}.get(outage)
    assert told is None or sum(told in line for line in said) == 1


JSON = {"Content-Type": "application/json"}


def error(status, message, **headers):
    return status, {**JSON, **headers}, json.dumps({"error": {"message": message}}).encode()


def told(**answer):
    return 200, JSON, json.dumps(answer).encode()


USAGE = {"prompt_tokens": 1, "completion_tokens": 1}
REFUSED = "it does not take the key in the environment variable TEST_KEY"
FATAL = {
    "key refused": (error(401, "wrong key sk-12345678"), {}, f"answers 401: {REFUSED}"),
    "forbidden": (error(403, "no"), {}, f"answers 403: {REFUSED}"),
    "wants a key": (
        error(401, "no"),
        {"api_key_env": None},
        r"answers 401: it wants a key; name the variable .* model\.api_key_env",
    ),
    "unpaid": (error(402, "pay up"), {}, "answers 402: it wants to be paid: pay up"),
    "no credit": (
        (429, JSON, b'{"error": {"message": "exceeded", "code": "insufficient_quota"}}'),
        {},
        "the account has no credit left",
    ),
    "another model": (
        error(404, "no such model"),
        {"path": "fake/modle"},
        "has no model 'fake/modle'; did you mean 'fake/model'",
    ),
    "elsewhere": (
        (301, {"Location": "http://x/v1"}, b""),
        {},
        "answers 301 and sends on to http://x/v1; set model.endpoint",
    ),
    "too long": (
        error(400, "maximum context length is 512 tokens"),
        {},
        "query q0: .*answers 400: maximum context length.*lower sampling.max_tokens",
    ),
    "refused": (error(422, "top_p is\nodd"), {}, r"query q0: .* answers 422: top_p is odd; mend the config"),
    "busy for long": (
        error(429, "tomorrow", **{"Retry-After": "86400"}),
        {},
        r"not before 86400 s are over \(model.patience = 0.5\)",
    ),
    "busy forever": (error(429, "slow down"), {}, r"answers 429: slow down, for 0.5 s \(model.patience\)"),
    "down": ((503, {}, b""), {}, r"answers 503: , for 0.5 s"),
    "dropped": ("drop", {}, r"does not answer \(.*\), for 0.5 s"),
    "broken": (error(500, "oh"), {}, r"answers 500: oh, 3 times \(model.retries\), asked for query q0"),
    "no JSON": (
        (200, {}, b"<html>\x00welcome" + b"x" * 999),
        {},
        r"answers what is no JSON: '<html>.x00welcomexxx.*\.\.\.', 3 times",
    ),
    "no choices": (told(choices=[], usage=USAGE), {}, "it has 0 choices, and [23] were asked for"),
    "no usage": (told(choices=[{"text": "x"}]), {}, r"it is no completion .*usage"),
    "deep": ((200, JSON, b"[" * 100_000), {}, "no JSON"),
    "no probabilities": (
        told(choices=[{"text": "x", "logprobs": None}], usage=USAGE),
        {},
        r"no log-probabilities, or too few; set model.logprobs = false",
    ),
}


@pytest.mark.parametrize("fault", FATAL)
def test_what_does_not_pass_is_one_line_and_loses_nothing(asking, fault, monkeypatch):
    """The engine stays usable: asked again, it asks for what is missing and nothing else."""
    monkeypatch.setenv("TEST_KEY", "sk-1234567890")
    answer, model, line = FATAL[fault]
    alone = Served(lambda *_: answer)
    with alone as served, pytest.raises(InputError, match=line) as caught:
        asking(served, {"patience": 0.5, "retries": 2, "api_key_env": "TEST_KEY", **model})
    assert "sk-1234" not in str(caught.value) and len(str(caught.value)) < 500
    assert str(caught.value).count("\n") == 0 and not served.answered
    if model.get("path"):
        return
    later = Served(lambda number, body, headers: answer if number > 4 and flag else None)
    with later as served:
        flag = True
        with pytest.raises(InputError, match=line.replace("q0", "q.")):
            asking(served, {"patience": 0.5, "retries": 2, "api_key_env": "TEST_KEY", **model})
        flag, before = False, set(served.answered)
        found, _ = asking(served)
    assert 5 <= len(before) < 30 and found == expected()
    assert len(served.answered) == len(set(served.answered)) == 30


def test_what_is_under_way_is_paid_for_and_waited_for(asking, monkeypatch):
    """One request is refused, and one waits to be sent again, while two are being answered."""
    waiting = threading.Event()
    monkeypatch.setattr(Said, "say", lambda _, text: waiting.set() if "requests under way" in text else None)

    def behave(number, body, headers):
        match body["prompt"]:
            case "Q: 1 + 1?":
                return 503, {"Retry-After": "300"}, b"later"
            case "Q: 2 + 2?":
                while len(served.asked) < 5:
                    time.sleep(0.01)
                return 422, {}, b"no"
        if number > 1:
            waiting.wait(60)
        return None

    single = [replace(r, n=1) for r in REQUESTS]
    with Served(behave) as served:
        with pytest.raises(InputError, match=r"query q2: .* answers 422: no; mend the config"):
            asking(served, {"patience": 600}, single)
        assert len(served.asked) == 5 and len(served.answered) == 3, "the first, and two of the four sent then"
        served.behave = None
        asking(served, requests=single)
        assert len(set(served.answered)) == len(served.answered) == 6


def test_what_is_to_be_sent_again_after_a_refusal_is_not_waited_for(asking, monkeypatch):
    """Those under way are told to come again in five minutes: nobody does."""
    waiting = threading.Event()
    monkeypatch.setattr(Said, "say", lambda _, text: waiting.set() if "requests under way" in text else None)

    def behave(number, body, headers):
        if body["prompt"] == "Q: 2 + 2?":
            while len(served.asked) < 5:
                time.sleep(0.01)
            return 422, {}, b"no"
        if number > 1:
            waiting.wait(60)
            return 503, {"Retry-After": "300"}, b"later"
        return None

    with Served(behave) as served:
        with pytest.raises(InputError, match=r"query q2: .* answers 422: no; mend the config"):
            asking(served, {"patience": 600}, [replace(r, n=1) for r in REQUESTS])
        assert waiting.is_set() and len(served.asked) == 5 and len(served.answered) == 1


def test_answers_that_come_a_moment_after_a_refusal_are_kept(asking, monkeypatch):
    """One step of the event loop after another: one of them is there before anybody has looked for it."""
    post, together, come = httpx.AsyncClient.post, asyncio.Event(), []

    async def steps(self, *where, **what):
        response = await post(self, *where, **what)
        at = [r.prompt for r in REQUESTS].index(json.loads(what["content"])["prompt"])
        come.append(at)
        if len(come) == len(REQUESTS):
            together.set()
        if at > 0:
            await together.wait()
        for _ in range(at):
            await asyncio.sleep(0)
        return response

    monkeypatch.setattr(httpx.AsyncClient, "post", steps)
    single = [replace(r, n=1) for r in REQUESTS]
    with Served(lambda _, body, headers: (422, {}, b"no") if body["prompt"] == "Q: 1 + 1?" else None) as served:
        with pytest.raises(InputError, match=r"query q1: .* answers 422"):
            asking(served, {"concurrency": 5}, single)
        served.behave = None
        asking(served, requests=single)
        assert len(set(served.answered)) == len(served.answered) == 6


def test_a_request_that_the_server_dies_of_is_named(asking):
    """While it answers others it is not away."""

    def behave(number, body, headers):
        if body["prompt"] != "Q: 3 + 3?":
            return None
        while len(served.asked) < 6:  # which is sent once an answer to one of the four under way was taken in
            time.sleep(0.01)
        return "drop"

    with Served(behave) as served:
        with pytest.raises(InputError, match=r"does not answer .*, asked for query q3; what was received"):
            asking(served, {"retries": 0, "choices": 5, "patience": 600})
        assert 10 <= len(served.answered) <= 25


@pytest.mark.parametrize(
    "late",
    [lambda: time.sleep(1), lambda: (200, {"Content-Length": 50}, b'{"choices": [')],
    ids=["silent", "stops in the middle"],
)
def test_a_server_that_is_too_late_is_asked_again(asking, late):
    """It says nothing, or stops in the middle."""
    with Served(lambda number, body, headers: late() if number == 1 else None) as served:
        found, _ = asking(served, {"timeout": 0.3})
    assert found == expected()
    with Served(lambda *_: time.sleep(1)) as served, pytest.raises(InputError, match=r"no answer within 0\.1 s"):
        asking(served, {"timeout": 0.1, "retries": 1, "path": "other"})


def test_no_server_is_one_line(asking):
    with Served() as served:
        pass
    with pytest.raises(
        InputError,
        match=r"does not answer \(.*\), for 0.2 s \(model.patience\), asked for query .*; what was received is kept",
    ):
        asking(served, {"patience": 0.2})
