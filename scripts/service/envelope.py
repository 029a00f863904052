"""Around every request: its id, the key, the host, the log, the metrics, errors, headers.

Pure ASGI: a middleware of Starlette's own kind would hide from ``/ner`` that a client went away.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
import re
import time
import uuid
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .logs import log, where
from .metrics import OTHER, Metrics
from .problems import Problem

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# Answered without a key: what orchestrators ask, and the page, which asks for the key itself.
OPEN = ("/health", "/ready", "/", "/page.css", "/page.js", "/icon.svg")
# A client's own request id is kept if it cannot break a log line.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LOCAL = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", re.IGNORECASE)


@dataclass(frozen=True)
class Access:
    """Who may ask.

    Args:
        key: The key that requests must carry; None: none is needed.
        local: Only requests to a loopback name are answered, so that no page elsewhere can
            reach the service through a name of its own that it points to 127.0.0.1.
    """

    key: str | None = None
    local: bool = False

    def check(self, path: str, headers: Headers) -> None:
        """Refuses a request that may not be answered.

        Raises:
            Problem: 421 for the wrong host, 401 without the key.
        """
        if self.local and not _LOCAL.fullmatch(headers.get("host", "")):
            raise Problem(421, "wrong_host", "This service answers to localhost only.")
        if self.key is None or path in OPEN or hmac.compare_digest(
            _key_of(headers), os.fsencode(self.key)
        ):  # fmt: skip
            return
        message = "Send the service's key: Authorization: Bearer KEY, or X-API-Key: KEY."
        raise Problem(401, "key_needed", message, {"WWW-Authenticate": "Bearer"})


def _key_of(headers: Headers) -> bytes:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    given = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    # Header values are decoded as Latin-1, environment variables as file names: bytes are compared.
    return given.encode("latin-1")


@dataclass
class Exchange:
    """What is known of a request, for its log line; ``fields`` come from the endpoint.

    ``body_left``: it has a body that was not read to its end.
    """

    id: str
    method: str
    path: str
    started: float = field(default_factory=time.perf_counter)
    status: int = 0
    body_left: bool = False
    fields: dict[str, object] = field(default_factory=dict)


class Envelope:
    """The outermost ASGI application.

    Args:
        app: The application inside.
        paths: The paths that it has; others are logged and counted as ``other``.
        access: Who may ask.
        metrics: Where requests are counted.
    """

    def __init__(
        self, app: ASGIApp, paths: frozenset[str], access: Access, metrics: Metrics
    ) -> None:
        self.app = app
        self.paths = paths
        self.access = access
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request; anything else (the life span) is passed on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        exchange = Exchange(
            id=given if _ID.fullmatch(given) else uuid.uuid4().hex,
            method=scope["method"],
            path=scope["path"] if scope["path"] in self.paths else OTHER,
            body_left=_has_body(headers),
        )
        scope.setdefault("state", {})["exchange"] = exchange
        wrapped = _sender(exchange, send)
        try:
            self.access.check(scope["path"], headers)
            await self.app(scope, _receiver(exchange, receive), wrapped)
        except Problem as problem:
            await send_problem(problem, wrapped)
        except Exception as error:
            exchange.fields["error"] = where(error)
            if not exchange.status:
                await send_problem(unexpected(exchange.id), wrapped)
        finally:
            self._close(exchange)

    def _close(self, exchange: Exchange) -> None:
        seconds = time.perf_counter() - exchange.started
        # Nothing was sent: the client went away first. 499 is what nginx calls that.
        status = exchange.status or 499
        self.metrics.answered(exchange.method, exchange.path, status, seconds)
        method = exchange.method if exchange.method.isalpha() else OTHER
        log(
            "request",
            level=logging.ERROR if status == 500 else logging.INFO,
            id=exchange.id, method=method[:16], path=exchange.path, status=status,
            ms=round(seconds * 1000, 1), **exchange.fields,
        )  # fmt: skip


def unexpected(request_id: str) -> Problem:
    """The 500 of an error that nobody foresaw."""
    return Problem(500, "failed", f"The request failed. Its id in the log is {request_id}.")


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0").strip("0") != ""


def _receiver(exchange: Exchange, receive: Receive) -> Receive:
    async def wrapped() -> Message:
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            exchange.body_left = False
        return message

    return wrapped


def _sender(exchange: Exchange, send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = exchange.id
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
            if exchange.body_left:
                # Kept open, the server would read and discard the rest of the body without limit.
                headers["Connection"] = "close"
        await send(message)

    return wrapped


async def send_problem(problem: Problem, send: Send) -> None:
    """Sends a problem as JSON."""
    body = json.dumps(problem.body()).encode("ascii")
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        **problem.headers,
    }
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
