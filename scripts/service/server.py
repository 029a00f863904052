"""Running the application on a port until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from ipaddress import ip_address
from types import FrameType
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..common.errors import UserError
from .app import Service, create_app
from .logs import log, set_up_logs

# Time in which the head of a request must have come.
HEAD_SECONDS = 10.0
# Open files that are no connections: the model's, the listening socket, libraries.
OTHER_FILES = 128
# Connections over the limit that are told so by a 503; further ones are cut off.
TOLD = 64
# Where a process's limit of open files cannot be asked for (Windows).
FEW_CONNECTIONS = 512


class Protocol(H11Protocol):
    """uvicorn's protocol, which waits for the head of a request for a limited time only.

    uvicorn itself waits for the first one for ever, and for a later one that has begun, too.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts waiting for the first request."""
        super().connection_made(transport)
        if self.limit_concurrency and len(self.connections) > self.limit_concurrency + TOLD:
            transport.abort()
            return
        self._head_timer = self.loop.call_later(HEAD_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Takes data; a head that is complete is no longer waited for."""
        super().data_received(data)
        answered = self.cycle is None or self.cycle.response_complete
        if not (answered and self.conn.their_state is h11.IDLE):
            self._end_wait()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends waiting."""
        self._end_wait()
        super().connection_lost(exc)

    def _end_wait(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def fit_connections(wanted: int) -> int:
    """As many of the wanted connections as the process may have open files.

    Raises the process's soft limit of open files as far as needed, and as its hard one allows.
    """
    try:
        import resource
    except ImportError:
        return min(wanted, FEW_CONNECTIONS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + TOLD + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (OSError, ValueError):
        most = soft
    return max(1, min(wanted, most - TOLD - OTHER_FILES))


class Server(uvicorn.Server):
    """uvicorn's server, which says at once that it stops, and ends with status 0 on a signal."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self.service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Answers a signal: takes no further texts, finishes what is in hand.

        uvicorn raises the signal anew when it is done, so that the process would end by it.
        """
        self.service.thread.begin_stop()
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Ends the server when the model could not be loaded, too."""
        return await super().on_tick(counter) or self.service.thread.failure is not None


def serve(service: Service, host: str, port: int) -> None:
    """Answers requests until SIGTERM or SIGINT.

    Raises:
        UserError: The port cannot be bound, or the model not loaded.
    """
    set_up_logs()
    limits = service.limits
    config = uvicorn.Config(
        create_app(service), host=host, port=port, http=Protocol, ws="none", lifespan="on",
        log_config=None, access_log=False, server_header=False,
        limit_concurrency=fit_connections(limits.connections),
        timeout_graceful_shutdown=round(limits.drain_seconds),
    )  # fmt: skip
    server = Server(config, service)
    try:
        server.run()
    except SystemExit:
        # uvicorn's way to say that it could not start; its log line says why.
        raise UserError(
            "The server cannot start",
            where=f"{host} port {port}",
            todo="The log says why. Is the port taken? Choose another one with --port.",
        ) from None
    failure = service.thread.failure
    if isinstance(failure, UserError):
        raise failure
    if failure is not None:
        raise UserError("The model cannot be loaded", todo=f"It says: {failure!r}") from failure
    if service.thread.alive and service.thread.waiting:
        log("unfinished", texts=service.thread.waiting)
    if service.thread.alive:
        # The model still computes; ending Python under it may crash, and there is nothing to save.
        sys.stderr.flush()
        os._exit(0)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host name or address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
