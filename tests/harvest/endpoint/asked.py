"""What is asked of a server in tests, and what the fake engine says to it."""

from harvest.config import SamplingConfig
from harvest.engine import Request
from harvest.models import Factory
from harvest.progress import Report
from harvest.run import run
from tests.harvest.fake import FakeGenerator

SAMPLING = SamplingConfig(n=5, max_tokens=16)
REQUESTS = [Request(f"q{i}", f"Q: {i} + {i}?", 5, 1000 * i) for i in range(6)]


def expected():
    model = FakeGenerator()
    return {r.key: [model.response(r, i) for i in range(r.n)] for r in REQUESTS}


def harvest(config, resume=False, report=None):
    """A pool from an endpoint: no other model can be made."""
    return run(config, factory=Factory(None, None), resume=resume, report=report or Report(quiet=True))


class Said(Report):
    """Keeps what is said."""

    def __init__(self):
        super().__init__(quiet=True)
        self.lines = []

    def say(self, text):
        self.lines.append(text)
