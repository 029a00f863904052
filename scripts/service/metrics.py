"""What the service counts, for Prometheus: never anything of the texts, and few label values."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

# Whatever else a client makes up is counted under one name, or the memory would grow with it.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER = "other"
CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        made = {"registry": self.registry}
        self._requests = Counter(
            "ner_requests", "Requests answered", ("method", "path", "code"), **made
        )
        self._seconds = Histogram(
            "ner_request_seconds", "Time to the answer", ("path",), buckets=SECONDS, **made
        )
        self._batch = Histogram("ner_batch_texts", "Texts of a batch", buckets=SIZES, **made)
        self._batch_seconds = Histogram(
            "ner_batch_seconds", "Time that the model takes for a batch", buckets=SECONDS, **made
        )
        self._texts = Counter("ner_texts", "Texts marked", **made)
        self._characters = Counter("ner_characters", "Characters of the texts marked", **made)
        self._entities = Counter("ner_entities", "Entities found", **made)
        self._queue = Gauge("ner_queue_texts", "Texts that wait", **made)
        self._dropped = Gauge(
            "ner_dropped_texts", "Texts thrown away: too late, or the client gone", **made
        )
        self._ready = Gauge("ner_ready", "1 if texts are taken", **made)

    def watch(
        self, waiting: Callable[[], int], dropped: Callable[[], int], ready: Callable[[], bool]
    ) -> None:
        """Says where the current values are found when they are asked for."""
        self._queue.set_function(waiting)
        self._dropped.set_function(dropped)
        self._ready.set_function(lambda: float(ready()))

    def batch(self, texts: int, seconds: float) -> None:
        """Counts a batch that the model was given."""
        self._batch.observe(texts)
        self._batch_seconds.observe(seconds)

    def marked(self, texts: int, characters: int, entities: int) -> None:
        """Counts the texts of a request that was answered."""
        self._texts.inc(texts)
        self._characters.inc(characters)
        self._entities.inc(entities)

    def answered(self, method: str, path: str, status: int, seconds: float) -> None:
        """Counts a request; ``path`` is one of the service's, or ``OTHER``."""
        known = method if method in METHODS else OTHER
        self._requests.labels(known, path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self.registry)
