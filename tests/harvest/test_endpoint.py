"""Harvests from an endpoint: the same pool as from an engine here, whatever the server does meanwhile."""

import json

import pytest

from harvest.models import Factory
from harvest.progress import Report
from harvest.run import run
from tests.harvest.fake import FACTORY
from tests.harvest.served import Served
from tests.harvest.test_run import contents


@pytest.fixture
def at(make_config, tmp_path):
    """A config whose model is at an endpoint."""

    def make(served, model=None, **tables):
        model = {"endpoint": served.url, "choices": 4, **(model or {})}
        return make_config(model=model, **{"output": {"path": str(tmp_path / "served")}, **tables})

    return make


def harvest(config, resume=False, report=None):
    """A pool from an endpoint: no other model can be made."""
    return run(config, factory=Factory(None, None), resume=resume, report=report or Report(quiet=True))


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
