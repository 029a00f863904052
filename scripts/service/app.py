"""The service as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ..inference.marking import Marked, Marker
from .batching import Expired, ModelThread, TextFailed, Ticket
from .bodies import parse_texts, read_body
from .describe import describe, model_name
from .envelope import Access, Envelope, Exchange, unexpected
from .limits import Limits
from .metrics import CONTENT_TYPE, Metrics
from .problems import Problem, unavailable
from .schemas import (
    ErrorBody,
    ModelBody,
    NerBody,
    Offsets,
    StateBody,
    answer,
    answer_example,
    request_body,
)

# An answer of more is built beside the event loop; of fewer, handing it over takes longer.
ENTITIES_AT_ONCE = 1000
PAGE = Path(__file__).parent / "page"
PAGE_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
DESCRIPTION = (
    "Marks named entities. `start` and `end` count code points, as Python does; with "
    "`?offsets=utf16` UTF-16 code units, as JavaScript, Java and C# do."
)
MEANINGS = {
    400: "The body is not JSON in UTF-8, or has a key twice",
    401: "The service needs a key",
    405: "The path has no such method",
    408: "The body came too slowly",
    413: "The body is too large",
    415: "The body is not said to be JSON",
    421: "The service answers to localhost only",
    422: "The JSON is not what is asked for, or over a limit",
    500: "The model failed",
    503: "The queue is full, the model is loading, or the service stops; see Retry-After",
    504: "The answer took too long",
}


class Service:
    """What the endpoints share.

    Args:
        load: Loads the marker.
        limits: The limits.
        access: Who may ask.
    """

    def __init__(self, load: Callable[[], Marker], limits: Limits, access: Access) -> None:
        self.limits = limits
        self.access = access
        self.metrics = Metrics()
        self.thread = ModelThread(load, limits, self.metrics.batch)
        self.in_hand = 0
        self.metrics.watch(
            lambda: self.thread.waiting,
            lambda: self.thread.dropped,
            lambda: self.thread.state() == "ready",
        )

    @property
    def marker(self) -> Marker:
        """The loaded marker.

        Raises:
            Problem: 503, since it is not loaded yet.
        """
        if self.thread.marker is None:
            state = self.thread.state()
            raise unavailable(state, f"The service has no model: it is {state}.")
        return self.thread.marker

    async def ner(self, request: Request, offsets: Offsets) -> Response:
        """Answers /ner.

        Raises:
            Problem: The request is refused, or cannot be answered.
        """
        if self.in_hand >= self.limits.requests:
            raise unavailable("busy", "Too many requests are in hand. Try again later.")
        self.in_hand += 1
        try:
            texts = parse_texts(await read_body(request, self.limits), self.limits)
            done = await self._mark(request, texts)
            if sum(len(marked.ents) for marked in done) > ENTITIES_AT_ONCE:
                # This takes a while: other requests are not to wait for it.
                response = await asyncio.to_thread(self._answer, offsets, done)
            else:
                response = self._answer(offsets, done)
        except ClientDisconnect:
            # Nobody reads this; the log says 499.
            return Response(status_code=499)
        finally:
            self.in_hand -= 1
        characters, entities = sum(map(len, texts)), sum(len(marked.ents) for marked in done)
        self.metrics.marked(len(texts), characters, entities)
        exchange: Exchange = request.state.exchange
        exchange.fields.update(texts=len(texts), characters=characters, entities=entities)
        return response

    def _answer(self, offsets: Offsets, done: list[Marked]) -> Response:
        return JSONResponse(answer(model_name(self.marker.nlp), offsets, done))

    async def _mark(self, request: Request, texts: list[str]) -> list[Marked]:
        ticket = self.thread.submit(texts)
        try:
            await _first(asyncio.wrap_future(ticket.future), request, self.limits.answer_seconds)
            return _result(ticket, request.state.exchange)
        finally:
            # Whoever stopped waiting: the texts still in the queue are dropped.
            ticket.future.cancel()


async def _first(future: asyncio.Future[Any], request: Request, seconds: float) -> None:
    """Waits for the answer; for the client to go away; or for the time to be over.

    Raises:
        ClientDisconnect: The client went away.
        Problem: 504.
    """
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        # The thread gives up a text that is late; the margin lets it say so itself.
        done, _ = await asyncio.wait(
            (future, gone), timeout=seconds + 1, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        gone.cancel()
    if future in done:
        # Read here, or asyncio complains of an exception that nobody looked at.
        future.exception()
        return
    future.cancel()
    if gone in done:
        raise ClientDisconnect
    raise late()


async def _disconnected(request: Request) -> None:
    # The body has been read: all that can come is that the client goes away.
    while (await request.receive())["type"] != "http.disconnect":
        pass


def late() -> Problem:
    """The 504 of a request that waited too long."""
    return Problem(504, "late", "The answer took too long. Send fewer texts, or try again later.")


def _result(ticket: Ticket, exchange: Exchange) -> list[Marked]:
    try:
        return ticket.future.result(timeout=0)
    except Expired:
        raise late() from None
    except TextFailed as error:
        exchange.fields.update(error=f"{error.kind} from the model", text=error.position)
        message = (
            f"The model failed on text {error.position} (from 0). "
            f"The request's id in the log is {exchange.id}."
        )
        raise Problem(500, "model_failed", message) from None


def create_app(service: Service) -> Envelope:
    """The application that a server runs; starting it up starts loading the model."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.thread.start()
        yield
        service.thread.stop(service.limits.drain_seconds)

    app = FastAPI(
        title="Named entity recognition", version="1", description=DESCRIPTION, lifespan=lifespan,
        docs_url=None, redoc_url=None, redirect_slashes=False, openapi_tags=[],
        exception_handlers={
            Problem: _tell, HTTPException: _tell_http, RequestValidationError: _tell_query,
            Exception: _tell_failure,
        },
    )  # fmt: skip
    _add_ner(app, service)
    _add_states(app, service)
    for path in PAGE_FILES:
        app.add_api_route(path, _page, methods=["GET", "HEAD"], include_in_schema=False)
    _add_security(app, service)
    paths = frozenset((*PAGE_FILES, *app.openapi()["paths"], "/openapi.json"))
    return Envelope(app, paths, service.access, service.metrics)


def _add_ner(app: FastAPI, service: Service) -> None:
    good = {"content": {"application/json": {"example": answer_example()}}}

    @app.post(
        "/ner",
        summary="Mark the entities of one text or several",
        response_model=NerBody,
        responses={200: good, **_errors(*MEANINGS)},
        openapi_extra={"requestBody": request_body(service.limits)},
    )
    async def ner(request: Request, offsets: Offsets = Offsets.codepoint) -> Response:
        return await service.ner(request, offsets)


def _add_states(app: FastAPI, service: Service) -> None:
    @app.get("/health", summary="Whether the process works", response_model=StateBody,
             responses=_errors(421, 503))  # fmt: skip
    async def health() -> Response:
        alive = service.thread.alive
        body = {"status": "ok" if alive else "failed"}
        return JSONResponse(body, status_code=200 if alive else 503)

    @app.get("/ready", summary="Whether texts are taken", response_model=StateBody,
             responses={**_errors(421), 503: {"model": StateBody}})  # fmt: skip
    async def ready() -> Response:
        state = service.thread.state()
        return JSONResponse({"status": state}, status_code=200 if state == "ready" else 503)

    # Some load balancers ask so; the server leaves the body out.
    for path, endpoint in (("/health", health), ("/ready", ready)):
        app.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)

    @app.get("/model", summary="What the model is", response_model=ModelBody,
             responses=_errors(401, 421, 503))  # fmt: skip
    async def model() -> Response:
        return JSONResponse(describe(service.marker, service.limits))

    @app.get("/metrics", summary="Counters for Prometheus", response_class=Response,
             responses={200: {"content": {"text/plain": {}}}, **_errors(401, 421)})  # fmt: skip
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type=CONTENT_TYPE)


def _errors(*codes: int) -> dict[int | str, dict[str, Any]]:
    return {code: {"model": ErrorBody, "description": MEANINGS[code]} for code in codes}


def _add_security(app: FastAPI, service: Service) -> None:
    """Says in the OpenAPI document which key is needed, where one is."""
    if service.access.key is None:
        return
    document = app.openapi()
    document.setdefault("components", {})["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    for path in ("/ner", "/model", "/metrics"):
        for operation in document["paths"][path].values():
            operation["security"] = [{"bearer": []}, {"header": []}]


async def _page(request: Request) -> FileResponse:
    name, kind = PAGE_FILES[request.url.path]
    return FileResponse(PAGE / name, media_type=kind)


async def _tell(request: Request, problem: Problem) -> Response:
    return JSONResponse(problem.body(), problem.status, problem.headers)


async def _tell_http(request: Request, error: HTTPException) -> Response:
    known = {404: ("not_found", "There is no such path."),
             405: ("wrong_method", "The path has no such method.")}  # fmt: skip
    code, message = known.get(error.status_code, ("refused", "The request is refused."))
    return await _tell(request, Problem(error.status_code, code, message, error.headers))


async def _tell_query(request: Request, error: RequestValidationError) -> Response:
    # The only parameter is offsets; what was sent is not echoed.
    message = "?offsets= must be codepoint or utf16."
    return await _tell(request, Problem(422, "wrong_offsets", message))


async def _tell_failure(request: Request, error: Exception) -> Response:
    return await _tell(request, unexpected(request.state.exchange.id))
