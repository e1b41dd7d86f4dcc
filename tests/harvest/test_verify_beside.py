"""Whatever a response does to its verifier, it costs that response alone, and the reason is known."""

import multiprocessing
import os
import signal
import time
from multiprocessing import forkserver

import pytest

from harvest.config import VerifierConfig
from harvest.tasks import Problem
from harvest.verifiers import LIBRARIES, Library
from harvest.verifiers.answers import LONGEST
from harvest.verify_beside import CHUNK, VerifyBeside
from ttcsim.errors import InputError

PROBLEM = Problem("q", "?", "1")
NAMES = ("obeys", "broken", "refuses", "stuck")
REASONS = {
    "sleeps": "timeout",
    "computes": "timeout",
    "searches": "timeout",
    "swallows": "timeout",
    "takes memory": "memory",
    "takes memory bit by bit": "memory",
    "raises": "failed",
    "recurs": "failed",
    "counts": "failed",
    "exits": "failed",
    "interrupts": "failed",
    "dies": "crashed",
    "leaves": "crashed",
    "crashes": "crashed",
}


@pytest.fixture
def beside(monkeypatch):
    """Two processes that know the verifiers which obey their responses."""
    for name in NAMES:
        monkeypatch.setitem(LIBRARIES, name, Library("tests.harvest.faulty_verifiers", ()))
    with VerifyBeside(VerifierConfig(workers=2, timeout=0.7), NAMES) as beside:
        yield beside


def test_a_response_that_harms_its_verifier_is_wrong_with_a_reason_and_no_other_is(beside):
    texts = [text for deed in REASONS for text in ("1", deed, "2")]
    verdicts = beside.verify("obeys", PROBLEM, texts).result()
    assert {text: v.reason for text, v in zip(texts, verdicts, strict=True)} == {**REASONS, "1": None, "2": None}
    assert [(v.right, v.answer) for v in verdicts] == [(True, "1"), (False, None), (False, "2")] * len(REASONS)


@pytest.mark.parametrize("deed", ["prints", "closes"])
def test_what_a_verifier_prints_or_closes_is_nobodys_trouble(beside, capfd, deed):
    found = [beside.verify("obeys", PROBLEM, [deed, "1"]).result()[1] for _ in range(3)]
    assert found == [(True, "1", None)] * 3
    assert capfd.readouterr() == ("", "")


def test_the_limit_is_that_of_a_response_not_of_its_chunk(beside):
    """One that hangs costs its chunk one limit and itself another, whatever is beside it."""
    began = time.monotonic()
    verdicts = beside.verify("obeys", PROBLEM, ["sleeps", *map(str, range(CHUNK - 1))]).result()
    assert [v.reason for v in verdicts] == ["timeout"] + [None] * (CHUNK - 1)
    assert time.monotonic() - began < 10


def test_who_asks_does_not_wait_while_responses_are_judged_again(beside):
    verdicts = beside.verify("obeys", PROBLEM, ["sleeps", "1"])
    waited = 0.0
    while True:
        began = time.monotonic()
        ready = verdicts.ready()
        waited = max(waited, time.monotonic() - began)
        if ready:
            break
        time.sleep(0.01)
    assert waited < 0.4 and verdicts.result()[0].reason == "timeout"


def test_answers_are_short_and_can_be_written(beside):
    verdicts = beside.verify("obeys", PROBLEM, ["long", "surrogate", "empty", "nul \0"]).result()
    assert [len(v.answer) for v in verdicts[:1]] == [LONGEST] and verdicts[0].answer.startswith("777")
    assert [v.answer for v in verdicts[1:]] == ["?", "", "nul \0"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("broken", r"query 'q' \(failed, ModuleNotFoundError: No module named 'no_such_package'\).*--resume"),
        ("refuses", "^programs cannot be shut in here$"),
        ("stuck", r"query 'q' \(timeout\).*gold answer"),
    ],
)
def test_what_is_no_responses_fault_stops_the_harvest_with_one_line(beside, name, said):
    with pytest.raises(InputError, match=said) as error:
        beside.verify(name, PROBLEM, ["1", "2"]).result()
    assert "\n" not in str(error.value)


def test_processes_that_somebody_else_kills_are_replaced(beside):
    """The kernel, short of memory, say: first all that verify, then the fork server with them."""
    for _ in range(2):
        assert beside.verify("obeys", PROBLEM, ["1", "2"]).result() == [(True, "1", None), (False, "2", None)]
        for process in multiprocessing.active_children():
            process.kill()
    assert beside.verify("obeys", PROBLEM, ["1", "3"]).result() == [(True, "1", None), (False, "3", None)]
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
    assert beside.verify("obeys", PROBLEM, ["1", "4"]).result() == [(True, "1", None), (False, "4", None)]
    time.sleep(0.5)
    assert beside.verify("obeys", PROBLEM, ["1", "5"]).result() == [(True, "1", None), (False, "5", None)]
