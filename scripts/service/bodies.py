"""Reading what a client sends: the body within its limits, then strict JSON, then the texts."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from fastapi import Request

from .limits import Limits
from .problems import Problem

_JSON_TYPE = re.compile(r'application/json\s*(;\s*charset="?utf-?8"?\s*)?', re.IGNORECASE)
# A body that is too large is still read, up to so many times the limit, and thrown away: a client
# that is cut off while it sends does not get to read why.
DISCARDED = 8


async def read_body(request: Request, limits: Limits) -> bytes:
    """Reads a request's body, however it is framed.

    Raises:
        Problem: It is not said to be JSON (415), too large (413), or too slow (408).
        ClientDisconnect: The client went away.
    """
    if not _JSON_TYPE.fullmatch(request.headers.get("content-type", "").strip()):
        raise Problem(415, "not_json", "Send Content-Type: application/json, in UTF-8.")
    try:
        return await asyncio.wait_for(_read(request, limits.body_bytes), limits.body_seconds)
    except asyncio.TimeoutError:
        message = f"The body did not come within {limits.body_seconds:g} seconds."
        raise Problem(408, "slow_body", message, {"Connection": "close"}) from None


async def _read(request: Request, most: int) -> bytes:
    body = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > DISCARDED * most:
            break
        if size <= most:
            body += chunk
    if size > most:
        message = f"The body may have {most:,} bytes. Send fewer texts at a time."
        raise Problem(413, "body_too_large", message, {"Connection": "close"})
    return bytes(body)


def parse_texts(body: bytes, limits: Limits) -> list[str]:
    """The texts of a body ``{"text": …}`` or ``{"texts": […]}``.

    Raises:
        Problem: It is not JSON in UTF-8 (400), or not what is asked for (422).
    """
    value = _parse_json(body)
    if not isinstance(value, dict) or set(value) not in ({"text"}, {"texts"}):
        raise _unfit("wrong_keys", 'Send an object with either "text" or "texts", nothing else.')
    texts = [value["text"]] if "text" in value else value["texts"]
    if not isinstance(texts, list):
        raise _unfit("wrong_type", '"texts" must be a list of strings.')
    if not 1 <= len(texts) <= limits.texts:
        raise _unfit("wrong_count", f'"texts" must hold 1 to {limits.texts:,} strings.')
    for position, text in enumerate(texts):
        _check_text(text, position, limits)
    return texts


def _check_text(text: Any, position: int, limits: Limits) -> None:
    name = f"Text {position} (from 0)"
    if not isinstance(text, str):
        raise _unfit("wrong_type", f"{name} is not a string.")
    if not text:
        raise _unfit("empty_text", f"{name} is empty.")
    if len(text) > limits.text_characters:
        message = f"{name} has more than {limits.text_characters:,} characters."
        raise _unfit("text_too_long", message)
    if "\0" in text:
        raise _unfit("nul_character", f"{name} has a NUL character (U+0000).")
    if not _is_unicode(text):
        raise _unfit("lone_surrogate", f"{name} has half of a surrogate pair (U+D800 to U+DFFF).")


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf8")
    except UnicodeEncodeError:
        return False
    return True


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(
            body.decode("utf8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except UnicodeDecodeError:
        raise Problem(400, "not_utf8", "The body is not UTF-8.") from None
    except (ValueError, RecursionError):
        # The parser's own message is not passed on: it may quote the body.
        raise Problem(400, "invalid_json", "The body is not valid JSON.") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Objects with a key twice are refused: parsers differ in which of the two they take."""
    value = dict(pairs)
    if len(value) < len(pairs):
        raise Problem(400, "duplicate_key", "An object of the body has a key twice.")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unfit(code: str, message: str) -> Problem:
    return Problem(422, code, message)
