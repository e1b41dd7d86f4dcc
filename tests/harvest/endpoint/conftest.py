"""A config whose model is at an endpoint, and questions to one without a harvest."""

import pytest

from harvest.config import ModelConfig
from harvest.endpoint.generator import EndpointGenerator
from tests.harvest.endpoint.asked import REQUESTS, SAMPLING, Said
from tests.harvest.endpoint.served import MODEL


@pytest.fixture
def at(make_config, tmp_path):
    """A config whose model is at an endpoint."""

    def make(served, model=None, **tables):
        model = {"endpoint": served.url, "choices": 4, **(model or {})}
        return make_config(model=model, **{"output": {"path": str(tmp_path / "served")}, **tables})

    return make


@pytest.fixture
def asking(tmp_path, monkeypatch):
    """Asks for five responses to each of six prompts, with one journal for all of a test; what was said meanwhile."""
    monkeypatch.setattr("harvest.endpoint.client.FIRST_WAIT", 0.02)

    def ask(served, model=None, requests=REQUESTS, sampling=SAMPLING):
        told = {"path": MODEL, "endpoint": served.url, "choices": 3, "concurrency": 4, "patience": 20, **(model or {})}
        generator, said = EndpointGenerator(ModelConfig(**told), sampling), Said()
        try:
            generator.begin(tmp_path / "received.jsonl", said)
            return dict(generator.stream(requests, sampling)), said.lines
        finally:
            generator.close()

    return ask
