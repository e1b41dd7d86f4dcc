"""An engine of a few lines: what a response says is a hash of (prompt, seed), as on an engine that is deterministic."""

import hashlib
import random
import re
import time

from harvest.engine import Response
from harvest.models import Factory


class FakeGenerator:
    """Answers with numbers: one in four is the sum of the last two numbers asked about, the rest are guesses."""

    def __init__(self, model=None, engine=None, sampling=None, environment=None):
        self.engine = engine or {}
        self.closed = False
        self.asked = []

    def facts(self):
        return {"vllm": "none", "device": "fake"}

    def render(self, messages):
        return "".join(f"<{m['role']}>{m['content']}" for m in messages) + "<assistant>"

    def fresh(self):
        pass

    def close(self):
        self.closed = True

    def response(self, request, i):
        seed = f"{request.prompt}|{request.seed + i}|{request.temperature}"
        source = random.Random(hashlib.sha256(seed.encode()).digest())
        if request.temperature == 0:
            source = random.Random(hashlib.sha256(request.prompt.encode()).digest())
        text = self.words(source, request)
        return Response(text, max(1, len(text) // 2), -source.random() * 5, cut=False)

    def words(self, source, request):
        numbers = [int(n) for n in re.findall(r"\d+", request.prompt.rpartition("Q:")[2])][:2]
        return f" {sum(numbers) if source.random() < 0.25 else source.randint(0, 9)}"

    def stream(self, requests, sampling):
        # In another order than asked, as on a real engine.
        waiting = []
        for request in requests:
            self.asked.append(request)
            waiting.append(request)
            if len(waiting) == 3:
                r = waiting.pop(1)
                yield r.key, [self.response(r, i) for i in range(r.n)]
            time.sleep(float(self.engine.get("delay", 0)))
        for r in waiting:
            yield r.key, [self.response(r, i) for i in range(r.n)]

    def choose(self, prompts, yes, no):
        return [int.from_bytes(hashlib.sha256(p.encode()).digest()[:4]) / 2**32 for p in prompts]


class FakeRewardModel:
    """Logits are hashes of the text up to the tag."""

    def __init__(self, path=None, engine=None, tag=None, environment=None):
        self.tag = tag

    def render(self, messages):
        return "".join(f"<{m['role']}>{m['content']}" for m in messages)

    def outcomes(self, prompts):
        return [[hash_of(p)] for p in prompts]

    def steps(self, prompts):
        return [
            [[0.0, hash_of("".join(p.split(self.tag)[: i + 1]))] for i in range(p.count(self.tag))] for p in prompts
        ]

    def close(self):
        pass


def hash_of(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**31 - 1


FACTORY = Factory(FakeGenerator, FakeRewardModel)
