"""Layers of tools that keep many kinds of annotations in one document, and the one to read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ....common.errors import UserError

NAMED_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
# What DKPro Core, WebAnno and INCEpTION keep beside the entities.
_LINGUISTIC = (
    "uima.",
    "de.tudarmstadt.ukp.clarin.webanno.api.type.",
    "de.tudarmstadt.ukp.dkpro.core.api.coref.",
    "de.tudarmstadt.ukp.dkpro.core.api.lexmorph.",
    "de.tudarmstadt.ukp.dkpro.core.api.metadata.",
    "de.tudarmstadt.ukp.dkpro.core.api.segmentation.",
    "de.tudarmstadt.ukp.dkpro.core.api.structure.",
    "de.tudarmstadt.ukp.dkpro.core.api.syntax.",
    "de.tudarmstadt.ukp.dkpro.core.api.transform.",
)
_SEGMENTS = ("Document", "Paragraph", "Sentence", "Token")
_FEATURES = ("value", "identifier")


@dataclass(frozen=True)
class Layer:
    """The layer that holds the entities.

    Args:
        name: Its full name.
        feature: The feature that holds the label; None if the layer has none, and its short name
            is the label.
    """

    name: str
    feature: str | None

    @property
    def label(self) -> str:
        """What a span is that has no value: the short name of the layer."""
        return short_name(self.name)


def short_name(name: str) -> str:
    """The last part of a full name: ``NamedEntity``."""
    return name.rsplit(".", 1)[-1]


def is_linguistic(name: str) -> bool:
    """Whether a layer is of a kind that a tool keeps beside the entities, such as tokens."""
    return name.startswith(_LINGUISTIC) or short_name(name) in _SEGMENTS


def choose_layer(
    layers: Mapping[str, Sequence[str]],
    wanted: str | None,
    where: str,
    describe: Callable[[str], str] = str,
) -> Layer | None:
    """Chooses the layer that holds the entities, and its feature that holds the label.

    Args:
        layers: Full names of the span layers of the document, with their features.
        wanted: What the user asked for: ``layer`` or ``layer:feature``, short name or full; None
            takes NamedEntity, or else the only layer that is not linguistic.
        where: The file, for messages.
        describe: Names a layer in messages, with its count.

    Returns:
        The layer; None if the document has no annotation in it.

    Raises:
        UserError: Several layers or features could be meant.
    """
    name, _, feature = (wanted or "").partition(":")
    if name:
        found = [x for x in layers if name in (x, short_name(x))]
    else:
        found = [x for x in layers if short_name(x) == short_name(NAMED_ENTITY)]
        found = found or [x for x in layers if not is_linguistic(x)]
    if not found:
        return None
    if len(found) > 1:
        raise UserError(
            f"Several layers could hold the entities: {', '.join(map(describe, sorted(found)))}",
            where=where,
            todo="Say which with --layer NAME or --layer NAME:FEATURE.",
        )
    return Layer(found[0], _feature(found[0], layers[found[0]], feature, where))


def _feature(name: str, features: Iterable[str], wanted: str, where: str) -> str | None:
    known = list(features)
    if wanted:
        if wanted in known:
            return wanted
        raise UserError(
            f"The layer {short_name(name)} has no feature {wanted!r} in this document",
            where=where,
            todo=f"It has: {', '.join(known) or 'none'}.",
        )
    usual = [x for x in _FEATURES if x in known]
    if usual or len(known) < 2:
        return (usual or known or [None])[0]
    raise UserError(
        f"Several features of {short_name(name)} could be the label: {', '.join(known)}",
        where=where,
        todo=f"Say which with --layer {short_name(name)}:FEATURE.",
    )


def no_layer_note(layers: Iterable[str], wanted: str | None) -> str:
    """The note on a document without any annotation in the layer of the entities."""
    of = f"the layer {wanted}" if wanted else "a layer of entities"
    return (
        f"no annotation of {of}; read as a text without entities. "
        f"Span layers there: {', '.join(layers) or 'none'}"
    )
