"""What the service says about its model: name, labels, their colours, a sentence to try."""

from __future__ import annotations

import colorsys
import hashlib
from typing import Any

from spacy.displacy.render import DEFAULT_LABEL_COLORS
from spacy.language import Language

from ..inference.filling import known_labels
from ..inference.marking import Marker
from ..scoring.calibration import RAW
from .limits import Limits

# Labels of other schemes, and whose colour of displaCy they get.
SAME_AS = {"PER": "PERSON", "LOCATION": "LOC", "ORGANIZATION": "ORG", "FACILITY": "FAC"}
EXAMPLES = {
    "bn": "রবীন্দ্রনাথ ঠাকুর ১৮৬১ সালের ৭ মে কলকাতায় জন্মগ্রহণ করেন। 🙂 ঢাকা বিশ্ববিদ্যালয় তাঁকে ১৯৩৬ সালে "
    "সম্মানিত করে।",
    "de": "Marie Curie lehrte ab 1906 an der Sorbonne in Paris.",
    "en": "Marie Curie taught at the Sorbonne in Paris from 1906.",
    "es": "Marie Curie enseñó en la Sorbona de París desde 1906.",
    "fr": "Marie Curie enseigna à la Sorbonne, à Paris, à partir de 1906.",
    "hi": "रवीन्द्रनाथ ठाकुर का जन्म ७ मई १८६१ को कोलकाता में हुआ।",
    "ru": "Мария Кюри преподавала в Сорбонне в Париже с 1906 года.",
}


def model_name(nlp: Language) -> str:
    """Language, name and version of a pipeline: ``bn_pipeline-0.0.0``."""
    meta = nlp.meta
    return f"{meta['lang']}_{meta['name']}-{meta['version']}"


def colour(label: str) -> str:
    """The background of a label: displaCy's where it has one, else a light one of its own.

    Black text has a contrast of at least 7 on each of them. The same label gets the same colour
    in every model.
    """
    known = DEFAULT_LABEL_COLORS.get(SAME_AS.get(label.upper(), label.upper()))
    if known is not None:
        return known
    hue = int.from_bytes(hashlib.sha256(label.encode("utf8")).digest()[:2], "big") / 65536
    parts = colorsys.hls_to_rgb(hue, 0.78, 0.65)
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _confidence(marker: Marker) -> str | None:
    # Not marker.calibrated: that names a file of this machine.
    if not marker.confidence:
        return None
    return "raw, not calibrated" if marker.calibration == RAW else "calibrated"


def describe(marker: Marker, limits: Limits) -> dict[str, Any]:
    """The answer of /model, as ``schemas.ModelBody`` describes it."""
    labels = sorted(known_labels(marker.nlp))
    return {
        "model": model_name(marker.nlp),
        "lang": marker.nlp.lang,
        "labels": labels,
        "colours": {label: colour(label) for label in labels},
        "confidence": _confidence(marker),
        "example": EXAMPLES.get(marker.nlp.lang, EXAMPLES["en"]),
        "text_characters": limits.text_characters,
    }
