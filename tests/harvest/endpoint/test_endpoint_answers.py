"""What is read out of answers, and that no answer whatever ends in anything but a word for it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvest.confidence import confidence
from harvest.endpoint.answers import Chat, Garbage, question, read
from harvest.engine import Request
from tests.harvest.endpoint.asked import SAMPLING

TOP = [-0.1 * k for k in range(1, 22)]
ANSWERS = {
    "completions": {
        "model": "m", "system_fingerprint": None, "usage": {"prompt_tokens": 7, "completion_tokens": 3},
        "choices": [
            {
                "index": 1, "text": "b", "finish_reason": "length",
                "logprobs": {"token_logprobs": [-0.5], "top_logprobs": [dict(enumerate(TOP))]},
            },
            {
                "index": 0, "text": "a", "finish_reason": "stop",
                "logprobs": {"token_logprobs": [-1, -2], "top_logprobs": [dict(enumerate(TOP[:20]))] * 2},
            },
        ],
    },
    "chat": {
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
        "choices": [
            {
                "index": i, "message": {"content": text}, "finish_reason": why,
                "logprobs": {
                    "content": [{"logprob": own, "top_logprobs": [{"logprob": v} for v in top]} for own in logprobs]
                },
            }
            for i, text, why, logprobs, top in [(1, "b", "length", [-0.5], TOP), (0, "a", "stop", [-1, -2], TOP[:20])]
        ],
    },
}  # fmt: skip


def asked(api, *, logprobs=True, window=1):
    prompt = "Q" if api == "completions" else Chat.of([{"role": "user", "content": "Q"}])
    return question(Request("q", prompt, 2, 0, window=window), "m", SAMPLING, {}, logprobs=logprobs)


@pytest.mark.parametrize("api", ANSWERS)
def test_both_apis_tell_the_same(api):
    """A response's tokens are those of its log-probabilities; confidence is of the twenty likeliest, of 21 there."""
    answer = read(ANSWERS[api], asked(api), 2)
    first, second = answer.responses
    assert (first.text, first.tokens, first.logprob, first.cut) == ("a", 2, -3, False)
    assert (second.text, second.tokens, second.logprob, second.cut) == ("b", 1, -0.5, True)
    assert first.prompt_tokens == answer.prompt_tokens == 7 and answer.tokens == 3
    sure = sum(0.1 * k for k in range(1, 21)) / 20
    assert first.confidence == pytest.approx(confidence([sure, sure], 1))
    assert answer.finished == ["stop", "length"]


@pytest.mark.parametrize("api", ANSWERS)
def test_too_few_alternatives_are_no_confidence(api):
    told = json.loads(json.dumps(ANSWERS[api]))
    logprobs = told["choices"][1]["logprobs"]
    if api == "chat":
        logprobs["content"][0]["top_logprobs"].pop()
    else:
        logprobs["top_logprobs"][0].popitem()
    with pytest.raises(Garbage, match="too few: 19 at a token"):
        read(told, asked(api), 2)


def test_tokens_that_nobody_can_tell_apart():
    """Hidden thoughts count; of several responses nobody says whose they are, of one they are its own."""
    told = {**ANSWERS["completions"], "usage": {"prompt_tokens": 7, "completion_tokens": 90}}
    answer = read(told, asked("completions"), 2)
    assert answer.responses is None and answer.tokens == 90
    (one,) = read({**told, "choices": told["choices"][:1]}, asked("completions"), 2).responses
    assert (one.text, one.tokens) == ("b", 90)


def test_a_response_that_is_all_thought_is_empty():
    told = {"choices": [{"message": {"content": None}}], "usage": {"prompt_tokens": 1, "completion_tokens": 5}}
    (response,) = read(told, asked("chat"), 1).responses
    assert (response.text, response.tokens) == ("", 5)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(value, here=()):
    yield here
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*here, key))


@pytest.mark.parametrize("api", ANSWERS)
@settings(max_examples=60)
@given(st.data())
def test_any_answer_is_read_or_is_garbage(api, data):
    told = json.loads(json.dumps(ANSWERS[api]))
    for _ in range(data.draw(st.integers(1, 2))):
        *way, last = data.draw(st.sampled_from([place for place in places(told) if place]))
        inner = told
        for key in way:
            inner = inner[key]
        inner[last] = data.draw(VALUES)
    try:
        answer = read(told, asked(api), 2)
    except Garbage:
        return
    for response in answer.responses or ():
        assert 1 <= response.tokens < 2**31 and 0 <= response.prompt_tokens < 2**31
        assert isinstance(response.logprob, int | float) and response.text.encode() is not None
