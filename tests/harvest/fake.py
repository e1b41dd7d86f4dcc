"""An engine of a few lines: what a response says is a hash of (prompt, seed), as on an engine that is deterministic."""

import hashlib
import random
import re
import time
from pathlib import Path

from harvest.confidence import confidence
from harvest.engine import Response
from harvest.models import Factory


class FakeGenerator:
    """Answers with numbers: one in four is the sum of the last two numbers asked about, the rest are guesses."""

    def __init__(self, model=None, engine=None, sampling=None, environment=None):
        self.engine = engine or {}
        self.closed = False
        self.asked = []
        if "loads" in self.engine:  # names a file that says so
            Path(self.engine["loads"]).touch()
            time.sleep(60)

    def facts(self):
        return {"vllm": "none", "device": "fake"}

    def render(self, messages):
        return "".join(f"<{m['role']}>{m['content']}" for m in messages) + "<assistant>"

    def fresh(self):
        pass

    def begin(self, received, report):
        pass

    def costs(self):
        return {}

    def close(self):
        self.closed = True

    def response(self, request, i):
        greedy = request.temperature == 0
        seed = request.prompt if greedy else f"{request.prompt}|{request.seed + i}|{request.temperature}"
        source = random.Random(hashlib.sha256(seed.encode()).digest())
        text = self.words(source, request)
        tokens = max(1, len(text) // 2)
        logprob = -source.random() * 5
        sure = None if request.window is None else confidence(self.sureness(text, tokens), request.window)
        return Response(text, tokens, logprob, len(request.prompt.split()), confidence=sure)

    def sureness(self, text, tokens):
        """Confidence of each token."""
        return [3 + 10 * hash_of(f"{text}|{at}") for at in range(tokens)]

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
        return [hash_of(p) for p in prompts]


class FakeProgrammer(FakeGenerator):
    """Answers with the body of a function, by the name of which it knows what to do."""

    BODIES = (
        "    return a + b", "    return a - b", "    return", "    return [0] * (1 << 40)",
        "    return add(a, b)", "    raise SystemExit(0)", "    import os; os._exit(0)",
        "    import os; os.kill(os.getppid(), 9); return a + b",
    )  # fmt: skip
    LOOP = "    while True: pass"

    def words(self, source, request):
        if "loop(" in request.prompt and source.random() < 0.5:
            return self.LOOP
        return source.choice(self.BODIES) + "\n" * source.randint(1, 3)


class FakeRewardModel:
    """Logits are hashes of the text up to the tag."""

    def __init__(self, path=None, engine=None, tag=None, environment=None):
        self.tag = tag
        self.seen = []

    def render(self, messages):
        return "".join(f"<{m['role']}>{m['content']}" for m in messages)

    def outcomes(self, prompts):
        self.seen += prompts
        return [[2 * hash_of(p) - 1] for p in prompts]

    def steps(self, prompts):
        self.seen += prompts
        return [
            [[0.0, 2 * hash_of("".join(p.split(self.tag)[: i + 1])) - 1] for i in range(p.count(self.tag))]
            for p in prompts
        ]

    def close(self):
        pass


def hash_of(text):
    """A number in [0, 1)."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32


FACTORY = Factory(FakeGenerator, FakeRewardModel)
PROGRAMMER = Factory(FakeProgrammer, FakeRewardModel)
