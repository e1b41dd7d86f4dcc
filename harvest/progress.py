"""How far a harvest is: a bar on a terminal, a line now and then elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

EVERY = 15.0  # seconds between lines where stderr is no terminal


class Report:
    """Progress of one stage after another."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self.also: Callable[[], str] = str  # what else is to be told of how far it is
        self._bar: Progress | None = None
        if not quiet and sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rate]}"), TimeElapsedColumn(),
                TimeRemainingColumn(), console=Console(stderr=True),
            )  # fmt: skip

    def __enter__(self) -> Report:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def say(self, text: str) -> None:
        """One line."""
        if self._bar is not None:
            self._bar.console.print(text, highlight=False, markup=False)
        elif not self.quiet:
            print(f"harvest: {text}", file=sys.stderr, flush=True)

    def begin(self, name: str, total: int, done: int = 0) -> None:
        """A stage of `total` units of which `done` are done already."""
        self._name, self._total, self._done, self._before = name, total, done, done
        self._started = self._said = time.monotonic()
        self._stage_tokens = 0
        if self._bar is not None:
            self._task = self._bar.add_task(name, total=total, completed=done, rate="")
        elif done:
            self.say(f"{name}: {done} of {total} are done already")

    def advance(self, units: int, tokens: int = 0) -> None:
        """More is done."""
        self._done += units
        self._stage_tokens += tokens
        now = time.monotonic()
        spent = max(now - self._started, 1e-9)
        rate = (self._done - self._before) / spent
        if self._bar is not None:
            told = f"{rate:.0f}/s, {self._stage_tokens / spent:.0f} tokens/s{self._more()}"
            self._bar.update(self._task, completed=self._done, rate=told)
        elif now - self._said >= EVERY or self._done == self._total:
            self._said = now
            left = (self._total - self._done) / rate if rate > 0 else float("inf")
            self.say(
                f"{self._name}: {self._done} of {self._total}, {rate:.1f}/s, "
                f"{self._stage_tokens / spent:.0f} tokens/s{self._more()}, {left:.0f} s left"
            )

    def _more(self) -> str:
        return f", {more}" if (more := self.also()) else ""
