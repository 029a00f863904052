"""What a trained pipeline's meta.json says of where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import srsly
from spacy.util import load_config

from ..common.errors import UserError
from ..common.files import md5_of_file, new_file, write_json
from ..encoders.report import EncoderReport
from .suggestions import has_overlaps, is_spancat

NER = "ner"
# Beside spaCy's own keys; spacy.load keeps what it does not know.
ORIGIN = "trained_on"
# In it, of a span categorizer: how its entities are chosen among spans that share tokens.
ENTITIES = "entities"
LONGEST_FIRST, BEST_FIRST = "longest first", "best first"


def note_origin(
    pipeline: Path, corpus: Path, encoder: EncoderReport | None, *, seconds: float, device: str
) -> None:
    """Writes into a trained pipeline's meta what it was trained on and under which licence.

    Args:
        pipeline: The trained pipeline.
        corpus: The corpus directory.
        encoder: Report of the encoder, if it has one; its weights are part of the pipeline.
        seconds: How long the training took; of a resumed one, the last part.
        device: What it ran on.
    """
    meta = srsly.read_json(pipeline / "meta.json")
    meta[ORIGIN] = {
        "audit_md5": md5_of_file(corpus / "audit.json"),
        "seconds": round(seconds, 1),
        "device": device,
    }
    if entity_component(pipeline) != NER:
        meta[ORIGIN][ENTITIES] = choice_of_entities(corpus)
    if encoder is not None:
        meta["license"] = encoder.licence
        meta["sources"] = [{"name": encoder.name, "license": encoder.licence}]
    with new_file(pipeline / "meta.json") as temporary:
        write_json(temporary, meta)


def choice_of_entities(corpus: Path) -> str:
    """How a span categorizer that learned a corpus chooses entities among spans that share tokens.

    Where training spans share tokens, such spans are no rivals, and the entity is the outer one, as
    in the corpus' own ``doc.ents``; where none do, they are, and the better one is the entity.
    """
    return LONGEST_FIRST if has_overlaps(corpus) else BEST_FIRST


def corpus_of(pipeline: Path) -> str | None:
    """The md5 of the audit.json of the corpus that a pipeline was trained on, if it says so."""
    path = pipeline / "meta.json"
    meta: dict[str, Any] = srsly.read_json(path) if path.is_file() else {}
    return meta.get(ORIGIN, {}).get("audit_md5")


def check_corpus(pipeline: Path, corpus: Path, *, other: bool) -> bool | None:
    """Whether a pipeline was trained on a corpus; None if it does not say.

    Args:
        pipeline: The trained pipeline.
        corpus: The corpus directory.
        other: Whether another corpus is allowed.

    Raises:
        UserError: It was trained on another corpus, and that is not allowed.
    """
    trained_on = corpus_of(pipeline)
    if trained_on is None:
        return None
    same = trained_on == md5_of_file(corpus / "audit.json")
    if not same and not other:
        raise UserError(
            "The model was trained on another corpus than this one",
            where=f"{pipeline}, {corpus}",
            todo="Texts of dev or test may have been trained on. Train anew, or, if you know that "
            "they were not, add --other-corpus.",
        )
    return same


def ner_md5(pipeline: Path) -> str:
    """The md5 of the weights that mark entities, by which a calibration knows its model.

    They are those of the pipeline's ner, or of the span categorizer that it has in its place.

    Raises:
        UserError: The pipeline has no such weights.
    """
    weights = pipeline / entity_component(pipeline) / "model"
    if not weights.is_file():
        raise UserError("The component that marks entities has no weights", where=str(weights))
    return md5_of_file(weights)


def entity_component(pipeline: Path) -> str:
    """The name of the component that marks a trained pipeline's entities.

    That is ``ner``, or where there is none the last span categorizer.
    """
    path = pipeline / "config.cfg"
    config = load_config(path) if path.is_file() else {"nlp": {"pipeline": []}}
    names = config["nlp"]["pipeline"]
    if NER in names:
        return NER
    found = [name for name in names if is_spancat(config["components"][name])]
    return found[-1] if found else NER


def package_meta(pipeline: Path, name: str, version: str) -> dict[str, Any]:
    """A trained pipeline's meta with the name and version of its package."""
    return {**srsly.read_json(pipeline / "meta.json"), "name": name, "version": version}
