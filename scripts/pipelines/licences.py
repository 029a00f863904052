"""Licences in the words of the Hugging Face hub, and what the one of BanglaBERT asks."""

from __future__ import annotations

import re

from ..common.errors import UserError

UNKNOWN = "unknown"
# Identifiers of https://huggingface.co/docs/hub/repositories-licenses that data and encoders bear.
HUB_LICENCES = frozenset(
    """
    apache-2.0 mit bsd bsd-2-clause bsd-3-clause isc unlicense cc cc0-1.0 cc-by-2.0 cc-by-2.5
    cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0
    cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0
    gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 agpl-3.0 mpl-2.0 odbl odc-by pddl other unknown
    """.split()  # noqa: SIM905
)
SHARE_ALIKE = re.compile(r"cc-by-(nc-)?sa-\d\.\d")
MEANING = {
    "by": "**Attribution**: name the authors of {what}, link the licence, say that it was changed.",
    "nc": "**NonCommercial**: no use that is primarily meant for commercial advantage or payment.",
    "sa": "**ShareAlike**: what is made from it may be passed on under the same licence only.",
    "nd": "**NoDerivatives**: what is made from it may not be passed on.",
}


def hub_licence(text: str | None) -> str:
    """The hub's identifier of a licence: ``CC BY-NC-SA 4.0: …`` gives ``cc-by-nc-sa-4.0``.

    ``unknown`` where the text names none: the hub refuses a card with a licence that is not on its
    list, and ``spacy huggingface-hub push`` passes on what stands in meta.json.
    """
    name = re.split(r"[:,;(]", text or "")[0].strip().lower()
    name = re.sub(r"\s+", "-", name.removesuffix(" license").removesuffix(" licence"))
    return name if name in HUB_LICENCES else UNKNOWN


def meaning(licence: str, what: str) -> list[str]:
    """What a Creative Commons licence asks, a sentence a condition; empty for other licences.

    Args:
        licence: The hub's identifier.
        what: The work that bears it.
    """
    if not re.fullmatch(r"cc-by.*-\d\.\d", licence):
        return []
    parts = licence.split("-")
    return [sentence.format(what=what) for code, sentence in MEANING.items() if code in parts]


def choose_licence(stated: str | None, encoder: str | None) -> str:
    """The licence of a pipeline's weights, as the hub's identifier.

    What the author states; else that of an encoder whose licence goes over to what is made from it;
    else ``unknown``: nobody but the author can license weights.

    Args:
        stated: What the author states, if anything.
        encoder: Licence of the pretrained encoder; None where there is none.

    Raises:
        UserError: The stated licence is none that the hub knows, or not the one that the encoder's
            asks for.
    """
    of_encoder = hub_licence(encoder)
    bound = SHARE_ALIKE.fullmatch(of_encoder) is not None
    if stated is None:
        return of_encoder if bound else UNKNOWN
    licence = hub_licence(stated)
    if licence == UNKNOWN != stated:
        raise UserError(
            f"The hub has no licence {stated!r}",
            where="--licence",
            todo="Use an identifier of https://huggingface.co/docs/hub/repositories-licenses, "
            "such as cc-by-4.0; other and unknown are among them.",
        )
    if bound and licence != of_encoder:
        raise UserError(
            f"The encoder's licence is {of_encoder}, which lets what is made from it be passed on "
            f"under the same licence only, not under {licence}",
            where="--licence",
            todo="Leave --licence out, or train with another encoder.",
        )
    return licence
