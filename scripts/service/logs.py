"""Structured logs: one JSON object a line on standard error, never a text, never a key."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

LOGGER = "scripts.service"
# uvicorn's logger of what is no request of ours: start, stop, broken HTTP.
SERVER = "uvicorn.error"
# The event loop's, of connections that break: left alone, it writes stack traces.
LOOP = "asyncio"


class JsonLines(logging.Formatter):
    """Formats a record as JSON; what ``log`` was given comes after time, level and event."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; exceptions are left out, since their messages may quote a text.

        So is all but the first line of a message: the event loop appends what it knows.
        """
        time = datetime.fromtimestamp(record.created, timezone.utc)
        line = {
            "time": time.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage().partition("\n")[0],
            **getattr(record, "fields", {}),
        }
        return json.dumps(line, ensure_ascii=False)


def set_up_logs() -> None:
    """Sends the log of service, server and event loop to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in (LOGGER, SERVER, LOOP):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False


def log(event: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Writes a line to the log."""
    logging.getLogger(LOGGER).log(level, event, extra={"fields": fields})


def where(error: BaseException) -> str:
    """An exception without its message: its name, and the line that it comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
