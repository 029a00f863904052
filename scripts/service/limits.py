"""How much the service takes, and how long things may last."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The limits of a service; sizes are such that a full queue stays far below 1 GiB.

    Args:
        body_bytes: Largest request body.
        text_characters: Longest text, in code points.
        texts: Most texts of a request.
        body_seconds: Time in which the whole body must have come.
        answer_seconds: Time from a request's place in the queue to its answer.
        requests: Requests to /ner that are in hand at once; further ones get 503.
        queue_texts: Texts that wait at most.
        queue_characters: Characters of the texts that wait at most.
        batch_texts: Texts that the model is given at once.
        batch_characters: Characters of these; a longer text makes a batch of its own.
        batch_wait: Seconds that a batch with room waits for further texts.
        drain_seconds: Time that requests in hand are given at shutdown.
        connections: Open connections.
    """

    body_bytes: int = 1_048_576
    text_characters: int = 100_000
    texts: int = 256
    body_seconds: float = 10.0
    answer_seconds: float = 30.0
    requests: int = 256
    queue_texts: int = 1024
    queue_characters: int = 2_000_000
    batch_texts: int = 32
    batch_characters: int = 20_000
    batch_wait: float = 0.002
    drain_seconds: float = 25.0
    connections: int = 1024
