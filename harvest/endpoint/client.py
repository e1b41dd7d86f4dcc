"""One request until there is an answer: errors, waits, and what is said when there is none."""

from __future__ import annotations

import asyncio
import email.utils
import ipaddress
import json
import logging
import math
import random
import re
import socket
import time
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar
from urllib.request import getproxies

import httpx

from harvest.config import ModelConfig
from harvest.endpoint.answers import NO_LOGPROBS, Garbage
from harvest.endpoint.key import Key
from harvest.endpoint.pace import Pace
from ttcsim.errors import InputError, closest, line_of

T = TypeVar("T")

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds before a request is sent again, doubled each time up to the longest."""

CONNECT = 30.0  # seconds to reach the server
_PROBES = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 5}
_ALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *((socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in _PROBES.items() if hasattr(socket, name)),
]
"""Of connections that say nothing while a long answer is made: routers forget them, and servers vanish."""

_AGAIN = 60.0  # seconds before the same is said again
_SHOWN = 200  # characters of what a server said
_KEPT = "what was received is kept: go on with --resume"
_TOO_LONG = re.compile(r"context.?(length|window)|maximum.context|max_model_len|too long|too many tokens", re.I)


class Refused(Exception):
    """The server does not take this request, and would not later."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"answers {status}: {said}")
        self.too_long = bool(_TOO_LONG.search(said)) or status == 413


AWAY, BUSY, USELESS = "away", "busy", "useless"
"""Kinds of failure: the server cannot be reached, wants to be asked less, or answers what is no answer."""


class _Failed(Exception):
    """No answer this time.

    Parameters
    ----------
    why : str
        What goes after the address.
    wait : float, optional
        Seconds after which to come again, in the server's words.
    """

    def __init__(self, kind: str, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.kind, self.why, self.wait = kind, why, wait


class Client:
    """A server that is asked.

    Parameters
    ----------
    say : callable
        Told what people who wait should know.
    """

    def __init__(self, model: ModelConfig, key: Key, say: Callable[[str], None]) -> None:
        assert model.endpoint is not None
        self._model, self._key, self.say = model, key, say
        # It would log whatever headers a server sends, at the level of debugging: they may repeat the key.
        logging.getLogger("httpcore").setLevel(logging.INFO)
        self._pace = Pace(model.requests_per_minute, model.tokens_per_minute)
        # Servers mostly close a connection that nobody has used for five seconds.
        limits = httpx.Limits(max_keepalive_connections=model.concurrency, keepalive_expiry=4.0)
        direct = _is_here(model.endpoint) or not getproxies()  # proxies lead away from here
        self._http = httpx.AsyncClient(
            base_url=f"{model.endpoint}/",
            headers=key.headers(),
            timeout=httpx.Timeout(None, connect=CONNECT),
            limits=limits,
            trust_env=not direct,
            transport=httpx.AsyncHTTPTransport(limits=limits, socket_options=_ALIVE) if direct else None,
        )
        self._used = -math.inf  # when the server last was of use
        self._told: dict[str, float] = {}  # when which kind of failure was told
        self._away = False  # and nobody has told since that it is over
        self.in_the_clear = bool(key.headers()) and model.endpoint.startswith("http:") and not _is_here(model.endpoint)
        self._sending = set[asyncio.Task[Any] | None]()

    async def ask(
        self, path: str, body: dict[str, Any], who: str, read: Callable[[Any], T], cost: Callable[[T], int]
    ) -> T:
        """Send a request until there is an answer.

        Parameters
        ----------
        who : str
            Whose request it is, for messages.
        read : callable
            Reads the answer, or raises `Garbage`.
        cost : callable
            Tokens that it took.

        Raises
        ------
        Refused
            For a request that the server does not take.
        InputError
            Where trying again is no use, or has been for too long.
        """
        failures, useless, began = 0, 0, None
        while True:
            aside, sent = await self._pace.turn(), time.monotonic()
            try:
                answer = await self._once(path, body, read)
            except _Failed as failed:
                self._pace.took(0, aside)
                failures += 1
                # A server that answers others meanwhile is not away: this request has something about it.
                useless += failed.kind == USELESS or (failed.kind == AWAY and self._used > sent)
                if useless > self._model.retries:
                    often = f", {useless} times (model.retries)" if useless > 1 else ""
                    self._give_up(f"{failed.why}{often}, asked for {who}")
                began = time.monotonic() if began is None else began
                await self._wait(failed, failures, began, who)
                continue
            except BaseException:
                self._pace.took(0, aside)
                raise
            self._pace.took(cost(answer), aside)
            self._used = time.monotonic()
            if self._away:
                self._away = False
                self.say(f"{self._model.endpoint} answers again")
            return answer

    def idle(self, task: asyncio.Task[Any]) -> bool:
        """Whether a task that asks has nothing under way and nothing to hand over, but waits until it may send."""
        return task not in self._sending and not task.done()

    async def _wait(self, failed: _Failed, failures: int, began: float, who: str) -> None:
        """Wait until the request is sent again; give up where the server has been of no use for too long."""
        why, patience = failed.why, self._model.patience
        if failed.wait is not None and failed.wait > patience:
            self._give_up(f"{why}, and not before {failed.wait:.0f} s are over (model.patience = {patience:g})")
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - 1, 20)) * random.uniform(0.75, 1.25)
        if failed.kind != USELESS:
            left = max(began, self._used) + patience - time.monotonic()
            if left <= 0:
                self._give_up(f"{why}, for {patience:g} s (model.patience), asked for {who}")
            wait = min(wait, left)
            # A single connection that breaks is nothing that people need to know, nor is the same every second.
            told = self._told.get(failed.kind, -math.inf)
            if (failed.kind == BUSY or failures > 1) and time.monotonic() - told > _AGAIN:
                self._told[failed.kind] = time.monotonic()
                self._away |= failed.kind == AWAY
                self.say(f"{self._model.endpoint} {why}; asking again, for up to {patience:g} s")
        if failed.wait:
            wait = failed.wait
            self._pace.pause(wait)
        await asyncio.sleep(wait)

    def _give_up(self, why: str) -> NoReturn:
        raise InputError(f"{self._model.endpoint} {why}; {_KEPT}")

    async def _once(self, path: str, body: dict[str, Any], read: Callable[[Any], T]) -> T:
        self._sending.add(asyncio.current_task())
        try:
            async with asyncio.timeout(self._model.timeout):
                # Not httpx's own encoding, which has no words for half a surrogate pair.
                response = await self._http.post(
                    path, content=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
                )
        except TimeoutError:
            why = f"gives no answer within {self._model.timeout:g} s (model.timeout)"
            raise _Failed(USELESS, why) from None
        except httpx.ConnectTimeout:
            raise _Failed(AWAY, f"cannot be reached within {CONNECT:g} s") from None
        except httpx.TransportError as error:
            raise _Failed(AWAY, f"does not answer ({self._shown(str(error) or type(error).__name__)})") from None
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise _Failed(USELESS, f"answers what cannot be read ({self._shown(str(error))})") from None
        finally:
            self._sending.discard(asyncio.current_task())
        if response.status_code != 200:
            await self._refused(response)
        try:
            return read(json.loads(response.content))
        except Garbage as error:
            why = f"answers what is of no use: {self._shown(str(error))}"
            if NO_LOGPROBS in why:
                raise InputError(
                    f"{self._model.endpoint} {why}; set model.logprobs = false, without [confidence] and rewards of "
                    "kind 'logprob', or use a server that has them"
                ) from None
            said = f", in '{self._shown(response.text)}'"
        except (ValueError, RecursionError):
            why, said = "answers what is no JSON", f": '{self._shown(response.text)}'"
        raise _Failed(USELESS, f"{why}{said}")

    async def _refused(self, response: httpx.Response) -> NoReturn:
        """What a status other than 200 means."""
        status, variable = response.status_code, self._key.variable
        said, code = self._message(response)
        wait = _asked_to_wait(response)
        match status:
            case 401 | 403:  # what it says may cite the key
                if variable is None:
                    self._give_up(f"answers {status}: it wants a key; name the variable that has it: model.api_key_env")
                self._give_up(f"answers {status}: it does not take the key in the environment variable {variable}")
            case 402:
                self._give_up(f"answers 402: it wants to be paid: {said}")
            case 404 | 405:
                await self._unknown(status, said)
            case 408 | 409 | 425:
                raise _Failed(USELESS, f"answers {status}: {said}", wait)
            case 429 if code == "insufficient_quota":
                self._give_up(f"answers 429: the account has no credit left: {said}")
            case 429:
                raise _Failed(BUSY, f"answers 429: {said}", wait)
            case 502 | 503 | 504 | 529:
                raise _Failed(AWAY, f"answers {status}: {said}", wait)
            case _ if status >= 500:
                raise _Failed(USELESS, f"answers {status}: {said}", wait)
            case _ if status >= 400:
                raise Refused(status, said)
        where = response.headers.get("location")
        to = f" and sends on to {self._shown(where)}" if where else ""
        self._give_up(f"answers {status}{to}; set model.endpoint to the address of the API itself, which ends in /v1")

    async def _unknown(self, status: int, said: str) -> NoReturn:
        """No such model, or no such address."""
        try:
            async with asyncio.timeout(CONNECT):
                told = json.loads((await self._http.get("models")).content)
            names = [self._shown(str(model["id"])) for model in told["data"]]
        except Exception:  # whatever else is there, it is no list of models
            self._give_up(
                f"answers {status}: {said}; is it the address of an OpenAI-compatible API (it mostly ends in /v1)?"
            )
        wanted = self._model.path
        if wanted in names:
            self._give_up(f"answers {status}: {said}; it has the model '{wanted}'")
        there = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "") if names else "none"
        self._give_up(f"has no model '{wanted}'; {closest(wanted, names)}it has {there}: set model.path")

    def _message(self, response: httpx.Response) -> tuple[str, str]:
        """What the server says of an error, and its word for it."""
        code = ""
        try:
            told = json.loads(response.content)
            error = told.get("error", told)
            code = str(error.get("code") or error.get("type")) if isinstance(error, dict) else ""
            said = error if isinstance(error, str) else str(error.get("message") or error.get("detail") or told)
        except (ValueError, AttributeError, RecursionError):
            said = response.text
        return self._shown(said), code

    def _shown(self, said: str) -> str:
        """The beginning of what a server said, in a line and without any of the key."""
        text = line_of(self._key.out_of_message(said[: 10 * _SHOWN]))
        return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()


def _asked_to_wait(response: httpx.Response) -> float | None:
    """Seconds to wait, in the server's words."""
    told = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _is_here(url: str) -> bool:
    """Whether an address is of this machine."""
    host = httpx.URL(url).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
