"""Verification in processes of its own, beside the generation."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from harvest.config import VerifierConfig
from harvest.tasks.problem import Problem
from harvest.verifiers import Verdict, find_verifier

CHUNK = 16  # responses a call: enough that calls cost little, few enough that all workers have some


def verify_chunk(name: str, problem: Problem, texts: Sequence[str], config: VerifierConfig) -> list[Verdict]:
    """Verdicts of responses to one query."""
    verifier = find_verifier(name)
    return [verifier(text, problem, config) for text in texts]


def _at_start() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the harvest itself stops on Ctrl-C, and its workers with it


def _processes(number: int) -> ProcessPoolExecutor:
    # Not forked: the engine's threads and device handles must not be copied.
    return ProcessPoolExecutor(number, multiprocessing.get_context("forkserver"), _at_start)


class Verdicts:
    """Verdicts of the responses to one query, as they come."""

    def __init__(self, beside: VerifyBeside, name: str, problem: Problem, texts: Sequence[str]) -> None:
        self._beside, self._name, self._problem, self._texts = beside, name, problem, texts
        # The same text is verified once; small models say few different things.
        different = list(dict.fromkeys(texts))
        self._chunks = [different[at : at + CHUNK] for at in range(0, len(different), CHUNK)]
        self._futures = [beside.submit(name, problem, chunk) for chunk in self._chunks]

    def ready(self) -> bool:
        """Whether `result` would not wait."""
        return all(f.done() for f in self._futures)

    def result(self) -> list[Verdict]:
        """One verdict a response."""
        verdicts: dict[str, Verdict] = {}
        for future, chunk in zip(self._futures, self._chunks, strict=True):
            try:
                found = future.result()
            except BrokenProcessPool:
                found = self._beside.one_by_one(self._name, self._problem, chunk)
            verdicts.update(zip(chunk, found, strict=True))
        return [verdicts[text] for text in self._texts]


class VerifyBeside:
    """A pool of verifying processes, at most `ahead` calls behind the generation."""

    def __init__(self, config: VerifierConfig, ahead: int = 4096) -> None:
        self.config = config
        self.workers = config.workers or max(1, (os.cpu_count() or 2) - 1)
        self._ahead = ahead
        self._open: deque[Future[list[Verdict]]] = deque()
        self._pool = _processes(self.workers)

    def submit(self, name: str, problem: Problem, chunk: Sequence[str]) -> Future[list[Verdict]]:
        """Verify a chunk, waiting first while too many are open: texts must not pile up in memory."""
        while self._open and (self._open[0].done() or len(self._open) >= self._ahead):
            oldest = self._open.popleft()
            if not oldest.done():
                oldest.exception()
        try:
            future = self._pool.submit(verify_chunk, name, problem, chunk, self.config)
        except BrokenProcessPool:
            self._pool = _processes(self.workers)
            future = self._pool.submit(verify_chunk, name, problem, chunk, self.config)
        self._open.append(future)
        return future

    def verify(self, name: str, problem: Problem, texts: Sequence[str]) -> Verdicts:
        """Begin to verify the responses to one query."""
        return Verdicts(self, name, problem, texts)

    def one_by_one(self, name: str, problem: Problem, chunk: Sequence[str]) -> list[Verdict]:
        """After a worker died: each response in a pool of its own, so that only the deadly one counts as wrong."""
        verdicts: list[Verdict] = []
        for text in chunk:
            with _processes(1) as pool:
                try:
                    verdicts += pool.submit(verify_chunk, name, problem, [text], self.config).result()
                except BrokenProcessPool:
                    verdicts.append((False, None))
        return verdicts

    def __enter__(self) -> VerifyBeside:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)
