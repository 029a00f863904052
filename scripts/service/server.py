"""Running the application on a port until it is told to stop."""

from __future__ import annotations

import os
import signal
import sys
from ipaddress import ip_address
from types import FrameType

import uvicorn

from ..common.errors import UserError
from .app import Service, create_app
from .logs import log, set_up_logs


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
        create_app(service), host=host, port=port, http="h11", ws="none", lifespan="on",
        log_config=None, access_log=False, server_header=False,
        limit_concurrency=limits.connections, timeout_graceful_shutdown=round(limits.drain_seconds),
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
