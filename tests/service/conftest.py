"""A marker without a model, and an application around it that tests ask in the same process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.inference.marking import Entity, Marked
from scripts.scoring.calibration import RAW

ROOT = Path(__file__).resolve().parents[2]


class StubMarker:
    """Marks every ঢাকায় as LOC; a text with ``fail`` in it makes the whole batch fail."""

    confidence = True
    calibration = RAW

    def __init__(self) -> None:
        meta = {"lang": "bn", "name": "stub", "version": "1"}
        pipe = SimpleNamespace(labels=("PER", "LOC"))
        self.nlp = SimpleNamespace(
            lang="bn", meta=meta, pipe_names=["ner"], memory_zone=nullcontext,
            pipeline=[("ner", pipe)], get_pipe=lambda name: pipe, config={},
        )  # fmt: skip
        # In a text of a batch it makes the whole batch fail; None: nothing does.
        self.failing: str | None = "fail"
        self.batches: list[list[str]] = []
        # Cleared, the model waits: what comes meanwhile stays in the queue.
        self.go = threading.Event()
        self.go.set()

    def mark(self, texts: list[str]) -> Iterator[Marked]:
        if texts != ["."]:
            self.batches.append(list(texts))
            self.go.wait(5)
        if self.failing is not None and any(self.failing in text for text in texts):
            raise ValueError(f"secret trace: {texts}")
        for text in texts:
            at = text.find("ঢাকায়")
            ents = () if at < 0 else (Entity(at, at + 6, "LOC", 0.9),)
            yield Marked(text, ents)


@pytest.fixture
def stub() -> StubMarker:
    return StubMarker()


@pytest.fixture
def ask(stub) -> Callable[..., Any]:
    """Runs ``calls(client, service)`` against the application, started up and shut down."""
    httpx = pytest.importorskip("httpx")
    pytest.importorskip("fastapi")
    from scripts.service.app import Service, create_app
    from scripts.service.envelope import Access
    from scripts.service.limits import Limits

    def run(calls, *, key=None, local=False, load=lambda: stub, **limits):
        service = Service(load, Limits(**limits), Access(key, local))
        app = create_app(service)

        async def main():
            async with _started(app):
                while service.thread.state() == "loading":
                    await asyncio.sleep(0.001)
                transport = httpx.ASGITransport(app)
                async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                    return await calls(client, service)

        return asyncio.run(main())

    return run


@asynccontextmanager
async def _started(app):
    """The life span of an ASGI application, which httpx does not run."""
    inbox: asyncio.Queue = asyncio.Queue()
    sent: asyncio.Queue = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan", "asgi": {}}, inbox.get, sent.put))
    await inbox.put({"type": "lifespan.startup"})
    assert (await sent.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        await task
