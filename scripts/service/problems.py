"""What is said to a client whose request is not answered: a status, a code and one sentence."""

from __future__ import annotations

from collections.abc import Mapping


class Problem(Exception):
    """A request that is refused or cannot be answered.

    Args:
        status: HTTP status.
        code: Word that a program can tell the problem by.
        message: Sentence for a person; never any of the text sent.
        headers: Further response headers.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        super().__init__(code)

    def body(self) -> dict[str, dict[str, str]]:
        """What is sent: ``{"error": {"code": …, "message": …}}``."""
        return {"error": {"code": self.code, "message": self.message}}


def unavailable(code: str, message: str) -> Problem:
    """A 503 that may be tried again in a second."""
    return Problem(503, code, message, {"Retry-After": "1"})
