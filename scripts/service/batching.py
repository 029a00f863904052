"""One thread that owns the model, and the bounded queue of texts in front of it.

spaCy's pipelines are not safe for concurrent calls, and which device Thinc computes on is a setting
of each thread: the thread that marks loads the pipeline, too.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from threading import Condition, Thread

from ..common.memory import give_back_memory
from ..inference.marking import Marked, Marker
from .limits import Limits
from .problems import unavailable

# Batches after which freed memory is given back: some milliseconds each time.
TRIM_EVERY = 50


class TextFailed(Exception):
    """The model failed on a text, even alone.

    Args:
        position: The text's place in its request, from 0.
        kind: Name of the exception that the model raised.
    """

    def __init__(self, position: int, kind: str) -> None:
        self.position = position
        self.kind = kind
        super().__init__(kind)


class Expired(Exception):
    """The request waited longer than it may."""


@dataclass(eq=False)
class Ticket:
    """A request's texts on their way through the queue.

    Args:
        texts: The texts.
        deadline: When they are given up, on the monotonic clock.
        future: Gets the marked texts, in order; cancelled when nobody waits for them any more.
        marked: Those marked so far.
    """

    texts: Sequence[str]
    deadline: float
    future: Future[list[Marked]] = field(default_factory=Future)
    marked: dict[int, Marked] = field(default_factory=dict)

    def alive(self, now: float) -> bool:
        """Whether its texts are still to be marked; one that is too late is told so."""
        if not self.future.done() and now > self.deadline:
            self.fail(Expired())
        return not self.future.done()

    def fail(self, error: Exception) -> None:
        """Gives the request up, unless it is done."""
        with suppress(InvalidStateError):
            self.future.set_exception(error)

    def add(self, position: int, marked: Marked) -> None:
        """Takes a marked text; the last one completes the request."""
        self.marked[position] = marked
        if len(self.marked) == len(self.texts):
            with suppress(InvalidStateError):
                self.future.set_result([self.marked[i] for i in range(len(self.texts))])


# A text in the queue: its request, and its place there.
Waiting = tuple[Ticket, int]


class ModelThread:
    """Marks the texts of concurrent requests in batches, on a thread of its own.

    Args:
        load: Loads the marker; called on the thread.
        limits: Sizes of the queue and of batches.
        observe: Told the number of texts of each batch, and the seconds that it took.
    """

    def __init__(
        self,
        load: Callable[[], Marker],
        limits: Limits,
        observe: Callable[[int, float], None] = lambda texts, seconds: None,
    ) -> None:
        self.marker: Marker | None = None
        self.failure: Exception | None = None
        self.dropped = 0
        self._load = load
        self._limits = limits
        self._observe = observe
        self._queue: deque[Waiting] = deque()
        self._characters = 0
        self._changed = Condition()
        self._stopping = False
        # A daemon, so that a model that hangs does not keep the process from ending.
        self._thread = Thread(target=self._run, name="model", daemon=True)

    def start(self) -> None:
        """Starts loading the model."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """Texts in the queue."""
        return len(self._queue)

    def state(self) -> str:
        """``ready``, or why not: ``stopping``, ``failed``, ``loading`` or ``busy`` (queue full)."""
        if self._stopping:
            return "stopping"
        if self.failure is not None or not self.alive:
            return "failed"
        if self.marker is None:
            return "loading"
        return "ready" if self._has_room(1, 1) else "busy"

    def submit(self, texts: Sequence[str]) -> Ticket:
        """Puts a request's texts into the queue, all or none.

        Raises:
            Problem: 503, since the queue is full or no model is at hand.
        """
        state = self.state()
        if state not in ("ready", "busy"):
            raise unavailable(state, f"The service takes no texts: it is {state}.")
        ticket = Ticket(texts, time.monotonic() + self._limits.answer_seconds)
        characters = sum(map(len, texts))
        with self._changed:
            if not self._has_room(len(texts), characters):
                raise unavailable("busy", "Too many texts are waiting. Try again later.")
            self._queue.extend((ticket, position) for position in range(len(texts)))
            self._characters += characters
            self._changed.notify()
        return ticket

    def begin_stop(self) -> None:
        """Takes no further texts; those in the queue are marked, then the thread ends.

        Takes no lock: signal handlers call it.
        """
        self._stopping = True

    def stop(self, seconds: float) -> bool:
        """Ends the thread once the queue is empty; says whether it did so within ``seconds``."""
        self.begin_stop()
        with self._changed:
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self.alive

    def _has_room(self, texts: int, characters: int) -> bool:
        # What is larger than the whole queue is taken when nothing waits.
        return not self._queue or (
            len(self._queue) + texts <= self._limits.queue_texts
            and self._characters + characters <= self._limits.queue_characters
        )

    def _run(self) -> None:
        try:
            marker = self._load()
            # The first call is the slowest.
            list(marker.mark(["."]))
        except Exception as error:
            self.failure = error
            return
        self.marker = marker
        for number in count(1):
            batch = self._next_batch()
            if not batch:
                return
            started = time.perf_counter()
            self._mark_batch(marker, batch)
            self._observe(len(batch), time.perf_counter() - started)
            if number % TRIM_EVERY == 0:
                give_back_memory()

    def _next_batch(self) -> list[Waiting]:
        """Waits for texts, a little longer for more of them; empty when the thread is to end."""
        batch: list[Waiting] = []
        characters = 0
        close = float("inf")
        with self._changed:
            while True:
                characters = self._take(batch, characters)
                if batch and close == float("inf"):
                    close = time.monotonic() + self._limits.batch_wait
                rest = close - time.monotonic()
                if batch and (self._full(batch) or rest <= 0 or self._stopping):
                    return batch
                if self._stopping and not batch:
                    return batch
                # Signal handlers cannot notify: look now and then.
                self._changed.wait(min(rest, 0.5))

    def _full(self, batch: list[Waiting]) -> bool:
        # What still waits did not fit.
        return bool(self._queue) or len(batch) >= self._limits.batch_texts

    def _take(self, batch: list[Waiting], characters: int) -> int:
        """Moves what fits from the queue to the batch; gives the batch's characters."""
        now = time.monotonic()
        while self._queue and len(batch) < self._limits.batch_texts:
            ticket, position = self._queue[0]
            length = len(ticket.texts[position])
            alive = ticket.alive(now)
            if alive and batch and characters + length > self._limits.batch_characters:
                break
            self._queue.popleft()
            self._characters -= length
            if alive:
                batch.append((ticket, position))
                characters += length
            else:
                self.dropped += 1
        return characters

    def _mark_batch(self, marker: Marker, batch: list[Waiting]) -> None:
        try:
            done = _mark(marker, [ticket.texts[position] for ticket, position in batch])
        except Exception as error:
            if len(batch) == 1:
                ticket, position = batch[0]
                ticket.fail(TextFailed(position, type(error).__name__))
                return
            # One of them is at fault: only that one is to fail.
            for ticket, position in batch:
                if ticket.alive(time.monotonic()):
                    self._mark_batch(marker, [(ticket, position)])
            return
        for (ticket, position), marked in zip(batch, done, strict=True):
            ticket.add(position, marked)


def _mark(marker: Marker, texts: list[str]) -> list[Marked]:
    # Otherwise the vocabulary keeps every word that it ever saw, and the memory of a server grows.
    with marker.nlp.memory_zone():
        done = list(marker.mark(texts))
    if len(done) != len(texts):
        raise RuntimeError("The model lost a text")
    return done
