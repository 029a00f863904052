"""The bodies of requests and answers, for the OpenAPI document and for ``/ner``'s answers."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from pydantic import BaseModel, Field

from ..annotations.units import utf16_positions
from ..inference.marking import Marked
from .limits import Limits

EXAMPLE_TEXT = "শেখ হাসিনা ঢাকায় এসেছেন 🙂"


class Offsets(str, Enum):
    """What ``start`` and ``end`` count."""

    codepoint = "codepoint"
    utf16 = "utf16"


class EntityBody(BaseModel):
    """An entity of a text."""

    start: int = Field(ge=0, description="Its first character")
    end: int = Field(gt=0, description="The character after its last one")
    label: str
    text: str = Field(description="The text from start to end")
    confidence: float | None = Field(
        ge=0, le=1, description="How sure the model is; null if the service runs without"
    )


class ResultBody(BaseModel):
    """The entities of a text, in order; none overlaps another."""

    ents: list[EntityBody]


class NerBody(BaseModel):
    """The answer of /ner; a request with one text gets one result."""

    model: str = Field(description="Language, name and version of the model")
    offsets: Offsets = Field(description="What start and end count")
    results: list[ResultBody] = Field(description="One for each text, in order")


class StateBody(BaseModel):
    """The state of the service."""

    status: str


class ModelBody(BaseModel):
    """What the model is, for clients that show its entities."""

    model: str
    lang: str = Field(description="ISO code of its language")
    labels: list[str]
    colours: dict[str, str] = Field(description="Background of each label; text on it is black")
    confidence: str | None = Field(description="What confidences are; null if there are none")
    example: str = Field(description="A sentence to try")
    text_characters: int = Field(description="Longest text")


class ErrorDetail(BaseModel):
    """What is wrong."""

    code: str = Field(description="A word for programs")
    message: str = Field(description="A sentence for people")


class ErrorBody(BaseModel):
    """The body of every answer that is no success."""

    error: ErrorDetail


def answer(model: str, offsets: Offsets, done: Sequence[Marked]) -> dict[str, Any]:
    """The body of an answer of /ner, as ``NerBody`` describes it."""
    return {
        "model": model,
        "offsets": offsets.value,
        "results": [{"ents": _entities(marked, offsets)} for marked in done],
    }


def _entities(marked: Marked, offsets: Offsets) -> list[dict[str, Any]]:
    text = marked.text
    count = utf16_positions(text) if offsets is Offsets.utf16 and marked.ents else None
    return [
        {
            "start": ent.start if count is None else count[ent.start],
            "end": ent.end if count is None else count[ent.end],
            "label": ent.label,
            "text": text[ent.start : ent.end],
            "confidence": ent.confidence,
        }
        for ent in marked.ents
    ]


def request_body(limits: Limits) -> dict[str, Any]:
    """The request body of /ner in OpenAPI; it is parsed by ``bodies.parse_texts``."""
    text = {
        "type": "string",
        "minLength": 1,
        "maxLength": limits.text_characters,
        "pattern": "^[^\\u0000]*$",
    }
    texts = {"type": "array", "items": text, "minItems": 1, "maxItems": limits.texts}
    return {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [_closed("text", text), _closed("texts", texts)]},
                "examples": {
                    "one": {"summary": "One text", "value": {"text": EXAMPLE_TEXT}},
                    "many": {
                        "summary": "Several texts",
                        "value": {"texts": [EXAMPLE_TEXT, "রহিম খুলনায় থাকেন।"]},
                    },
                },
            }
        },
    }


def _closed(key: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {key: schema},
        "required": [key],
        "additionalProperties": False,
    }


def answer_example() -> dict[str, Any]:
    """The answer to the first example of ``request_body``."""
    found = [("PER", 0, 10, 0.97), ("LOC", 11, 17, 0.93)]
    ents = [
        {"start": start, "end": end, "label": label, "text": EXAMPLE_TEXT[start:end],
         "confidence": confidence}
        for label, start, end, confidence in found
    ]  # fmt: skip
    return {"model": "bn_pipeline-0.0.0", "offsets": "codepoint", "results": [{"ents": ents}]}
