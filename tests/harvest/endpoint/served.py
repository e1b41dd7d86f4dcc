"""An OpenAI-compatible server of a few lines, whose model is the fake engine: the same seed gives the same response."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harvest.confidence import TOP
from harvest.engine import Request
from tests.harvest.fake import FakeGenerator

MODEL = "fake/model"


class Served:
    """A server on the loopback, in a thread.

    Parameters
    ----------
    behave : callable, optional
        From the number of a request, its body and headers to something else than an answer: (status, headers, bytes),
        or "drop", which ends the connection. None stands for an answer.
    """

    def __init__(self, behave=None, *, port=0, takes_n=True, counts=True, delay=0.0, refuses=()):
        self.behave, self.takes_n, self.counts, self.delay = behave, takes_n, counts, delay
        self.refuses = refuses  # what it does not know, or calls otherwise
        self.asked, self.answered = [], []  # bodies; (prompt, seed) of every response that was sent whole
        self.at_once = self.most_at_once = 0
        self.model, self.lock = FakeGenerator(), threading.Lock()
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_GET(self):
                self.send(200, {}, json.dumps({"data": [{"id": MODEL}, {"id": "other"}]}).encode())

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with served.lock:
                    served.asked.append(body)
                    number = len(served.asked)
                    served.at_once += 1
                    served.most_at_once = max(served.most_at_once, served.at_once)
                try:
                    time.sleep(served.delay)
                    other = served.behave and served.behave(number, body, self.headers)
                    if other == "drop":
                        self.close_connection = True
                    elif other is not None:
                        self.send(*other)
                    else:
                        self.send(*served.answer(self.path, body))
                finally:
                    with served.lock:
                        served.at_once -= 1

            def send(self, status, headers, content):
                try:
                    self.send_response(status)
                    for name, value in {"Content-Length": len(content), **headers}.items():
                        self.send_header(name, str(value))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:  # nobody waits for it any more
                    self.close_connection = True

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def answer(self, path, body):
        chat = path.endswith("chat/completions")
        prompt = self.model.render(body["messages"]) if chat else body["prompt"]
        n = body.get("n", 1)
        for key, instead in {"max_tokens": "use 'max_completion_tokens'", "top_k": "unknown"}.items():
            if key in self.refuses and key in body:
                return 400, {}, json.dumps({"error": {"message": f"{key}: {instead}"}}).encode()
        if n > 1 and self.takes_n is False:
            return 400, {}, b'{"error": {"message": "n has to be 1"}}'
        n = min(n, 1 if self.takes_n == "one" else n)
        request = Request(None, prompt, n, body["seed"], temperature=None if body["temperature"] else 0.0)
        responses = [self.model.response(request, i) for i in range(n)]
        with self.lock:
            self.answered += [(prompt, body["seed"] + i) for i in range(n)]
        total = sum(r.tokens for r in responses) + (0 if self.counts else 3)
        choices = [self.choice(chat, body, r, i) for i, r in enumerate(responses)]
        usage = {"prompt_tokens": responses[0].prompt_tokens, "completion_tokens": total}
        told = {"model": MODEL, "system_fingerprint": "fp", "choices": choices[::-1], "usage": usage}
        return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()

    def choice(self, chat, body, r, i):
        own = [r.logprob / r.tokens] * r.tokens
        tops = [[-sure] * TOP for sure in self.model.sureness(r.text, r.tokens)]
        told = {"index": i, "finish_reason": "stop"}
        if chat:
            content = [
                {"token": "t", "logprob": lp, "top_logprobs": [{"token": "t", "logprob": t} for t in top]}
                for lp, top in zip(own, tops, strict=True)
            ]
            logprobs = {"content": content} if body.get("logprobs") else None
            return {**told, "message": {"role": "assistant", "content": r.text}, "logprobs": logprobs}
        logprobs = None
        if "logprobs" in body:
            tops = [{f"token_id:{k}": t for k, t in enumerate(top)} for top in tops]
            logprobs = {"tokens": ["t"] * r.tokens, "token_logprobs": own, "top_logprobs": tops}
        return {**told, "text": r.text, "logprobs": logprobs}
