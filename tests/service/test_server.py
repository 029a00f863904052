"""Connections that send no request, how many there may be, and what the event loop logs."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from types import SimpleNamespace

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("fastapi")

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


async def _answer(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await asyncio.sleep(0.3 if scope["path"] == "/slow" else 0)
    await send({"type": "http.response.body", "body": b"ok"})


def _connect(calls, **more):
    """Runs ``calls(reader, writer)`` on a connection to a server with the service's protocol."""
    import uvicorn
    from uvicorn.server import ServerState

    from scripts.service.server import Protocol

    async def main():
        config = uvicorn.Config(_answer, http=Protocol, log_config=None, access_log=False, **more)
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Protocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        async with server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                return await asyncio.wait_for(calls(reader, writer), 5)
            finally:
                writer.close()

    return asyncio.run(main())


async def _read_all(reader):
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("first", [b"", GET])
def test_server_cuts_off_who_sends_no_whole_head(monkeypatch, first):
    monkeypatch.setattr("scripts.service.server.HEAD_SECONDS", 0.1)

    async def calls(reader, writer):
        writer.write(first)
        return await _read_all(reader)

    assert _connect(calls) == b""


def test_server_cuts_off_who_trickles_a_later_head(monkeypatch):
    monkeypatch.setattr("scripts.service.server.HEAD_SECONDS", 0.1)

    async def calls(reader, writer):
        writer.write(GET + b"\r\n")
        await reader.readuntil(b"\r\n\r\nok")
        writer.write(GET)
        return await _read_all(reader)

    assert _connect(calls, timeout_keep_alive=60) == b""


def test_server_leaves_requests_and_idle_connections_alone(monkeypatch):
    monkeypatch.setattr("scripts.service.server.HEAD_SECONDS", 0.1)

    async def calls(reader, writer):
        for path in (b"/slow", b"/"):
            writer.write(GET.replace(b"/", path, 1) + b"\r\n")
            assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.2)
        writer.write(GET + b"Connection: close\r\n\r\n")
        return await reader.read()

    assert _connect(calls).endswith(b"ok")


@pytest.mark.parametrize(
    ("soft", "hard", "raised", "connections"),
    [(256, 4096, 1192, 1000), (256, 512, 512, 320), (9999, 9999, None, 1000), (64, 64, 64, 1)],
)
def test_server_fits_connections_to_the_limit_of_open_files(
    monkeypatch, soft, hard, raised, connections
):
    from scripts.service.server import fit_connections

    asked = []
    fake = SimpleNamespace(
        RLIMIT_NOFILE=7, RLIM_INFINITY=-1, getrlimit=lambda kind: (soft, hard),
        setrlimit=lambda kind, limits: asked.append(limits),
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "resource", fake)
    assert fit_connections(1000) == connections
    assert asked == ([] if raised is None else [(raised, hard)])
    monkeypatch.setitem(sys.modules, "resource", None)
    assert fit_connections(1000) == 512


def test_server_logs_the_event_loops_errors_in_one_line(monkeypatch, capsys):
    from scripts.service.logs import LOGGER, LOOP, SERVER, set_up_logs

    for name in (LOGGER, SERVER, LOOP):
        logger = logging.getLogger(name)
        for field in ("handlers", "level", "propagate"):
            monkeypatch.setattr(logger, field, getattr(logger, field))
    set_up_logs()
    loop = asyncio.new_event_loop()
    error = OSError("hush")
    loop.call_exception_handler({"message": "Fatal error", "exception": error, "protocol": "hush"})
    loop.close()
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "Fatal error"
    assert "hush" not in line and "Traceback" not in line
